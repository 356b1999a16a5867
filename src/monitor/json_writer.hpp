// Writes JSON as it goes. A snapshot of a thousand origins is a hundred thousand values every second: building a tree of
// them first would cost more than all else that a monitor does.
#pragma once

#include "values/log_fields.hpp"

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::detail {

class json_writer {
public:
    void begin_object() { open('{'); }
    void begin_object(std::string_view key) { open(key, '{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void begin_array(std::string_view key) { open(key, '['); }
    void end_array() { close(']'); }

    template <class T>
    void member(std::string_view key, const T& v) {
        name(key);
        write(v);
    }
    template <class T>
    void element(const T& v) {
        comma();
        write(v);
    }
    void null_member(std::string_view key) {
        name(key);
        out_ += "null";
    }

    [[nodiscard]] std::string take() { return std::move(out_); }
    void reserve(std::size_t n) { out_.reserve(n); }

private:
    void comma() {
        if (!first_) out_ += ',';
        first_ = false;
    }
    /// Keys are this code's own: nothing in them is to be escaped.
    void name(std::string_view key) {
        comma();
        out_ += '"';
        out_ += key;
        out_ += "\":";
    }
    void open(char bracket) {
        comma();
        out_ += bracket;
        first_ = true;
    }
    void open(std::string_view key, char bracket) {
        name(key);
        out_ += bracket;
        first_ = true;
    }
    void close(char bracket) {
        out_ += bracket;
        first_ = false;
    }

    void write(bool v) { out_ += v ? "true" : "false"; }
    template <std::integral T>
    requires(!std::same_as<T, bool>) void write(T v) {
        fmt::format_int text(v);
        out_.append(text.data(), text.size());
    }
    /// Seconds.
    void write(std::chrono::nanoseconds d) {
        fmt::format_to(std::back_inserter(out_), "{:.9g}", std::chrono::duration<double>(d).count());
    }
    void write(std::string_view text) { values::append_json_string(out_, text); }

    std::string out_;
    bool first_ = true;
};

}  // namespace hearth::detail
