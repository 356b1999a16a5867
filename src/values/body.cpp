#include <hearth/body.hpp>

#include <utility>

namespace hearth {
namespace {

/// A function that gives bytes, as a source. Its reads complete at once.
class function_source final : public body_source {
public:
    function_source(std::function<std::size_t(std::span<char>)> next, std::function<bool()> rewind)
        : next_(std::move(next)), rewind_(std::move(rewind)) {}

    void async_read(std::span<char> into, handler done) override {
        std::size_t size = 0;
        bool valid = false;
        try {
            size = next_(into);
            valid = size <= into.size();
        } catch (...) {
            // The handler takes codes only: whatever was thrown, the request fails with invalid_body.
        }
        // Outside of the try block: what the handler throws is not the function's.
        std::move(done)(valid ? error_code{} : make_error_code(errc::invalid_body), valid ? size : 0);
    }

    bool rewind() override {
        try {
            return rewind_ && rewind_();
        } catch (...) {
            return false;
        }
    }

private:
    std::function<std::size_t(std::span<char>)> next_;
    std::function<bool()> rewind_;
};

}  // namespace

body body::file(std::filesystem::path path) {
    body result;
    result.part_ = file_part{std::move(path)};
    return result;
}

body body::stream(std::shared_ptr<body_source> source, std::optional<std::uint64_t> length, bool rewindable) {
    if (source == nullptr) throw error(errc::invalid_body, "hearth::body::stream was given no source");
    body result;
    result.part_ = source_part{std::move(source), length, rewindable};
    return result;
}

body body::generator(std::function<std::size_t(std::span<char>)> next, std::optional<std::uint64_t> length,
                     std::function<bool()> rewind) {
    if (!next) throw error(errc::invalid_body, "hearth::body::generator was given no function");
    const bool rewindable = static_cast<bool>(rewind);
    return stream(std::make_shared<function_source>(std::move(next), std::move(rewind)), length, rewindable);
}

bool body::replayable() const noexcept {
    const source_part* source = as_source();
    return source == nullptr || source->rewindable;
}

}  // namespace hearth
