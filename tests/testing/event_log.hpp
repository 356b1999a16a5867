// What an origin told, for tests that wait for it.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hearth::testing {

/// May be destroyed before the origin.
class event_log {
public:
    /// An event whose texts stay.
    struct entry {
        origin_event event{};
        std::string peer{};
        std::string request_id{};
    };

    [[nodiscard]] std::function<void(const origin_event&)> hook() const {
        return [s = shared_](const origin_event& e) {
            const std::lock_guard lock(s->mutex);
            s->entries.push_back({e, std::string(e.peer), std::string(e.request_id)});
            s->changed.notify_all();
        };
    }

    /// Waits until `count` events of this kind have been told; false after ten seconds.
    [[nodiscard]] bool wait_for(origin_event_kind kind, std::size_t count = 1) const {
        std::unique_lock lock(shared_->mutex);
        return shared_->changed.wait_for(lock, std::chrono::seconds(10), [&] { return count_of(kind) >= count; });
    }

    [[nodiscard]] std::vector<entry> of(origin_event_kind kind) const {
        const std::lock_guard lock(shared_->mutex);
        std::vector<entry> all;
        for (const entry& e : shared_->entries) {
            if (e.event.kind == kind) all.push_back(e);
        }
        return all;
    }

private:
    struct shared {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<entry> entries;
    };
    [[nodiscard]] std::size_t count_of(origin_event_kind kind) const {
        std::size_t n = 0;
        for (const entry& e : shared_->entries) n += e.event.kind == kind ? 1 : 0;
        return n;
    }

    std::shared_ptr<shared> shared_ = std::make_shared<shared>();
};

}  // namespace hearth::testing
