// An agent as a monitor sees it, that reports what a test says.
#pragma once

#include "agent/watch.hpp"

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace hearth::test {

class fake_agent : public detail::watched {
public:
    bool ask(const detail::watch_query& q, std::function<void(detail::watch_report)> done) override {
        const std::lock_guard held(mutex_);
        ++asked_;
        query_ = q;
        if (ended_) return false;
        if (silent_) {
            unanswered_.push_back(std::move(done));
        } else {
            done(report_);
            report_.events.clear();
        }
        return true;
    }

    void report(detail::watch_report r) {
        const std::lock_guard held(mutex_);
        report_ = std::move(r);
    }
    /// Takes questions and does not answer them, as a blocked thread does.
    void be_silent() {
        const std::lock_guard held(mutex_);
        silent_ = true;
    }
    void end() {
        std::vector<std::function<void(detail::watch_report)>> dropped;
        const std::lock_guard held(mutex_);
        ended_ = true;
        dropped.swap(unanswered_);
    }
    [[nodiscard]] int asked() const {
        const std::lock_guard held(mutex_);
        return asked_;
    }
    [[nodiscard]] detail::watch_query query() const {
        const std::lock_guard held(mutex_);
        return query_;
    }

private:
    mutable std::mutex mutex_;
    detail::watch_report report_{};
    detail::watch_query query_{};
    std::vector<std::function<void(detail::watch_report)>> unanswered_{};
    int asked_ = 0;
    bool silent_ = false;
    bool ended_ = false;
};

}  // namespace hearth::test
