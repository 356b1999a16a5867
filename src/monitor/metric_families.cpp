#include "monitor/metrics.hpp"

#include "values/stats_members.hpp"

#include <hearth/version.hpp>

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <utility>

namespace hearth::detail {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using label = ClientMetric::Label;

/// An origin's series, or those of the rest.
struct row {
    const std::string& origin;
    const origin_stats& now;
    tally shown;
    counters count;
};

ClientMetric gauge(std::vector<label> labels, double value) {
    ClientMetric m;
    m.label = std::move(labels);
    m.gauge.value = value;
    return m;
}

ClientMetric counter(std::vector<label> labels, std::uint64_t value) {
    ClientMetric m;
    m.label = std::move(labels);
    m.counter.value = static_cast<double>(value);
    return m;
}

double in_seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

/// Builds families from rows.
class family_list {
public:
    explicit family_list(const std::vector<row>& rows) : rows_(rows) {}

    MetricFamily& add(const char* name, const char* help, MetricType type) {
        return all_.emplace_back(MetricFamily{.name = name, .help = help, .type = type, .metric = {}});
    }
    void add_gauge(const char* name, const char* help, std::size_t origin_stats::*member) {
        MetricFamily& f = add(name, help, MetricType::Gauge);
        for (const row& r : rows_) f.metric.push_back(gauge({{"origin", r.origin}}, static_cast<double>(r.now.*member)));
    }
    void add_counter(const char* name, const char* help, std::uint64_t counters::*member) {
        MetricFamily& f = add(name, help, MetricType::Counter);
        for (const row& r : rows_) f.metric.push_back(counter({{"origin", r.origin}}, r.count.*member));
    }
    /// A counter for each enumerator.
    template <class Enum, std::size_t N>
    void add_counters(const char* name, const char* help, const char* by, std::array<std::uint64_t, N> counters::*member) {
        MetricFamily& f = add(name, help, MetricType::Counter);
        for (const row& r : rows_) {
            for (std::size_t i = 0; i < N; ++i) {
                const std::string value(to_string(static_cast<Enum>(i)));
                f.metric.push_back(counter({{"origin", r.origin}, {by, value}}, (r.count.*member)[i]));
            }
        }
    }
    /// Without those that never recorded anything: a plain HTTP origin has no handshakes.
    void add_histogram(const char* name, const char* help, duration_histogram latencies::*which) {
        MetricFamily& f = add(name, help, MetricType::Histogram);
        for (const row& r : rows_) add_histogram(f, r, which);
        if (f.metric.empty()) all_.pop_back();
    }
    [[nodiscard]] std::vector<MetricFamily> take() { return std::move(all_); }

private:
    static void add_histogram(MetricFamily& f, const row& r, duration_histogram latencies::*which) {
        const std::span<const std::uint64_t> in = r.shown.histogram(which);
        ClientMetric m;
        m.label = {{"origin", r.origin}};
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < duration_histogram::bucket_count; ++i) {
            count += in[i];
            const bool last = i == duration_histogram::bounds.size();
            const double bound = last ? std::numeric_limits<double>::infinity() : in_seconds(duration_histogram::bounds[i]);
            m.histogram.bucket.push_back({.cumulative_count = count, .upper_bound = bound});
        }
        if (count == 0) return;
        m.histogram.sample_count = count;
        m.histogram.sample_sum = static_cast<double>(in[duration_histogram::bucket_count]) / 1e9;
        f.metric.push_back(std::move(m));
    }

    const std::vector<row>& rows_;
    std::vector<MetricFamily> all_{};
};

void add_connections(family_list& all, const std::vector<row>& rows) {
    MetricFamily& f =
        all.add("hearth_connections", "Connections of an origin: in_use (carrying an exchange), free (idle), connecting.",
                MetricType::Gauge);
    for (const row& r : rows) {
        f.metric.push_back(gauge({{"origin", r.origin}, {"state", "in_use"}}, static_cast<double>(r.now.in_use)));
        f.metric.push_back(gauge({{"origin", r.origin}, {"state", "free"}}, static_cast<double>(r.now.free)));
        f.metric.push_back(gauge({{"origin", r.origin}, {"state", "connecting"}}, static_cast<double>(r.now.connecting)));
    }
}

void add_caught(family_list& all, const std::vector<row>& rows) {
    MetricFamily& f = all.add("hearth_stale_caught_total",
                              "Stale connections that callers did not get to see, by the line of defence that caught them.",
                              MetricType::Counter);
    for (const row& r : rows) {
        const stale_caught caught(r.count);
        for (const auto& [line, member] : values::caught_members)
            f.metric.push_back(counter({{"origin", r.origin}, {"line", std::string(line)}}, caught.*member));
    }
}

