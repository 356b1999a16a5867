#include "http1/request_writer.hpp"

#include "http1/text.hpp"
#include "values/text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hearth::http1 {
namespace {

using found = std::optional<fault>;
using values::concat;

found wrong_header(std::string detail) { return fault{errc::invalid_header, std::move(detail)}; }

// Fields that say how the message is framed or where it goes: Hearth writes them itself, from what the user's say.
enum class special : std::uint8_t { no, host, connection, expect, upgrade, content_length, transfer_encoding };

special classify(std::string_view name) noexcept {
    switch (name.size()) {
        case 4: return iequals(name, "Host") ? special::host : special::no;
        case 6: return iequals(name, "Expect") ? special::expect : special::no;
        case 7: return iequals(name, "Upgrade") ? special::upgrade : special::no;
        case 10: return iequals(name, "Connection") ? special::connection : special::no;
        case 14: return iequals(name, "Content-Length") ? special::content_length : special::no;
        case 17: return iequals(name, "Transfer-Encoding") ? special::transfer_encoding : special::no;
        default: return special::no;
    }
}

found check_request_line(const head_spec& spec) {
    if (spec.method != "GET" && !values::is_token(spec.method))
        return fault{errc::invalid_method, text::quote(spec.method) + " is not a token"};
    if (spec.method == "CONNECT") return fault{errc::invalid_method, "CONNECT is for tunnels, not for requests"};
    if (spec.method == "TRACE" && spec.body != request_body::none)
        return fault{errc::invalid_body, "TRACE cannot have a body"};
    if (spec.from_url) return std::nullopt;
    const auto unfit = [](char c) { return c <= 0x20 || c >= 0x7f; };
    if (spec.target.empty()) return fault{errc::invalid_url, "the request target is empty"};
    if (std::any_of(spec.target.begin(), spec.target.end(), unfit)) {
        return fault{errc::invalid_url,
                     "the request target " + text::quote(spec.target) + " holds a space, a control or a byte beyond ASCII"};
    }
    return std::nullopt;
}

found check_field(header_field field) {
    if (!values::is_token(field.name)) return wrong_header("the field name " + text::quote(field.name) + " is not a token");
    if (text::has_control(field.value)) {
        return wrong_header(concat("the value of ", field.name, " holds a line break or another control character"));
    }
    return std::nullopt;
}

// ASCII that prints, without what ends a host in a URL or a list.
constexpr auto host_characters = [] {
    std::array<bool, 256> table{};
    for (int c = 0x21; c < 0x7f; ++c) {
        const bool ends_host = std::string_view("/\\?#@,\"<>").find(static_cast<char>(c)) != std::string_view::npos;
        table[static_cast<std::size_t>(c)] = !ends_host;
    }
    return table;
}();

found check_host(std::string_view host) {
    const auto fits = [](char c) { return host_characters[static_cast<unsigned char>(c)]; };
    if (std::all_of(host.begin(), host.end(), fits)) return std::nullopt;
    return wrong_header("the Host " + text::quote(host) + " is not a host and port");
}

found check_content_length(const head_spec& spec, std::string_view value) {
    const auto length = text::parse_decimal(value, std::numeric_limits<std::uint64_t>::max());
    if (!length) return wrong_header("the Content-Length " + text::quote(value) + " is not a number");
    if (spec.body == request_body::chunked) return wrong_header("Content-Length with a body whose length is not known");
    const std::uint64_t actual = spec.body == request_body::length ? spec.length : 0;
    if (*length == actual) return std::nullopt;
    return wrong_header(concat("the Content-Length is ", *length, " but the body has ", actual, " bytes"));
}

found check_transfer_encoding(const head_spec& spec, std::string_view value) {
    if (!iequals(value, "chunked"))
        return wrong_header("the Transfer-Encoding " + text::quote(value) + " is not \"chunked\"");
    if (spec.body == request_body::chunked) return std::nullopt;
    return wrong_header("Transfer-Encoding with a body whose length is known");
}

// What the user's own fields said.
struct seen {
    bool close = false;
    bool upgrade_token = false;
    bool upgrade_field = false;
    bool expect = false;
    bool content_length = false;
    bool transfer_encoding = false;
};

found check_connection(std::string_view value, seen& user) {
    text::list tokens(value);
    while (const auto token = tokens.next()) {
        if (!values::is_token(*token))
            return wrong_header("the Connection field " + text::quote(value) + " is not a list of tokens");
        user.close = user.close || iequals(*token, "close");
        user.upgrade_token = user.upgrade_token || iequals(*token, "upgrade");
    }
    return std::nullopt;
}

found check_special(special what, const head_spec& spec, std::string_view value, head_plan& plan, seen& user) {
    plan.user_special =
        plan.user_special || (what != special::no && what != special::connection && what != special::upgrade);
    switch (what) {
        case special::no: return std::nullopt;
        case special::host:
            if (plan.user_host) return wrong_header("several Host fields");
            plan.user_host = true;
            return check_host(value);
        case special::connection: return check_connection(value, user);
        case special::upgrade: user.upgrade_field = true; return std::nullopt;
        case special::expect:
            user.expect = true;
            if (iequals(value, "100-continue")) return std::nullopt;
            return wrong_header("the Expect field " + text::quote(value) + " is not \"100-continue\"");
        case special::content_length: user.content_length = true; return check_content_length(spec, value);
        case special::transfer_encoding:
            if (user.transfer_encoding) return wrong_header("several Transfer-Encoding fields");
            user.transfer_encoding = true;
            return check_transfer_encoding(spec, value);
    }
    return std::nullopt;
}

std::uint64_t overridden_by(const headers& fields, const headers& defaults) {
    std::uint64_t overridden = 0;
    std::uint64_t bit = 1;
    for (const header_field field : defaults) {
        if (fields.contains(field.name)) overridden |= bit;
        bit <<= 1;
    }
    return overridden;
}

bool expects_content(std::string_view method) noexcept { return method == "POST" || method == "PUT" || method == "PATCH"; }

void settle(const head_spec& spec, const seen& user, head_plan& plan) {
    const bool has_content = spec.body == request_body::chunked || (spec.body == request_body::length && spec.length > 0);
    plan.close = spec.close || user.close;
    plan.say_close = spec.close && !user.close;
    plan.upgrade = user.upgrade_field;
    plan.say_upgrade = user.upgrade_field && !user.upgrade_token;
    plan.expect_continue = has_content && (spec.expect_continue || user.expect);
    plan.say_length = spec.body == request_body::length ||
                      (spec.body == request_body::none && (user.content_length || expects_content(spec.method)));
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(text::trim(value)).append("\r\n");
}

void append_user_fields(const head_spec& spec, const head_plan& plan, std::string& out) {
    if (!plan.user_special) {
        for (const header_field field : *spec.fields) append_field(out, field.name, field.value);
        return;
    }
    for (const header_field field : *spec.fields) {
        const special what = classify(field.name);
        if (what == special::no || what == special::connection || what == special::upgrade) {
            append_field(out, field.name, field.value);
        }
    }
}

void append_defaults(const headers& defaults, std::uint64_t overridden, std::string& out) {
    for (const header_field field : defaults) {
        if ((overridden & 1) == 0) append_field(out, field.name, field.value);
        overridden >>= 1;
    }
}

void append_content_length(std::string& out, std::uint64_t length) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
    out.append("Content-Length: ").append(digits.data(), static_cast<std::size_t>(end - digits.data())).append("\r\n");
}

}  // namespace

