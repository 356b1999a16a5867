#include "soak_report.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

namespace hearth::cli {
namespace {

constexpr int label_width = 38;
constexpr int cell_width = 16;

std::string percent(std::uint64_t part, std::uint64_t whole) {
    if (part == 0 || whole == 0) return "0 %";
    const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    return share < 0.01 ? "< 0.01 %" : fmt::format("{:.{}f} %", share, share < 1 ? 2 : 1);
}

/// Lines of a label and a cell for each pass.
class table {
public:
    table(const soak_result& r, const painter& paint) : result_(r), paint_(paint) {}

    void heading() {
        text_ += fmt::format("{:{}}{}", "", label_width, paint_.bold(fmt::format("{:>{}}", "plain", cell_width)));
        if (result_.hearth) text_ += paint_.bold(fmt::format("{:>{}}", "Hearth", cell_width));
        text_ += '\n';
    }

    /// `cell` gives what a pass has to say.
    template <class Cell>
    void line(std::string_view label, Cell cell) {
        text_ += fmt::format("{:{}}{:>{}}", label, label_width, cell(result_.plain), cell_width);
        if (result_.hearth) text_ += fmt::format("{:>{}}", cell(*result_.hearth), cell_width);
        text_ += '\n';
    }

    void failures() {
        text_ += fmt::format("{:{}}{}", "failed", label_width, failed(result_.plain));
        if (result_.hearth) text_ += failed(*result_.hearth);
        text_ += '\n';
    }

    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    // Padded before it is painted: escape sequences have no width.
    [[nodiscard]] std::string failed(const pass_result& p) const {
        const std::string cell =
            fmt::format("{:>{}}", fmt::format("{} ({})", with_commas(p.failed), percent(p.failed, p.requests)), cell_width);
        return p.failed == 0 ? paint_.green(cell) : paint_.red(cell);
    }

    const soak_result& result_;
    const painter& paint_;
    std::string text_;
};

std::string verdict(const soak_result& r) {
    const pass_result& plain = r.plain;
    if (!r.hearth) return "Interrupted before Hearth's turn.";
    const pass_result& hearth = *r.hearth;
    const std::string begin = hearth.interrupted ? "Interrupted: so far " : "";
    if (hearth.requests > 0 && hearth.failed == hearth.requests)
        return begin + "Hearth failed every request: is the server there?";
    const std::string lost = plain.failed == 0
                                 ? "none"
                                 : fmt::format("{} ({})", with_commas(plain.failed), percent(plain.failed, plain.requests));
    return fmt::format("{}Hearth failed {} of {} requests; the plain client failed {} of {}.", begin,
                       hearth.failed == 0 ? "none" : with_commas(hearth.failed), with_commas(hearth.requests), lost,
                       with_commas(plain.requests));
}

double ms(std::chrono::microseconds d) { return static_cast<double>(d.count()) / 1e3; }

// Every name here is an identifier, so nothing needs escaping.
std::string to_json(const pass_result& p) {
    std::string errors;
    for (const auto& [name, count] : p.errors)
        errors += fmt::format("{}\"{}\": {}", errors.empty() ? "" : ", ", name, count);
    return fmt::format(
        R"({{"requests": {}, "failed": {}, "errors": {{{}}}, "replays": {}, "retries": {}, "connections": {}, )"
        R"("latency_ms": {{"p50": {:.3f}, "p99": {:.3f}, "max": {:.3f}}}, "interrupted": {}}})",
        p.requests, p.failed, errors, p.replays, p.retries, p.connections, ms(p.latency(0.5)), ms(p.latency(0.99)),
        ms(p.latency(1)), p.interrupted);
}

}  // namespace

std::string as_table(const soak_result& r, const painter& paint) {
    table t(r, paint);
    t.heading();
    t.line("requests", [](const pass_result& p) { return with_commas(p.requests); });
    t.failures();
    std::map<std::string, std::uint64_t> errors = r.plain.errors;
    if (r.hearth) errors.insert(r.hearth->errors.begin(), r.hearth->errors.end());
    for (const auto& error : errors) {
        t.line("  " + error.first, [&](const pass_result& p) {
            const auto at = p.errors.find(error.first);
            return at == p.errors.end() ? std::string("-") : with_commas(at->second);
        });
    }
    if (r.plain.statuses > 0 || (r.hearth && r.hearth->statuses > 0)) {
        t.line("answered with status 400 or over", [](const pass_result& p) { return with_commas(p.statuses); });
    }
    t.line("dead connections found before use", [](const pass_result& p) { return with_commas(p.noticed); });
    t.line("sent again on a fresh connection", [](const pass_result& p) { return with_commas(p.replays); });
    t.line("retried after a wait", [](const pass_result& p) { return with_commas(p.retries); });
    t.line("connections opened", [](const pass_result& p) { return with_commas(p.connections); });
    t.line("latency  p50", [](const pass_result& p) { return short_duration(p.latency(0.5)); });
    t.line("         p99", [](const pass_result& p) { return short_duration(p.latency(0.99)); });
    t.line("         max", [](const pass_result& p) { return short_duration(p.latency(1)); });
    return std::move(t).text() + "\n" + paint.bold(verdict(r)) + "\n";
}

std::string as_json(const soak_result& r) {
    return fmt::format(R"({{"plain": {}, "hearth": {}}})", to_json(r.plain), r.hearth ? to_json(*r.hearth) : "null");
}

}  // namespace hearth::cli