void add_learnt(family_list& all, const std::vector<row>& rows) {
    if (std::ranges::none_of(rows, [](const row& r) { return r.now.learnt.timeout.count() > 0; })) return;
    MetricFamily& f = all.add("hearth_learnt_idle_timeout_seconds",
                              "What was learnt of a server's idle timeout; nothing where nothing was.", MetricType::Gauge);
    for (const row& r : rows) {
        if (r.now.learnt.timeout.count() > 0)
            f.metric.push_back(gauge({{"origin", r.origin}}, in_seconds(r.now.learnt.timeout)));
    }
}

void add_counters(family_list& all, const std::vector<row>& rows) {
    all.add_counter("hearth_requests_total", "Calls accepted.", &counters::requests);
    all.add_counter("hearth_responses_total", "Calls that got a response head.", &counters::responses);
    all.add_counters<phase>("hearth_failures_total", "Calls that failed, by what they were doing.", "phase",
                            &counters::failures_by_phase);
    all.add_counter("hearth_canceled_total", "Calls that their caller cancelled.", &counters::canceled);
    all.add_counter("hearth_connections_opened_total", "Connections opened.", &counters::opened);
    all.add_counter("hearth_connections_reused_total", "Exchanges begun on a connection that had been idle.",
                    &counters::reused);
    all.add_counters<close_reason>("hearth_connections_closed_total", "Connections closed, by reason.", "reason",
                                   &counters::closed);
    add_caught(all, rows);
    all.add_counter("hearth_stale_seen_total",
                    "Calls failed because their reused connection was closed before any response.", &counters::stale_seen);
    all.add_counters<evidence>("hearth_replays_total", "Requests sent again at once, by what was known of their bytes.",
                               "evidence", &counters::replays_by_evidence);
    all.add_counter("hearth_retries_total", "Requests tried again after a wait.", &counters::retries);
    all.add_counter("hearth_retry_budget_refusals_total", "Retries refused since too many ran already.",
                    &counters::budget_refusals);
}

void add_agents(family_list& all, const std::vector<agent_view>& agents) {
    const auto add = [&](const char* name, const char* help, std::size_t agent_view::*member) {
        MetricFamily& f = all.add(name, help, MetricType::Gauge);
        for (const agent_view& a : agents) {
            if (a.alive) f.metric.push_back(gauge({{"agent", a.name}}, static_cast<double>(a.*member)));
        }
    };
    add("hearth_retrying_requests", "Calls waiting to be tried again.", &agent_view::retrying);
    add("hearth_retry_budget_taken", "Retries that wait or run, by the retry budget.", &agent_view::budget_taken);
    add("hearth_retry_budget_size", "Retries that may wait or run now.", &agent_view::budget_size);
}

}  // namespace

std::vector<MetricFamily> metric_series::Collect() const {
    static const std::string other = "other";
    std::vector<row> rows;
    for (const auto& [name, mine] : named_) {
        const tally shown = mine.shown();
        rows.push_back({name, mine.now, shown, shown.count()});
    }
    if (show_other_) rows.push_back({other, other_now_, other_, other_.count()});

    family_list all(rows);
    add_connections(all, rows);
    all.add_gauge("hearth_pending_requests", "Requests waiting for a connection.", &origin_stats::pending);
    add_counters(all, rows);
    add_learnt(all, rows);
    all.add_histogram("hearth_queue_wait_seconds", "Calls: waiting for a connection, dialling included.",
                      &latencies::queue_wait);
    all.add_histogram("hearth_lookup_seconds", "Connections: looking the name up.", &latencies::lookup);
    all.add_histogram("hearth_connect_seconds", "Connections: TCP.", &latencies::connect);
    all.add_histogram("hearth_tls_seconds", "Connections: the TLS handshake.", &latencies::tls);
    all.add_histogram("hearth_first_byte_seconds", "Calls: from the first byte written to the head's arrival.",
                      &latencies::first_byte);
    all.add_histogram("hearth_request_seconds", "Calls: from their begin to the head's arrival, or to their failure.",
                      &latencies::total);
    add_agents(all, agents_);
    all.add("hearth_monitor_viewers", "Viewers of the live page and the like.", MetricType::Gauge)
        .metric.push_back(gauge({}, static_cast<double>(viewers_)));
    all.add("hearth_build_info", "The library's version.", MetricType::Gauge)
        .metric.push_back(gauge({{"version", std::string(version())}}, 1));
    return all.take();
}

std::string prometheus_text(const prometheus::Collectable& metrics) {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, metrics.Collect());
    return std::move(out).str();
}

}  // namespace hearth::detail