std::optional<fault> validate(const head_spec& spec, head_plan& plan) {
    plan = {};
    seen user;
    if (found f = check_request_line(spec)) return f;
    if (!spec.from_url) {
        if (found f = check_host(spec.authority)) return f;
    }
    if (spec.defaults && spec.rendered_defaults.empty()) {
        if (found f = check_defaults(*spec.defaults)) return f;
    }
    if (spec.fields && !spec.fields->empty()) {
        for (const header_field field : *spec.fields) {
            if (found f = check_field(field)) return f;
            if (found f = check_special(classify(field.name), spec, text::trim(field.value), plan, user)) return f;
        }
        if (spec.defaults) plan.overridden = overridden_by(*spec.fields, *spec.defaults);
    }
    if (user.upgrade_token && !user.upgrade_field) return wrong_header("\"Connection: upgrade\" without an Upgrade field");
    settle(spec, user, plan);
    return std::nullopt;
}

std::optional<fault> check_defaults(const headers& defaults) {
    if (defaults.size() > default_fields_max) {
        return wrong_header(concat("more than ", default_fields_max, " default fields"));
    }
    for (const header_field field : defaults) {
        if (found f = check_field(field)) return f;
        if (classify(field.name) != special::no) {
            return wrong_header(concat(field.name, " belongs to a request, not to the default fields"));
        }
    }
    return std::nullopt;
}

std::string render_defaults(const headers& defaults) {
    std::string out;
    append_defaults(defaults, 0, out);
    return out;
}

void write(const head_spec& spec, const head_plan& plan, std::string& out) {
    const std::string_view host = plan.user_host ? text::trim(*spec.fields->get("Host")) : spec.authority;
    out.append(spec.method).append(" ").append(spec.target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
    if (spec.fields) append_user_fields(spec, plan, out);
    if (plan.overridden == 0 && !spec.rendered_defaults.empty()) {
        out.append(spec.rendered_defaults);
    } else if (spec.defaults) {
        append_defaults(*spec.defaults, plan.overridden, out);
    }
    if (plan.say_length) append_content_length(out, spec.body == request_body::length ? spec.length : 0);
    if (spec.body == request_body::chunked) out.append("Transfer-Encoding: chunked\r\n");
    if (plan.say_close) out.append("Connection: close\r\n");
    if (plan.say_upgrade) out.append("Connection: Upgrade\r\n");
    if (plan.expect_continue) out.append("Expect: 100-continue\r\n");
    out.append("\r\n");
}

chunk_header::chunk_header(std::uint64_t size) noexcept {
    constexpr std::string_view hex = "0123456789abcdef";
    std::size_t at = text_.size();
    text_[--at] = '\n';
    text_[--at] = '\r';
    do {
        text_[--at] = hex[size & 15];
        size >>= 4;
    } while (size != 0);
    begin_ = static_cast<std::uint8_t>(at);
}

}  // namespace hearth::http1
