#include "monitor/frames.hpp"

#include "monitor/metrics.hpp"
#include "values/text.hpp"

namespace hearth::detail {
namespace {

shared_text share(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

shared_text as_event(const std::string& json) { return share(values::concat("event: stats\ndata: ", json, "\n\n")); }

}  // namespace

const snapshot_json& frames::in_json() {
    if (!in_json_) in_json_.emplace(snapshot_, max_origins_);
    return *in_json_;
}

shared_text frames::json() {
    if (!json_) json_ = share(in_json().with_recent());
    return json_;
}

shared_text frames::event_with_recent() {
    if (!event_with_recent_) event_with_recent_ = as_event(*json());
    return event_with_recent_;
}

shared_text frames::event_with_news() {
    if (!event_with_news_) event_with_news_ = as_event(in_json().with_news());
    return event_with_news_;
}

shared_text frames::metrics(metric_series& series, std::size_t viewers) {
    if (!metrics_) {
        series.update(snapshot_, viewers);
        metrics_ = share(prometheus_text(series));
    }
    return metrics_;
}

}  // namespace hearth::detail
