// The terminal while `hearth top` has it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <termios.h>

namespace hearth::cli {

/// Takes the terminal's other screen, without its cursor, and keys as they are pressed; gives everything back at its end.
/// Signals (Ctrl-C, Ctrl-Z) stay signals. One at a time.
class top_screen {
public:
    top_screen();
    ~top_screen();
    top_screen(const top_screen&) = delete;
    top_screen& operator=(const top_screen&) = delete;

    struct extent {
        std::size_t width;
        std::size_t height;
    };
    /// 80 x 24 where the terminal does not say.
    [[nodiscard]] static extent size() noexcept;
    /// Shows the lines, each cut to fit already, in one write.
    void show(const std::vector<std::string>& lines);
    /// For Ctrl-Z: gives the terminal back, and takes it again.
    void leave() noexcept;
    void enter() noexcept;

private:
    termios before_{};
    bool has_keys_ = false;
    bool entered_ = false;
};

/// Whether the user's locale says that the terminal shows UTF-8.
[[nodiscard]] bool terminal_has_unicode();

}  // namespace hearth::cli
