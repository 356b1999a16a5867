#include "get_urls.hpp"

#include "values/text.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;

// url::parse takes 64 KiB; a longer line is no list of URLs.
constexpr std::size_t line_size_max = 64 * 1024;
constexpr std::size_t names_max = 1'000'000;

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blank = " \t\r";
    const std::size_t first = line.find_first_not_of(blank);
    return first == std::string_view::npos ? std::string_view()
                                           : line.substr(first, line.find_last_not_of(blank) - first + 1);
}

[[noreturn]] void refuse_name(const std::string& url, const std::string& why) {
    failure f;
    f.code = errc::file_failed;
    f.url = hearth::url::parse(url).redacted();
    f.detail = why;
    throw error(std::move(f));
}

// Whether it names a file in the folder it is put in, and nothing else, on any system.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 && std::ranges::none_of(name, [](char c) {
        return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

}  // namespace

get_urls::get_urls(asio::any_io_executor executor, const get_options& options) : options_(options) {
    if (!options.input.empty()) input_ = std::make_unique<input>(std::move(executor), options.input);
}

asio::awaitable<std::optional<get_job>> get_urls::next() {
    std::optional<std::string> url = co_await next_url();
    if (!url) co_return std::nullopt;
    get_job job;
    job.number = next_number_++;
    job.url = std::move(*url);
    co_return job;
}

asio::awaitable<std::optional<std::string>> get_urls::next_url() {
    if (next_number_ < options_.urls.size()) co_return options_.urls[next_number_];
    while (input_ && !ended_) {
        if (const std::size_t end = buffer_.find('\n', scanned_); end != std::string::npos) {
            const std::string line(trimmed(std::string_view(buffer_).substr(0, end)));
            buffer_.erase(0, end + 1);
            scanned_ = 0;
            if (!line.empty() && !line.starts_with('#')) co_return line;
            continue;
        }
        scanned_ = buffer_.size();
        if (scanned_ > line_size_max)
            throw std::system_error(std::make_error_code(std::errc::message_size), "--input: a line over 64 KiB");
        if (!co_await read_more()) ended_ = true;
    }
    co_return std::nullopt;
}

// False at the end. A last line without a newline gets one.
asio::awaitable<bool> get_urls::read_more() {
    std::array<char, 16 * 1024> piece;
    std::size_t size = 0;
    try {
        size = co_await input_->read_some(piece);
    } catch (const boost::system::system_error&) {
        co_return false;  // given up
    }
    if (size == 0 && buffer_.empty()) co_return false;
    if (size == 0) {
        buffer_ += '\n';
    } else {
        buffer_.append(piece.data(), size);
    }
    co_return true;
}

void get_urls::give_up() {
    ended_ = true;
    if (input_) input_->give_up();
}

std::string file_names::in_folder(std::string_view name) const {
    if (options_.output_dir.empty() || name.starts_with('/')) return std::string(name);
    return options_.output_dir + (options_.output_dir.ends_with('/') ? "" : "/") + std::string(name);
}

std::string file_names::given(std::uint64_t n) const {
    if (n >= options_.files.size() || options_.files[n] == "-") return {};
    return in_folder(options_.files[n]);
}

std::string file_names::remote(std::string_view text) {
    const std::string url(text);
    const std::string target = hearth::url::parse(url).target;
    const std::string_view path = std::string_view(target).substr(0, target.find('?'));
    const std::string_view name = path.substr(path.rfind('/') + 1);
    if (name.empty()) refuse_name(url, "the URL's path ends in no file name; give one with -o");
    if (!is_plain_name(name)) refuse_name(url, values::in_quotes(name) + " is no plain file name; give one with -o");
    if (taken_.size() >= names_max) refuse_name(url, "-O writes at most a million files in one run");
    if (!taken_.emplace(name).second)
        refuse_name(url, values::in_quotes(name) + " is the file of another URL in this run; give names with -o");
    return in_folder(name);
}

std::string upload_url(const std::string& url, const std::string& file) {
    const std::size_t end = std::min(url.find_first_of("?#"), url.size());
    // "http://host" alone ends in its host, and means the path "/".
    const std::size_t path = url.find('/', url.find("://") + 3);
    const bool bare = path >= end;
    if (!bare && url[end - 1] != '/') return url;
    const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
    std::string encoded = bare ? "/" : "";
    for (const char c : name) {
        const bool plain =
            values::is_letter(c) || values::is_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
        encoded += plain ? std::string(1, c) : "%" + values::to_hex(c);
    }
    return url.substr(0, end) + encoded + url.substr(end);
}

}  // namespace hearth::cli
