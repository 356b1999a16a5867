#include "top_view.hpp"

#include "cli_common.hpp"
#include "text_line.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <string_view>

namespace hearth::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::string_view, top_sort_count> sort_names{"busiest", "name", "stale caught", "failures", "pending"};
constexpr std::array levels{""sv,       "\u2581"sv, "\u2582"sv, "\u2583"sv, "\u2584"sv,
                            "\u2585"sv, "\u2586"sv, "\u2587"sv, "\u2588"sv};

constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";
constexpr std::string_view cyan = "36";
constexpr std::array<std::string_view, 6> line_colors{"32", "36", "35", "33", "31", "37"};
constexpr std::string_view line_letters = "lwomrs";  // for bars without colour

using lines = std::vector<std::string>;

std::string clock(std::chrono::system_clock::time_point t) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string uptime(std::chrono::system_clock::duration d) {
    const auto s = std::chrono::duration_cast<std::chrono::seconds>(d).count();
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
    return fmt::format("{} d {} h", s / 86400, s % 86400 / 3600);
}

std::string rate_text(double r) { return fmt::format("{:.{}f}", r, r > 0 && r < 9.95 ? 1 : 0); }

// The last values, each as high as its share of the greatest.
std::string spark(const std::deque<double>& values, std::size_t width) {
    const std::size_t n = std::min(values.size(), width);
    const double most = values.empty() ? 0 : *std::max_element(values.end() - static_cast<std::ptrdiff_t>(n), values.end());
    std::string out;
    for (auto v = values.end() - static_cast<std::ptrdiff_t>(n); v != values.end(); ++v)
        out += levels.at(most > 0 ? static_cast<std::size_t>(std::lround(1 + *v / most * 7)) : 1);
    return out;
}

void draw_promise(lines& out, const top_frame& f, const top_paper& paper) {
    text_line promise(paper);
    promise.add(with_commas(f.totals.caught), bold);
    promise.add(" stale sockets caught, ");
    promise.add(with_commas(f.stale_seen) + " seen by callers", f.stale_seen == 0 ? green : red);
    out.push_back(promise.take());
    text_line bar(paper);
    text_line key(paper);
    const std::size_t width = std::min<std::size_t>(paper.width, 100);
    // The lines need not add up to it: they are what the peer says.
    const double all = std::max(1.0, static_cast<double>(f.totals.caught));
    for (std::size_t i = 0; i < f.lines.size(); ++i) {
        const auto& [name, caught] = f.lines[i];
        key.add(fmt::format("{} ", name), line_colors.at(i));
        key.add(with_commas(caught) + "   ");
        if (caught == 0) continue;
        const auto share =
            static_cast<std::size_t>(static_cast<double>(width) * std::min(1.0, static_cast<double>(caught) / all));
        const bool blocks = paper.unicode && paper.color;
        for (std::size_t n = std::max<std::size_t>(1, share); n > 0; --n)
            bar.add(blocks ? "\u2588"sv : line_letters.substr(i, 1), line_colors.at(i));
    }
    if (f.totals.caught > 0) out.push_back(bar.take());
    out.push_back(key.take());
}

void draw_totals(lines& out, const top_model& m, const top_frame& f, const top_paper& paper) {
    text_line l(paper);
    const auto number = [&](const std::string& value, std::string_view name, std::string_view color = bold) {
        l.add(value, color);
        l.add(fmt::format(" {}   ", name));
    };
    if (!m.rates().empty()) {
        if (paper.unicode && paper.height > 0) l.add(spark(m.rates(), 24) + " ", cyan);
        number(rate_text(m.rates().back()), "requests/s");
    }
    number(with_commas(f.totals.pending), "waiting", f.totals.pending > 0 ? yellow : bold);
    number(with_commas(f.totals.in_use), "in use");
    number(with_commas(f.totals.free), "idle");
    number(with_commas(f.totals.connecting), "connecting");
    number(with_commas(f.totals.requests), "requests");
    number(with_commas(f.totals.failed), "failed", f.totals.failed > 0 ? red : bold);
    number(fmt::format("{}/{}", f.budget_taken, f.budget_size), "retry budget");
    out.push_back(l.take());
}

