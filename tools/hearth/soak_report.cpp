#include "soak_report.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::cli {
namespace {

constexpr int label_width = 40;
constexpr int cell_width = 15;

std::string percent(std::uint64_t part, std::uint64_t whole) {
    if (part == 0 || whole == 0) return "0 %";
    const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    return share < 0.01 ? "< 0.01 %" : fmt::format("{:.{}f} %", share, share < 1 ? 2 : 1);
}

std::string of(std::uint64_t part, std::uint64_t whole) {
    return fmt::format("{} ({})", with_commas(part), percent(part, whole));
}

/// Why it was safe to send a request again.
const char* in_words(evidence e) noexcept {
    switch (e) {
        case evidence::not_sent: return "proven: nothing of it had been sent";
        case evidence::closed_before: return "proven: it met a closed socket";
        case evidence::reset_in_flight: return "proven: reset before it arrived";
        case evidence::refused: return "proven: refused by the server";
        case evidence::half_closed: return "safe to repeat; server half-closed";
        case evidence::acknowledged: return "safe to repeat; may have been read";
        case evidence::silent: return "safe to repeat; server silent";
        case evidence::none:
        case evidence::unacknowledged:
        case evidence::unsolicited:
        case evidence::response_begun: return "safe to repeat; not acknowledged";
    }
    return "";
}

using count_of = std::function<std::uint64_t(const pass_result&)>;

/// Lines of a label and a cell for each pass.
class table {
public:
    table(const soak_result& r, const painter& paint) : result_(r), paint_(paint) {}

    void heading() {
        text_ += fmt::format("{:{}}{}", "", label_width, paint_.bold(fmt::format("{:>{}}", "plain", cell_width)));
        if (result_.hearth) text_ += paint_.bold(fmt::format("{:>{}}", "Hearth", cell_width));
        text_ += '\n';
    }

    void gap() { text_ += '\n'; }

    /// `cell` gives what a pass has to say.
    template <class Cell>
    void line(std::string_view label, Cell cell) {
        text_ += fmt::format("{:{}}{:>{}}", label, label_width, cell(result_.plain), cell_width);
        if (result_.hearth) text_ += fmt::format("{:>{}}", cell(*result_.hearth), cell_width);
        text_ += '\n';
    }

    void count(std::string_view label, const count_of& n) {
        line(label, [&](const pass_result& p) { return with_commas(n(p)); });
    }

    /// A part of the line above; left out where it is nothing, in both.
    void part(std::string_view label, const count_of& n) {
        if (n(result_.plain) == 0 && (!result_.hearth || n(*result_.hearth) == 0)) return;
        line(fmt::format("  {}", label), [&](const pass_result& p) { return n(p) == 0 ? "-" : with_commas(n(p)); });
    }

    /// Green where it is 0, red elsewhere.
    void harm(std::string_view label, const count_of& n, bool with_share) {
        const auto cell = [&](const pass_result& p) {
            // Padded before it is painted: escape sequences have no width.
            const std::string text = with_share ? of(n(p), p.requests) : with_commas(n(p));
            const std::string padded = fmt::format("{:>{}}", text, cell_width);
            return n(p) == 0 ? paint_.green(padded) : paint_.red(padded);
        };
        text_ += fmt::format("{:{}}{}", label, label_width, cell(result_.plain));
        if (result_.hearth) text_ += cell(*result_.hearth);
        text_ += '\n';
    }

    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    const soak_result& result_;
    const painter& paint_;
    std::string text_;
};

bool has_facts(const soak_result& r) { return r.plain.facts.has_value(); }

void losses(table& t, const soak_result& r) {
    t.count("requests", [](const pass_result& p) { return p.requests; });
    t.harm(
        "failed", [](const pass_result& p) { return p.failed; }, true);
    std::map<std::string, std::uint64_t> errors = r.plain.errors;
    if (r.hearth) errors.insert(r.hearth->errors.begin(), r.hearth->errors.end());
    for (const auto& error : errors) {
        t.part(error.first, [&](const pass_result& p) {
            const auto at = p.errors.find(error.first);
            return at == p.errors.end() ? 0 : at->second;
        });
    }
    t.count("lost, and maybe executed", [](const pass_result& p) { return p.maybe_executed; });
    if (!has_facts(r)) return;
    t.harm(
        "POSTs executed twice", [](const pass_result& p) { return p.facts->executed_twice; }, false);
    t.count("GETs executed twice, without harm", [](const pass_result& p) { return p.facts->repeated_safely; });
}

void closes(table& t, const soak_result& r) {
    if (has_facts(r)) t.count("caught in flight", [](const pass_result& p) { return p.facts->caught_in_flight; });
    t.count("sent again at once", [](const pass_result& p) { return p.replays; });
    std::map<std::string_view, std::vector<std::size_t>> kinds;
    for (std::size_t i = 0; i < evidence_count; ++i) kinds[in_words(static_cast<evidence>(i))].push_back(i);
    for (const auto& kind : kinds) {
        t.part(kind.first, [&](const pass_result& p) {
            std::uint64_t sum = 0;
            for (const std::size_t i : kind.second) sum += p.replays_by_evidence.at(i);
            return sum;
        });
    }
    t.count("tried again after a wait", [](const pass_result& p) { return p.retries; });
    t.count("dead connections found before use", [](const pass_result& p) { return p.noticed; });
    t.count("connections opened", [](const pass_result& p) { return p.connections; });
    if (r.plain.statuses > 0 || (r.hearth && r.hearth->statuses > 0))
        t.count("answered with status 400 or over", [](const pass_result& p) { return p.statuses; });
}

void latencies(table& t) {
    t.line("latency of the answered  p50", [](const pass_result& p) { return short_duration(p.latency(0.5)); });
    t.line("                         p99", [](const pass_result& p) { return short_duration(p.latency(0.99)); });
    t.line("                         max", [](const pass_result& p) { return short_duration(p.latency(1)); });
}

// What a newcomer would ask about the rows above.
std::string legend(const soak_result& r) {
    std::string text = R"(
failed            the caller got an error
maybe executed    the connection was lost when the server may have read the POST: nobody can
                  know, so it must not be sent again, and the caller is told
)";
    if (has_facts(r)) {
        text += R"(executed twice    by the server's own count of the x-request-id that every request carries
caught in flight  the request crossed with the server's close: the client could not know of it,
                  and the server never got the request (both by the count of the server's kernel)
)";
    }
    text += R"(sent again        on a fresh connection, and no caller noticed: a GET, because repeating it does
                  no harm; a POST, once the client's kernel proved that the server never got it
dead connections  closed while idle; the plain client does not look, and fails on them too
)";
    if (r.hearth && r.hearth->replays_by_evidence[static_cast<std::size_t>(evidence::closed_before)] > 0) {
        text += R"(latency           the proof takes one round trip on a network, but 0.2 s within one machine, where
                  the kernel must first send the lost POST again
)";
    }
    return text;
}

