// The origins an agent knows: their names, their numbers, what their servers have told.
#pragma once

#include "policy/learn.hpp"
#include "pool/types.hpp"

#include <hearth/stats.hpp>
#include <hearth/url.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::detail {

/// One origin. Its address stays the same while anything refers to it.
struct origin : std::enable_shared_from_this<origin> {
    pool::origin_id id = pool::origin_id::none;
    std::string name;  ///< "https://host:port", the port only where it is not the scheme's own
    std::string host;
    std::string authority;  ///< the Host field's value
    std::uint16_t port = 0;
    bool tls = false;
    bool was_up = false;                                                   ///< a connection to it has been opened
    std::chrono::nanoseconds least_rtt = std::chrono::nanoseconds::max();  ///< of its connections' handshakes
    counters count;
    std::unique_ptr<latencies> latency;  ///< null while nothing has been measured
    /// The idle limit its server told last, margins taken off.
    std::optional<std::chrono::nanoseconds> told_limit;
    /// What its server's closes have told; null when none has. The limit that comes of it is looked up now and then.
    std::shared_ptr<policy::idle_lesson> lesson;
    std::chrono::nanoseconds learnt_limit = pool::never;
    std::chrono::nanoseconds lesson_due{0};  ///< when, on the boot clock
    // What has been told in log events.
    std::chrono::nanoseconds limit_told = pool::never;  ///< learnt
    std::chrono::nanoseconds down_since = pool::never;  ///< on the mono clock; never: it is not down

    [[nodiscard]] latencies& measured() {
        if (!latency) latency = std::make_unique<latencies>();
        return *latency;
    }
};

/// Origins by name. They are forgotten when the pool says that they are unused.
class origin_table {
public:
    /// The origin of a URL, or null when it is new.
    [[nodiscard]] std::shared_ptr<origin> find(const url& u);
    /// The origin of URLs that begin with `base`, up to the path, as remember() was told; null when it was not, or that has
    /// been overwritten.
    [[nodiscard]] const std::shared_ptr<origin>& find_spelled(std::string_view base) const;
    /// Spares those who write `base` again its parsing. Not for one with credentials, which are more than an origin.
    void remember(std::string_view base, std::shared_ptr<origin> o);
    /// REQUIRES: find(u) gave null.
    std::shared_ptr<origin> add(const url& u, pool::origin_id id);
    [[nodiscard]] origin* of(pool::origin_id id) const;
    /// Drops the entry and keeps its counts and latencies. Whoever still holds the origin may go on using it.
    void forget(pool::origin_id id);

    [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
    /// Adds names and counts to a snapshot; `fill` sets the gauges.
    template <class Fill>
    void snapshot(stats& into, Fill fill) const {
        into.count = forgotten_;
        into.latency = forgotten_latency_;
        for (const auto& [id, entry] : by_id_) {
            origin_stats& s = into.origins[entry->name];
            s.count = entry->count;
            fill(*entry, s);
            into.count += entry->count;
            if (!entry->latency) continue;
            s.latency = *entry->latency;
            into.latency += *entry->latency;
        }
    }

private:
    struct spelling {
        std::string base;
        std::shared_ptr<origin> of;
    };
    static constexpr std::size_t spellings_kept = 256;

    const std::string& key_of(const url& u);
    [[nodiscard]] std::size_t place_of(std::string_view base) const noexcept;

    std::unordered_map<std::string, std::shared_ptr<origin>> by_key_;
    std::unordered_map<std::uint64_t, std::shared_ptr<origin>> by_id_;
    std::array<spelling, spellings_kept> spellings_;  // by hash, the latest
    counters forgotten_;
    latencies forgotten_latency_;
    std::string scratch_;
};

}  // namespace hearth::detail