void draw_tile(text_line& l, const top_tile& t, bool unicode) {
    switch (t.state) {
        case tile_state::in_use: return l.add(unicode ? "\u25a0"sv : "#"sv, yellow);
        case tile_state::connecting: return l.add(unicode ? "\u25cc"sv : "+"sv, cyan);
        case tile_state::canary: return l.add(unicode ? "\u25c6"sv : "*"sv, yellow);
        case tile_state::idle: break;
    }
    const auto eighths = static_cast<std::size_t>(1 + t.spent * 6.99);
    l.add(unicode ? levels.at(eighths) : std::array{"."sv, ":"sv, "|"sv}.at(std::min<std::size_t>(2, eighths / 3)), green);
}

constexpr std::string_view column_names = " WAIT  USE IDLE DIAL    REQ/S    CAUGHT  FAILED  ";

void draw_origin(lines& out, const top_model& m, const top_origin& o, std::size_t name_width, const top_paper& paper) {
    text_line l(paper);
    std::string name = o.name;
    if (name.size() > name_width) name.replace(name_width - 2, std::string::npos, "..");
    l.add(fmt::format("{:<{}}", name, name_width), bold);
    const auto number = [&](std::uint64_t n, std::size_t width, std::string_view color) {
        l.add(fmt::format("{:>{}}", with_commas(n), width), n == 0 ? dim : color);
    };
    number(o.pending, 5, yellow);
    number(o.in_use, 5, "");
    number(o.free, 5, "");
    number(o.connecting, 5, "");
    const std::optional<double> rate = m.rate(o);
    l.add(fmt::format("{:>9}", rate ? rate_text(*rate) : "-"), rate.value_or(0) > 0 ? "" : dim);
    number(o.caught, 10, green);
    number(o.failed, 8, red);
    l.add("  ");
    const std::size_t room = l.left();
    const std::size_t all = o.tiles.size() + o.tiles_left_out;
    const std::size_t fit = all <= room ? o.tiles.size() : std::min(o.tiles.size(), room > 5 ? room - 5 : 0);
    for (std::size_t i = 0; i < fit; ++i) draw_tile(l, o.tiles[i], paper.unicode);
    if (all > fit) l.add(fmt::format("+{}", all - fit), dim);
    out.push_back(l.take());
}

std::vector<const top_origin*> arrange(const top_model& m, const top_choices& choices) {
    std::vector<const top_origin*> found;
    for (const top_origin& o : m.frame()->origins) {
        if (choices.filter.empty() || o.name.find(choices.filter) != std::string::npos) found.push_back(&o);
    }
    const auto key = [&](const top_origin& o) {
        switch (choices.sort) {
            case top_sort::name: return 0.0;
            case top_sort::caught: return static_cast<double>(o.caught);
            case top_sort::failed: return static_cast<double>(o.failed);
            case top_sort::pending: return static_cast<double>(o.pending);
            case top_sort::busiest: break;
        }
        return static_cast<double>(o.in_use + o.pending + o.connecting) + m.rate(o).value_or(0) / 10;
    };
    std::ranges::sort(found, [&](const top_origin* a, const top_origin* b) {
        const double x = key(*a);
        const double y = key(*b);
        return x != y ? x > y : a->name < b->name;
    });
    return found;
}

