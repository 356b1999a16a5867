#include "agent/sinks.hpp"

#include "agent/recycling.hpp"

#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace hearth::detail {

namespace asio = boost::asio;

namespace {

// What all sinks have: a handler for the result, and perhaps an error.
template <class Result>
class sink_of : public body_sink {
public:
    explicit sink_of(completion<Result> done) : done_(std::move(done)) {}

    [[nodiscard]] const sink_error* error() const noexcept override { return error_ ? &*error_ : nullptr; }
    void complete(failure_ptr f, const asio::any_io_executor& fallback) override {
        std::move(done_).complete(fallback, std::move(f), std::move(result_));
    }
    [[nodiscard]] asio::cancellation_slot slot() const noexcept override { return done_.slot(); }

protected:
    void fail(errc code, std::string detail, error_code cause = {}) { error_ = sink_error{code, cause, std::move(detail)}; }

    Result result_{};

private:
    completion<Result> done_;
    std::optional<sink_error> error_;
};

class some_sink final : public sink_of<std::size_t>, public recycled<some_sink> {
public:
    some_sink(completion<std::size_t> done, asio::mutable_buffer into) : sink_of(std::move(done)), into_(into) {}

    [[nodiscard]] std::size_t take(std::string_view piece) override {
        const std::size_t n = std::min(piece.size(), into_.size());
        std::memcpy(into_.data(), piece.data(), n);
        into_ += n;
        result_ += n;
        return n;
    }
    [[nodiscard]] bool takes_all() const noexcept override { return false; }
    // An empty buffer is satisfied by nothing: it must not wait for bytes it cannot take.
    [[nodiscard]] bool satisfied() const noexcept override { return result_ > 0 || into_.size() == 0; }

private:
    asio::mutable_buffer into_;
};

class text_sink final : public sink_of<std::string>, public recycled<text_sink> {
public:
    text_sink(completion<std::string> done, std::uint64_t size_max) : sink_of(std::move(done)), size_max_(size_max) {}

    [[nodiscard]] std::size_t take(std::string_view piece) override {
        if (result_.size() + piece.size() > size_max_) {
            fail(errc::response_too_large, "more than max_collected_size (" + std::to_string(size_max_) + " bytes)");
            return 0;
        }
        result_.append(piece);
        return piece.size();
    }
    void take_whole(std::string&& body) override {
        if (body.size() > size_max_) {
            (void)take(body);
        } else {
            result_ = std::move(body);
        }
    }
    void expect(std::uint64_t size) override {
        // What a head promises is not yet memory worth spending.
        constexpr std::uint64_t trusted = 4 * 1024 * 1024;
        result_.reserve(static_cast<std::size_t>(std::min({size, size_max_, trusted})));
    }

private:
    std::uint64_t size_max_;
};

class json_sink final : public sink_of<boost::json::value> {
public:
    json_sink(completion<boost::json::value> done, std::uint64_t size_max) : sink_of(std::move(done)), size_max_(size_max) {}

    [[nodiscard]] std::size_t take(std::string_view piece) override {
        if (text_.size() + piece.size() > size_max_) {
            fail(errc::response_too_large, "more than max_collected_size (" + std::to_string(size_max_) + " bytes)");
            return 0;
        }
        text_.append(piece);
        return piece.size();
    }
    void ended() override {
        error_code ec;
        result_ = boost::json::parse(text_, ec);
        if (ec) fail(errc::malformed_response, "the body is not JSON: " + ec.message(), ec);
    }

private:
    std::uint64_t size_max_;
    std::string text_;
};

class file_sink final : public sink_of<std::uint64_t> {
public:
    file_sink(completion<std::uint64_t> done, const std::filesystem::path& path)
        : sink_of(std::move(done)), name_(path.string()), file_(std::fopen(path.c_str(), "wbe")) {
        if (!file_) broken("opened");
    }

    [[nodiscard]] std::size_t take(std::string_view piece) override {
        if (error()) return 0;
        if (std::fwrite(piece.data(), 1, piece.size(), file_.get()) != piece.size()) {
            broken("written");
            return 0;
        }
        result_ += piece.size();
        return piece.size();
    }
    void ended() override {
        if (file_ && std::fclose(file_.release()) != 0) broken("written");
    }
    void complete(failure_ptr f, const asio::any_io_executor& fallback) override {
        file_.reset();
        sink_of::complete(std::move(f), fallback);
    }

private:
    struct closer {
        void operator()(std::FILE* f) const noexcept { (void)std::fclose(f); }
    };
    void broken(const char* what) {
        const error_code cause(errno, boost::system::system_category());
        fail(errc::file_failed, name_ + " could not be " + what, cause);
    }

    std::string name_;
    std::unique_ptr<std::FILE, closer> file_;
};

class discard_sink final : public sink_of<std::uint64_t>, public recycled<discard_sink> {
public:
    using sink_of::sink_of;
    [[nodiscard]] std::size_t take(std::string_view piece) override {
        result_ += piece.size();
        return piece.size();
    }
};

}  // namespace

std::unique_ptr<body_sink> make_some_sink(completion<std::size_t> done, asio::mutable_buffer into) {
    return std::make_unique<some_sink>(std::move(done), into);
}
std::unique_ptr<body_sink> make_text_sink(completion<std::string> done, std::uint64_t size_max) {
    return std::make_unique<text_sink>(std::move(done), size_max);
}
std::unique_ptr<body_sink> make_json_sink(completion<boost::json::value> done, std::uint64_t size_max) {
    return std::make_unique<json_sink>(std::move(done), size_max);
}
std::unique_ptr<body_sink> make_file_sink(completion<std::uint64_t> done, const std::filesystem::path& path) {
    return std::make_unique<file_sink>(std::move(done), path);
}
std::unique_ptr<body_sink> make_discard_sink(completion<std::uint64_t> done) {
    return std::make_unique<discard_sink>(std::move(done));
}

}  // namespace hearth::detail