std::string verdict(const soak_result& r) {
    const pass_result& plain = r.plain;
    if (!r.hearth) return "Interrupted before Hearth's turn.";
    const pass_result& hearth = *r.hearth;
    const std::string begin = hearth.interrupted ? "Interrupted: so far " : "";
    if (hearth.requests > 0 && hearth.failed == hearth.requests)
        return begin + "Hearth failed every request: is the server there?";
    std::string text = fmt::format("{}Hearth failed {} of {} requests", begin,
                                   hearth.failed == 0 ? "none" : with_commas(hearth.failed), with_commas(hearth.requests));
    if (has_facts(r)) {
        const std::uint64_t twice = hearth.facts->executed_twice;
        text += twice == 0 ? " and had no POST executed twice"
                           : fmt::format(" and had {} POST{} executed twice", with_commas(twice), twice == 1 ? "" : "s");
    }
    text += fmt::format("; the plain client failed {} of {}.", plain.failed == 0 ? "none" : of(plain.failed, plain.requests),
                        with_commas(plain.requests));
    if (hearth.maybe_executed > 0)
        text += fmt::format(
            "\nHearth lost {} POST{} that the server may have executed, sent none of them again, and told "
            "their callers.",
            with_commas(hearth.maybe_executed), hearth.maybe_executed == 1 ? "" : "s");
    return text;
}

double ms(std::chrono::microseconds d) { return static_cast<double>(d.count()) / 1e3; }

std::string or_null(const std::optional<server_facts>& facts, std::uint64_t server_facts::*member) {
    return facts ? fmt::format("{}", (*facts).*member) : "null";
}

// Every name here is an identifier, so nothing needs escaping.
std::string to_json(const std::map<std::string, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [name, count] : counts) text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", name, count);
    return fmt::format("{{{}}}", text);
}

std::string to_json(const pass_result& p) {
    std::map<std::string, std::uint64_t> replays;
    for (std::size_t i = 0; i < evidence_count; ++i) {
        if (p.replays_by_evidence[i] > 0) replays.emplace(to_string(static_cast<evidence>(i)), p.replays_by_evidence[i]);
    }
    return fmt::format(
        R"({{"requests": {}, "failed": {}, "errors": {}, "maybe_executed": {}, "executed_twice": {}, )"
        R"("repeated_safely": {}, "caught_in_flight": {}, "replays": {}, "replays_by_evidence": {}, "retries": {}, )"
        R"("stale_found_before_use": {}, "connections": {}, )"
        R"("latency_ms": {{"p50": {:.3f}, "p99": {:.3f}, "max": {:.3f}}}, "interrupted": {}}})",
        p.requests, p.failed, to_json(p.errors), p.maybe_executed, or_null(p.facts, &server_facts::executed_twice),
        or_null(p.facts, &server_facts::repeated_safely), or_null(p.facts, &server_facts::caught_in_flight), p.replays,
        to_json(replays), p.retries, p.noticed, p.connections, ms(p.latency(0.5)), ms(p.latency(0.99)), ms(p.latency(1)),
        p.interrupted);
}

}  // namespace

bool kept_its_promise(const pass_result& hearth) noexcept {
    return hearth.failed == 0 && (!hearth.facts || hearth.facts->executed_twice == 0);
}

std::string as_table(const soak_result& r, const painter& paint) {
    table t(r, paint);
    t.heading();
    losses(t, r);
    t.gap();
    closes(t, r);
    t.gap();
    latencies(t);
    return std::move(t).text() + paint.dim(legend(r)) + "\n" + paint.bold(verdict(r)) + "\n";
}

std::string as_json(const soak_result& r) {
    return fmt::format(R"({{"plain": {}, "hearth": {}}})", to_json(r.plain), r.hearth ? to_json(*r.hearth) : "null");
}

}  // namespace hearth::cli
