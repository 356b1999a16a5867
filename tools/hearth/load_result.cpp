#include "load_result.hpp"

#include "error_name.hpp"

#include <algorithm>

namespace hearth::cli {

double load_result::rate() const noexcept {
    const double seconds = std::chrono::duration<double>(duration).count();
    return seconds > 0 ? static_cast<double>(answered) / seconds : 0;
}

std::uint64_t load_result::statuses_from_to(int first, int last) const noexcept {
    std::uint64_t n = 0;
    for (int s = first; s <= last; ++s) n += statuses[static_cast<std::size_t>(s)];
    return n;
}

std::uint64_t load_result::closed_for(close_reason why) const {
    const auto at = closed.find(std::string(to_string(why)));
    return at == closed.end() ? 0 : at->second;
}

std::uint64_t load_result::left_in_time() const {
    return closed_for(close_reason::idle) + closed_for(close_reason::hint) + closed_for(close_reason::learnt);
}

std::uint64_t load_result::stale_while_idle() const {
    return closed_for(close_reason::server_closed) + closed_for(close_reason::unsolicited);
}

std::chrono::nanoseconds load_result::cpu_per_request() const noexcept {
    const auto n = static_cast<std::int64_t>(requests());
    return n == 0 ? std::chrono::nanoseconds(0) : (cpu_user + cpu_system) / n;
}

void load_result::add_failure(const failure& f) {
    ++failed;
    load_error& e = errors[{error_name(f.code), std::string(to_string(f.phase)), std::string(to_string(f.evidence))}];
    if (e.count++ == 0) e.message = f.message();
}

void load_result::take_counters(const counters& before, const counters& after) {
    opened += after.opened - before.opened;
    reused += after.reused - before.reused;
    replays += after.replays - before.replays;
    retries += after.retries - before.retries;
    for (std::size_t i = 0; i < close_reason_count; ++i) {
        if (const std::uint64_t n = after.closed[i] - before.closed[i]; n > 0)
            closed[std::string(to_string(static_cast<close_reason>(i)))] += n;
    }
    for (std::size_t i = 0; i < evidence_count; ++i) {
        if (const std::uint64_t n = after.replays_by_evidence[i] - before.replays_by_evidence[i]; n > 0)
            replays_by_evidence[std::string(to_string(static_cast<evidence>(i)))] += n;
    }
}

void load_result::merge(const load_result& other) {
    for (const std::string& url : other.urls) {
        if (std::ranges::find(urls, url) == urls.end()) urls.push_back(url);
    }
    if (method != other.method) method = "several methods";
    started_ms = std::min(started_ms, other.started_ms);
    machines += other.machines;
    concurrency += other.concurrency;
    target_rate = target_rate && other.target_rate ? std::optional(*target_rate + *other.target_rate) : std::nullopt;
    duration = std::max(duration, other.duration);
    interrupted = interrupted || other.interrupted;

    answered += other.answered;
    failed += other.failed;
    unfinished += other.unfinished;
    unsent += other.unsent;
    for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i] += other.statuses[i];
    for (const auto& [kind, e] : other.errors) {
        load_error& mine = errors[kind];
        mine.count += e.count;
        if (mine.message.empty()) mine.message = e.message;
    }
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;

    latency.merge(other.latency);
    if (service_time && other.service_time) {
        service_time->merge(*other.service_time);
    } else {
        service_time.reset();
    }
    series.merge(other.series);

    opened += other.opened;
    reused += other.reused;
    replays += other.replays;
    retries += other.retries;
    for (const auto& [why, n] : other.closed) closed[why] += n;
    for (const auto& [why, n] : other.replays_by_evidence) replays_by_evidence[why] += n;
    cpu_user += other.cpu_user;
    cpu_system += other.cpu_system;
    cpu_share = std::max(cpu_share, other.cpu_share);
}

}  // namespace hearth::cli
