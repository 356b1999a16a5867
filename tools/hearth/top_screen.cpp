#include "top_screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace hearth::cli {
namespace {

// The other screen; no cursor; lines that are too long do not go on in the next.
constexpr std::string_view enter_text = "\033[?1049h\033[?25l\033[?7l\033[2J";
constexpr std::string_view leave_text = "\033[?7h\033[?25h\033[?1049l";
// A terminal that knows these shows all that is between them at once; others pass them over.
constexpr std::string_view begin_frame = "\033[?2026h\033[H";
constexpr std::string_view end_frame = "\033[J\033[?2026l";

constexpr int room_patience_ms = 1'000;

// Another program may have made the terminal non-blocking; false when it has no room for a second, stopped by Ctrl-S say.
bool wait_for_room() noexcept {
    pollfd terminal{STDOUT_FILENO, POLLOUT, 0};
    const int ready = ::poll(&terminal, 1, room_patience_ms);
    return ready > 0 || (ready < 0 && errno == EINTR);
}

void write_all(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
        if (n < 0 && errno == EAGAIN && wait_for_room()) continue;
        if (n < 0 && errno != EINTR) return;  // it has gone, as SIGHUP says too, or stands still: the next frame is whole
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    }
}

}  // namespace

top_screen::top_screen() : has_keys_(::tcgetattr(STDIN_FILENO, &before_) == 0) { enter(); }

top_screen::~top_screen() { leave(); }

void top_screen::enter() noexcept {
    if (entered_) return;
    if (has_keys_) {
        termios keys = before_;
        keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        keys.c_cc[VMIN] = 1;
        keys.c_cc[VTIME] = 0;
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
    }
    write_all(enter_text);
    entered_ = true;
}

void top_screen::leave() noexcept {
    if (!entered_) return;
    write_all(leave_text);
    if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    entered_ = false;
}

top_screen::extent top_screen::size() noexcept {
    winsize w{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 || w.ws_row == 0) return {80, 24};
    return {w.ws_col, w.ws_row};
}

void top_screen::show(const std::vector<std::string>& lines) {
    std::string all(begin_frame);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0) all += "\r\n";
        all += lines[i];
        all += "\033[K";
    }
    all += end_frame;
    write_all(all);
}

bool terminal_has_unicode() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale(value);
        return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos ||
               locale.find("UTF8") != std::string_view::npos;
    }
    return false;
}

}  // namespace hearth::cli
