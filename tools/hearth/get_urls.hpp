// The URLs to fetch, one after the other: the command line's, then those of a file or of standard input as they come.
#pragma once

#include "get_options.hpp"
#include "get_streams.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace hearth::cli {

/// One URL and where its body goes.
struct get_job {
    std::uint64_t number = 0;  ///< from 0, in the order given
    std::string url;
    std::string file;  ///< empty: standard output
};

class get_urls {
public:
    /// Throws std::system_error when the input cannot be opened.
    get_urls(boost::asio::any_io_executor executor, const get_options& options);

    /// The next one; nothing at the end. Throws std::system_error when the input cannot be read, or holds a line that is too
    /// long.
    boost::asio::awaitable<std::optional<get_job>> next();
    /// Ends a wait for input; next() gives nothing from then on.
    void give_up();

private:
    boost::asio::awaitable<std::optional<std::string>> next_url();
    boost::asio::awaitable<bool> read_more();

    const get_options& options_;
    std::unique_ptr<input> input_;
    std::string buffer_;
    std::size_t scanned_ = 0;
    std::uint64_t next_number_ = 0;
    bool ended_ = false;
};

/// The names of the files that bodies are written to.
class file_names {
public:
    explicit file_names(const get_options& options) : options_(options) {}
    /// The path for -O: the output folder and the last segment of the URL's path. Throws hearth::error: a bad URL, a segment
    /// that is no plain file name, or one that another URL of this run has taken.
    [[nodiscard]] std::string remote(std::string_view url);
    /// The path for the n-th -o.
    [[nodiscard]] std::string given(std::uint64_t n) const;

private:
    [[nodiscard]] std::string in_folder(std::string_view name) const;

    const get_options& options_;
    std::set<std::string, std::less<>> taken_;
};

/// What -T FILE uploads to: a URL whose path ends in '/' gets the file's name.
[[nodiscard]] std::string upload_url(const std::string& url, const std::string& file);

}  // namespace hearth::cli
