#include "terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <utility>

extern char** environ;

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr winsize first_size{.ws_row = 30, .ws_col = 110, .ws_xpixel = 0, .ws_ypixel = 0};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& t : texts) all.push_back(t.data());
    return all;
}

// Without the sequences that colour it or clear the rest of its line.
std::string plain(std::string_view line) {
    std::string out;
    while (!line.empty()) {
        const std::size_t escape = line.find("\033[");
        out += line.substr(0, escape);
        if (escape == std::string_view::npos) break;
        const std::size_t end = line.find_first_of("mK", escape);
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return out;
}

}  // namespace

terminal::terminal(std::vector<std::string> arguments, std::vector<std::string> environment) {
    // All of it is made before the fork: other threads of the test may hold malloc's locks then.
    std::vector<char*> argv = pointers(arguments);
    argv.push_back(nullptr);
    std::vector<char*> env = pointers(environment);
    for (char** e = environ; *e != nullptr; ++e) env.push_back(*e);
    env.push_back(nullptr);
    winsize size = first_size;
    pid_ = ::forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "forkpty");
    if (pid_ == 0) {
        ::execve(argv[0], argv.data(), env.data());
        ::_exit(127);
    }
    ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

terminal::~terminal() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(fd_);
}

void terminal::type(std::string_view keys) const {
    if (::write(fd_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
        throw std::system_error(errno, std::generic_category(), "write to a terminal");
}

void terminal::resize(unsigned short columns, unsigned short rows) const {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::ioctl(fd_, TIOCSWINSZ, &size) != 0) throw std::system_error(errno, std::generic_category(), "TIOCSWINSZ");
}

// False at the end, or when nothing comes for too long.
bool terminal::read_some() {
    pollfd waiting{fd_, POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    if (::poll(&waiting, 1, static_cast<int>(ms)) <= 0) return false;
    std::array<char, 64 * 1024> piece;
    const ssize_t n = ::read(fd_, piece.data(), piece.size());
    if (n > 0) written_.append(piece.data(), static_cast<std::size_t>(n));
    return n > 0;  // EIO: the program has closed its side
}

bool terminal::wait_until(const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        if (std::chrono::steady_clock::now() > until || !read_some()) return false;
    }
    return true;
}

bool terminal::wait_for(std::string_view text) {
    return wait_until([&] {
        const auto lines = screen();
        return std::ranges::any_of(lines, [&](const std::string& l) { return l.find(text) != std::string::npos; });
    });
}

std::vector<std::string> terminal::screen() const {
    const std::size_t end = written_.rfind("\033[J");
    const std::size_t begin = end == std::string::npos ? end : written_.rfind("\033[H", end);
    std::vector<std::string> lines;
    if (begin == std::string::npos) return lines;
    std::string_view frame = std::string_view(written_).substr(begin + 3, end - begin - 3);
    while (true) {
        const std::size_t line = frame.find("\r\n");
        lines.push_back(plain(frame.substr(0, line)));
        if (line == std::string_view::npos) return lines;
        frame.remove_prefix(line + 2);
    }
}

int terminal::wait() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace hearth::test
