// Learning a server's idle timeout from when it closes idle connections.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hearth::policy {

/// What one origin's closes have told. `now` is on one clock that never goes back (the boot clock); ages are how long the
/// connection had been idle.
class idle_lesson {
public:
    using nanoseconds = std::chrono::nanoseconds;
    /// No shorter age is believed: so soon servers close for other reasons.
    static constexpr nanoseconds least_age = std::chrono::seconds(1);

    /// The server closed an idle connection.
    void closed(nanoseconds age, nanoseconds now);
    /// A close was under way when a request was sent: as good as closed(), and nearer than the limit should have allowed.
    void raced(nanoseconds age, nanoseconds now);
    /// A connection was lost in silence, or reset when that proves nothing: a box on the way may have forgotten it.
    void lost(nanoseconds age, nanoseconds now);
    /// A connection that nobody used was still alive.
    void outlived(nanoseconds age, nanoseconds now);

    struct knowledge {
        nanoseconds timeout{0};  ///< closes after so long idle
        unsigned closes = 0;     ///< learnt from so many
    };
    /// Nothing until three samples agree, and an hour after the last.
    [[nodiscard]] std::optional<knowledge> known(nanoseconds now) const;
    /// How long a connection may idle, by what was learnt alone: the timeout less a margin for `rtt` and jitter;
    /// nanoseconds:: max() when nothing is known.
    [[nodiscard]] nanoseconds limit(nanoseconds rtt, nanoseconds now) const;
    /// At which age a connection that was retired early tells that the timeout has become longer; max() when nothing is
    /// known.
    [[nodiscard]] nanoseconds canary_age(nanoseconds now) const;

private:
    struct sample {
        nanoseconds age{0};
        nanoseconds at{0};
    };
    /// Closes that came together: one sample, or a restart.
    struct group {
        sample least;
        nanoseconds greatest{0};
        nanoseconds last{0};
    };
    static constexpr std::size_t kept = 8;

    void add(sample s);
    void forget();
    [[nodiscard]] bool is_forgotten(nanoseconds now) const noexcept;
    [[nodiscard]] std::optional<sample> settled(nanoseconds now) const noexcept;
    [[nodiscard]] std::optional<knowledge> agreed(nanoseconds now) const;

    std::array<sample, kept> samples_{};
    std::size_t count_ = 0;  // the oldest goes first
    std::optional<group> open_;
    nanoseconds lowered_ = nanoseconds::max();  // by a race
    unsigned disagreeing_ = 0;                  // samples since then that say otherwise
    nanoseconds cap_ = nanoseconds::max();
    nanoseconds cap_until_{0};
    unsigned outlived_ = 0;
};

/// The lessons of an agent's origins, by name. Outlives the origins' entries, so that an origin that is visited now and then
/// is remembered.
class idle_lessons {
public:
    static constexpr std::size_t most = 10'000;
    /// Null when nothing was learnt there.
    [[nodiscard]] std::shared_ptr<idle_lesson> find(std::string_view origin);
    /// Makes one when there is none; the least recently found or made goes when there are too many.
    [[nodiscard]] std::shared_ptr<idle_lesson> get(std::string_view origin);
    [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

private:
    struct entry {
        std::string name;
        std::shared_ptr<idle_lesson> lesson;
    };
    std::list<entry> recent_;  // the latest first
    std::unordered_map<std::string_view, std::list<entry>::iterator> by_name_;
};

}  // namespace hearth::policy