void draw_origins(lines& out, const top_model& m, top_choices& choices, std::size_t rows, const top_paper& paper) {
    const auto found = arrange(m, choices);
    std::size_t name_width = 12;
    for (const top_origin* o : found) name_width = std::max(name_width, o->name.size());
    // What is left after the figures goes to the names, with something kept for the tiles.
    const std::size_t room = paper.width > column_names.size() ? paper.width - column_names.size() : 0;
    const std::size_t for_tiles = std::max<std::size_t>(10, room * 4 / 10);
    name_width = std::min(name_width, std::max<std::size_t>(12, room > for_tiles ? room - for_tiles : 0));
    text_line head(paper);
    head.add(fmt::format("{:<{}}{}CONNECTIONS",
                         fmt::format("ORIGIN ({})", with_commas(found.size() + m.frame()->origins_left_out)), name_width,
                         column_names),
             dim);
    out.push_back(head.take());
    choices.scroll = std::min(choices.scroll, found.size() > rows ? found.size() - rows : 0);
    const std::size_t end = std::min(found.size(), choices.scroll + rows);
    for (std::size_t i = choices.scroll; i < end; ++i) draw_origin(out, m, *found[i], name_width, paper);
    if (found.empty()) out.push_back(choices.filter.empty() ? "no origin yet" : "no origin has that in its name");
}

void draw_events(lines& out, const top_model& m, std::size_t rows, const top_paper& paper) {
    const std::size_t n = std::min(rows, m.events().size());
    for (auto e = m.events().end() - static_cast<std::ptrdiff_t>(n); e != m.events().end(); ++e) {
        text_line l(paper);
        l.add(clock(e->time) + " ", dim);
        l.add(fmt::format("{:<13}", e->event), e->level == "error" ? red : e->level == "warning" ? yellow : cyan);
        l.add(e->origin + "  ");
        l.add(e->says, dim);
        out.push_back(l.take());
    }
}

void draw_help(lines& out) {
    for (const char* line : {"", "  q, Ctrl-C      leave", "  s, S           sort by the next thing, the one before",
                             "  up, down       scroll; so do j, k, Page Up, Page Down, Home, End",
                             "  /              filter by name: Enter keeps it, Esc drops it",
                             "  p              pause, and go on", "  ?              this, and back", "",
                             "  Connections:   in use, idle (the fuller, the closer to its limit), connecting, canary",
                             "  Caught by:     left early, watched while idle, looked at before use,",
                             "                 matched (not risked), replayed, silent"})
        out.emplace_back(line);
}

std::string footer(const top_choices& c, const top_paper& paper) {
    text_line l(paper);
    if (c.typing) {
        l.add("filter: ", bold);
        l.add(c.filter + "_");
    } else {
        l.add(fmt::format("q quit  s sort: {}  / filter{}  p {}  ? help", sort_names.at(static_cast<std::size_t>(c.sort)),
                          c.filter.empty() ? "" : ": " + c.filter, c.paused ? "go on" : "pause"),
              dim);
    }
    return l.take();
}

}  // namespace

std::vector<std::string> draw_top(const top_model& m, top_choices& choices, const std::string& link,
                                  const top_paper& paper) {
    lines out;
    text_line title(paper);
    title.add("Hearth ", bold);
    const auto& f = m.frame();
    if (f) title.add(fmt::format("{}  {}  watched for {}  ", f->agents, clock(f->time), uptime(f->time - f->started)));
    title.add(choices.paused ? "paused" : link, choices.paused ? yellow : link == "live" ? green : red);
    out.push_back(title.take());
    if (choices.help) {
        draw_help(out);
    } else if (f) {
        draw_promise(out, *f, paper);
        out.emplace_back();
        draw_totals(out, m, *f, paper);
        out.emplace_back();
        const bool bounded = paper.height > 0;
        const std::size_t events = bounded ? std::min(m.events().size(), paper.height / 4) : 10;
        const std::size_t taken = out.size() + events + 4;  // the table's head, two empty lines, the footer
        const std::size_t rows = bounded ? (paper.height > taken ? paper.height - taken : 1) : f->origins.size();
        draw_origins(out, m, choices, rows, paper);
        out.emplace_back();
        draw_events(out, m, events, paper);
    }
    if (paper.height == 0) return out;
    out.resize(paper.height - 1);
    out.push_back(footer(choices, paper));
    return out;
}

}  // namespace hearth::cli
