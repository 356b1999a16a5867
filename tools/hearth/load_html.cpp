#include "load_html.hpp"

#include "load_json.hpp"
#include "utf8.hpp"

#include <fmt/format.h>

#include <string_view>

namespace hearth::cli {
namespace {

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

/// JSON that cannot end the script element that it stands in. These characters occur within strings only.
std::string escape_script(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
        if (c == '<' || c == '>' || c == '&') {
            out += fmt::format("\\u{:04x}", c);
        } else {
            out += c;
        }
    }
    return out;
}

std::string title(const load_result& r) {
    std::string text = r.method + " " + (r.urls.empty() ? "" : r.urls.front());
    if (r.urls.size() > 1) text += fmt::format(" and {} more", r.urls.size() - 1);
    return escape_html(to_utf8(text));
}

}  // namespace

std::string to_html(const load_result& r) {
    const auto value_of = [&](std::string_view name) -> std::string {
        if (name == "title") return title(r);
        if (name == "style") return load_page_style;
        if (name == "script") return load_page_script;
        return escape_script(to_json(r));
    };
    // One pass over the template: what is put in is not looked at again.
    std::string out;
    std::string_view rest = load_page;
    for (std::size_t at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
        const std::size_t end = rest.find("}}", at);
        out += rest.substr(0, at);
        out += value_of(rest.substr(at + 2, end - at - 2));
        rest.remove_prefix(end + 2);
    }
    return out.append(rest);
}

}  // namespace hearth::cli
