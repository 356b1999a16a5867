// A snapshot as Prometheus has it: families of series, one for each origin up to a limit, the rest summed under "other".
#pragma once

#include "monitor/snapshot.hpp"
#include "monitor/tally.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hearth::detail {

/// What Prometheus is told. An origin that has series of its own keeps them while it is known, and counts under "other" no
/// more; what it counted there stays there. So no count ever goes down, and the sums over origins are the totals.
class metric_series : public prometheus::Collectable {
public:
    explicit metric_series(std::size_t max_origins) : max_origins_(max_origins) {}

    void update(const snapshot& s, std::size_t viewers);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
    struct series {
        tally last{};  // as the snapshot had it
        tally base{};  // of this, what counted under "other", or is kept
        tally kept{};  // what was shown when an agent had last forgotten the origin
        origin_stats now{};
        [[nodiscard]] tally shown() const;
    };

    void follow(const hearth::stats& s);
    void name_more(const hearth::stats& s);
    void sum_the_rest(const hearth::stats& s);

    std::size_t max_origins_;
    std::map<std::string, series> named_{};
    tally gone_{};  // what series that ended have shown
    tally other_{};
    origin_stats other_now_{};
    bool some_unnamed_ = false;
    bool show_other_ = false;
    std::vector<agent_view> agents_{};
    std::size_t viewers_ = 0;
};

/// The text exposition format, version 0.0.4.
[[nodiscard]] std::string prometheus_text(const prometheus::Collectable& metrics);

}  // namespace hearth::detail
