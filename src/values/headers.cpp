#include <hearth/headers.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace hearth {
namespace {

constexpr std::size_t max_block = std::numeric_limits<std::uint32_t>::max();

std::uint64_t load(const char* p) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    return word;
}

// Lowers the ASCII letters of eight bytes at once. Adding 0x80 - 'A' sets a byte's top bit from 'A' on, 0x80 - '[' from '['
// on; bytes over 127 are no letters and are masked out.
std::uint64_t lower(std::uint64_t word) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    const std::uint64_t low = word & (0x7f * each);
    const std::uint64_t from_a = low + (0x80 - 'A') * each;
    const std::uint64_t past_z = low + (0x80 - '[') * each;
    const std::uint64_t letters = from_a & ~past_z & ~word & (0x80 * each);
    return word | (letters >> 2);
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::uint32_t narrow(std::size_t n) noexcept { return static_cast<std::uint32_t>(n); }

}  // namespace

bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    const char* p = a.data();
    const char* q = b.data();
    std::size_t left = a.size();
    if (left < 8) {
        for (; left != 0; --left) {
            if (lower(*p++) != lower(*q++)) return false;
        }
        return true;
    }
    for (; left > 8; left -= 8, p += 8, q += 8) {
        if (lower(load(p)) != lower(load(q))) return false;
    }
    // The last eight bytes, of which some may have been compared already.
    p -= 8 - left;
    q -= 8 - left;
    return lower(load(p)) == lower(load(q));
}

headers::headers(header_field a, header_field b, header_field c, header_field d, header_field e, header_field f,
                 header_field g, header_field h, header_field i, header_field j, header_field k, header_field l) {
    // A field left to its default has no name at all, not even an empty one.
    for (const header_field& field : {a, b, c, d, e, f, g, h, i, j, k, l}) {
        if (field.name.data() == nullptr) break;
        add(field.name, field.value);
    }
}

void headers::add(std::string_view name, std::string_view value) {
    const std::size_t at = block_.size();
    if (name.size() > max_block - at || value.size() > max_block - at - name.size()) {
        throw std::length_error("hearth::headers: over 4 GiB");
    }
    const std::size_t size = at + name.size() + value.size();
    std::string bigger;
    if (size > block_.capacity()) {
        // Name and value may be views into this block: it lives until both are copied.
        bigger.reserve(std::max(size, std::min(2 * block_.capacity(), max_block)));
        bigger.append(block_).append(name).append(value);
    }
    spans_.push_back({narrow(at), narrow(name.size()), narrow(at + name.size()), narrow(value.size())});
    // From here on nothing throws.
    if (size > block_.capacity()) {
        block_.swap(bigger);
    } else {
        block_.append(name).append(value);
    }
}

void headers::add_line(std::string_view line, std::size_t name_size, std::size_t value, std::size_t value_size) {
    const std::size_t at = block_.size();
    if (line.size() > max_block - at) throw std::length_error("hearth::headers: over 4 GiB");
    spans_.push_back({narrow(at), narrow(name_size), narrow(at + value), narrow(value_size)});
    block_.append(line);
}

void headers::set(std::string_view name, std::string_view value) {
    if (contains(name)) {
        replace(name, &value);
    } else {
        add(name, value);
    }
}

std::size_t headers::erase(std::string_view name) {
    if (!contains(name)) return 0;
    const std::size_t before = size();
    replace(name, nullptr);
    return before - size();
}

// Builds the block anew, which keeps it free of gaps, lets name and value be views into it, and changes nothing on failure.
void headers::replace(std::string_view name, const std::string_view* value) {
    headers next;
    next.reserve(size(), block_.size() + (value != nullptr ? name.size() + value->size() : 0));
    for (const header_field field : *this) {
        if (!iequals(field.name, name)) {
            next.add(field.name, field.value);
        } else if (value != nullptr) {
            next.add(name, *value);
            value = nullptr;
        }
    }
    *this = std::move(next);
}

void headers::clear() noexcept {
    block_.clear();
    spans_.clear();
}

void headers::reserve(std::size_t fields, std::size_t bytes) {
    spans_.reserve(fields);
    block_.reserve(bytes);
}

std::optional<std::string_view> headers::get(std::string_view name) const {
    for (const span& s : spans_) {
        if (s.name_size == name.size() && iequals({block_.data() + s.name, s.name_size}, name)) {
            return std::string_view(block_.data() + s.value, s.value_size);
        }
    }
    return std::nullopt;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const header_field field : *this) {
        if (iequals(field.name, name)) values.push_back(field.value);
    }
    return values;
}

}  // namespace hearth
