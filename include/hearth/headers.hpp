// HTTP header fields, in order, in one block of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

namespace http1 {
class response_reader;
}

/// One field. Views into the `headers` that gave it; valid until that is changed, moved or destroyed.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// Compares two names as HTTP does: ASCII letters without regard to case (RFC 9110, 5.1).
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;

/// Header fields in the order in which they were added. Names compare without regard to case and keep the case they were
/// given. Values are kept as they are: what may be sent is checked when the request is.
/// Not synchronised: one thread at a time, like a std::vector.
class headers {
    struct span {
        std::uint32_t name, name_size, value, value_size;
    };

public:
    class const_iterator {
    public:
        using value_type = header_field;
        using difference_type = std::ptrdiff_t;
        using reference = header_field;
        using pointer = void;
        using iterator_category = std::input_iterator_tag;
        using iterator_concept = std::forward_iterator_tag;

        const_iterator() = default;
        [[nodiscard]] header_field operator*() const { return owner_->at(index_); }
        const_iterator& operator++() { return ++index_, *this; }
        const_iterator operator++(int) { return {owner_, index_++}; }
        [[nodiscard]] bool operator==(const const_iterator& other) const { return index_ == other.index_; }

    private:
        friend headers;
        const_iterator(const headers* owner, std::size_t index) : owner_(owner), index_(index) {}
        const headers* owner_ = nullptr;
        std::size_t index_ = 0;
    };

    headers() = default;
    /// Up to twelve fields, written {{"Name", "value"}, ...}. Not an initializer_list: g++ 12 fails on those inside a
    /// co_await expression, which is where requests are written.
    headers(header_field a, header_field b = {}, header_field c = {}, header_field d = {}, header_field e = {},
            header_field f = {}, header_field g = {}, header_field h = {}, header_field i = {}, header_field j = {},
            header_field k = {}, header_field l = {});

    // Names and values passed to these may be views into this object.
    /// Adds a field after the others; fields of the same name stay. Throws std::length_error over 4 GiB.
    void add(std::string_view name, std::string_view value);
    /// Replaces every field of that name by this one, in the place of the first; adds it when there is none.
    void set(std::string_view name, std::string_view value);
    /// Removes every field of that name; says how many there were.
    std::size_t erase(std::string_view name);
    /// Removes all fields and keeps the memory.
    void clear() noexcept;
    /// Makes room for so many fields and bytes of names and values.
    void reserve(std::size_t fields, std::size_t bytes);
    /// Bytes of memory it holds.
    [[nodiscard]] std::size_t capacity() const noexcept { return block_.capacity() + spans_.capacity() * sizeof(span); }

    /// The first field of that name.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    /// All fields of that name.
    [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
    [[nodiscard]] bool contains(std::string_view name) const { return get(name).has_value(); }

    /// The field at `index`. REQUIRES: index < size().
    [[nodiscard]] header_field at(std::size_t index) const {
        const span& s = spans_[index];
        return {{block_.data() + s.name, s.name_size}, {block_.data() + s.value, s.value_size}};
    }
    [[nodiscard]] std::size_t size() const noexcept { return spans_.size(); }
    [[nodiscard]] bool empty() const noexcept { return spans_.empty(); }
    [[nodiscard]] const_iterator begin() const { return {this, 0}; }
    [[nodiscard]] const_iterator end() const { return {this, spans_.size()}; }

private:
    friend class http1::response_reader;

    void replace(std::string_view name, const std::string_view* value);
    /// Adds the field whose name begins `line`, and whose value lies in it at `value`. The line is kept whole, which is one
    /// copy, not two. REQUIRES: it is no view into this object.
    void add_line(std::string_view line, std::size_t name_size, std::size_t value, std::size_t value_size);

    // Names and values, in the order of spans_.
    std::string block_;
    std::vector<span> spans_;
};

}  // namespace hearth
