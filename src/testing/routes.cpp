#include "testing/routes.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace hearth::testing {
namespace {

namespace http = boost::beast::http;

constexpr std::uint64_t max_bytes = std::uint64_t{1} << 40;
constexpr std::uint64_t max_slow_ms = 600'000;

/// The number after `prefix` when the path is that and a number, and nothing else.
std::optional<std::uint64_t> number_after(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return {};
    path.remove_prefix(prefix.size());
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), n);
    if (error != std::errc() || end != path.data() + path.size()) return {};
    return n;
}

std::string head_as_text(const request& r) {
    std::string text = fmt::format("{} {} HTTP/{}.{}\r\n", std::string_view(r.method_string()), std::string_view(r.target()),
                                   r.version() / 10, r.version() % 10);
    for (const auto& field : r) {
        text += fmt::format("{}: {}\r\n", std::string_view(field.name_string()), std::string_view(field.value()));
    }
    return text;
}

reply body_of(std::uint64_t n, bool chunked) {
    if (n > max_bytes) return refusal(400, fmt::format("at most {} bytes\n", max_bytes));
    return {.alphabet = n, .chunked = chunked};
}

reply choose(const request& r, const faulty_origin_options& options) {
    const std::string_view target = r.target();
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/") return {.content = options.body};
    if (path == "/echo") return {.content = r.body()};
    if (path == "/headers") return {.content = head_as_text(r)};
    if (path == "/close") return {.content = "goodbye\n", .close = true};
    if (const auto n = number_after(path, "/bytes/")) return body_of(*n, false);
    if (const auto n = number_after(path, "/chunked/")) return body_of(*n, true);
    if (const auto n = number_after(path, "/status/"); n && *n >= 200 && *n <= 999) {
        return {.status = static_cast<unsigned>(*n), .content = fmt::format("status {}\n", *n)};
    }
    if (const auto n = number_after(path, "/slow/"); n && *n <= max_slow_ms) {
        return {.content = fmt::format("after {} ms\n", *n), .delay = std::chrono::milliseconds(*n)};
    }
    return {.status = 404, .content = "no such path\n"};
}

void add_hint(reply& answer, const faulty_origin_options& options, std::uint64_t to_come) {
    if (!options.hint && !options.told_timeout) return;
    const auto seconds = options.told_timeout.value_or(std::chrono::floor<std::chrono::seconds>(options.idle_timeout));
    std::string hint = fmt::format("timeout={}", seconds.count());
    if (options.hint && to_come > 0) hint += fmt::format(", max={}", to_come);
    answer.fields.emplace_back("Keep-Alive", std::move(hint));
}

}  // namespace

reply route(const request& r, const faulty_origin_options& options, std::uint64_t to_come) {
    reply answer = choose(r, options);
    answer.delay += options.work;
    answer.close = answer.close || !r.keep_alive();
    // HTTP/1.0 knows no chunks (RFC 9112, 6.1).
    if (r.version() < 11) answer.chunked = false;
    if (!answer.close) add_hint(answer, options, to_come);
    answer.fields.insert(answer.fields.end(), options.fields.begin(), options.fields.end());
    return answer;
}

reply refusal(unsigned status, std::string why) { return {.status = status, .content = std::move(why), .close = true}; }

std::string write_fields(const reply& r, unsigned version) {
    const http::status known = http::int_to_status(r.status);
    const std::string_view reason = known == http::status::unknown ? "Unknown" : http::obsolete_reason(known);
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", r.status, reason);
    for (const auto& [name, value] : r.fields) head += fmt::format("{}: {}\r\n", name, value);
    if (r.close) {
        head += "Connection: close\r\n";
    } else if (version < 11) {
        head += "Connection: keep-alive\r\n";
    }
    return head;
}

std::string write_head(const reply& r, unsigned version) {
    std::string head = write_fields(r, version);
    if (r.chunked) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (r.status != 204 && r.status != 304) {
        head += fmt::format("Content-Length: {}\r\n", r.content.size() + r.alphabet);
    }
    return head + "\r\n";
}

std::string_view alphabet_piece(std::uint64_t offset, std::uint64_t count) noexcept {
    constexpr std::size_t period = 26;
    static const auto block = [] {
        std::array<char, period * 2'520> letters{};
        for (std::size_t i = 0; i < letters.size(); ++i) letters[i] = static_cast<char>('a' + i % period);
        return letters;
    }();
    const auto start = static_cast<std::size_t>(offset % period);
    const auto size = std::min<std::uint64_t>(count, block.size() - start);
    return {block.data() + start, static_cast<std::size_t>(size)};
}

}  // namespace hearth::testing
