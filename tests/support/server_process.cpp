#include "support/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
// Linux gives ports from 32768 on to those who do not say which.
constexpr std::uint16_t first_port = 20'000;
constexpr std::uint16_t ports = 12'000;

[[noreturn]] void give_up(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

class tcp_socket {
public:
    tcp_socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) give_up("socket");
    }
    ~tcp_socket() { ::close(fd_); }
    tcp_socket(const tcp_socket&) = delete;
    tcp_socket& operator=(const tcp_socket&) = delete;

    [[nodiscard]] bool can_bind(std::uint16_t port) const {
        const int yes = 1;
        (void)::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        const sockaddr_in address = loopback(port);
        return ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    [[nodiscard]] bool can_connect(std::uint16_t port) const {
        const sockaddr_in address = loopback(port);
        return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

private:
    int fd_;
};

// An abstract unix socket: one process can have the name, and it goes with the process. -1 when somebody has it.
int lock_port(std::uint16_t port) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) give_up("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "hearth-test-port-" + std::to_string(port);
    name.copy(&address.sun_path[1], sizeof address.sun_path - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
    ::close(fd);
    return -1;
}

// Waits for a process's end; false when it still runs then.
bool ends_within(pid_t process, std::chrono::milliseconds how_long) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
    if (fd < 0) give_up("pidfd_open");
    pollfd end{fd, POLLIN, 0};
    const int n = ::poll(&end, 1, static_cast<int>(how_long.count()));
    ::close(fd);
    return n == 1;
}

std::filesystem::path make_folder(const std::string& name) {
    std::string path = (std::filesystem::temp_directory_path() / ("hearth-" + name + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr) give_up("mkdtemp " + path);
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_all | perms::others_exec | perms::others_read);
    return path;
}

}  // namespace

reserved_port::reserved_port() {
    std::random_device random;
    for (int i = 0; i < 1'000; ++i) {
        number_ = static_cast<std::uint16_t>(first_port + random() % ports);
        lock_ = lock_port(number_);
        if (lock_ < 0) continue;
        if (tcp_socket().can_bind(number_)) return;
        ::close(lock_);
    }
    throw std::runtime_error("no free port found");
}

reserved_port::~reserved_port() { ::close(lock_); }

server_process::server_process(std::string name) : name_(std::move(name)), folder_(make_folder(name_)) {
    // Workers whose master has been killed become children of ours, and can be waited for.
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) give_up("prctl");
}

server_process::~server_process() {
    end_group();
    if (testing::Test::HasFailure() || std::uncaught_exceptions() > 0)
        std::cerr << "What " << name_ << " said last:\n" << last_words() << '\n';
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

bool server_process::is_installed(const char* program) { return ::access(program, X_OK) == 0; }

std::string server_process::url(std::string_view scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port());
}

void server_process::write(std::string_view file, std::string_view text) const { std::ofstream(folder_ / file) << text; }

std::string server_process::read(std::string_view file) const {
    std::ostringstream all;
    all << std::ifstream(folder_ / file).rdbuf();
    return all.str();
}

std::string server_process::last_words() const {
    constexpr std::size_t most = 4'000;
    std::string words = read("output") + read("error.log");
    return words.size() > most ? words.substr(words.size() - most) : words;
}

void server_process::start(std::vector<std::string> arguments) {
    // A shell in the background of the same group reads the lifeline, whose other end only we have; when it ends with us,
    // whatever ended us, the group is killed. The shell itself becomes the server.
    std::vector<std::string> words{"/bin/sh", "-c", "exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec \"$@\" </dev/null 3<&-",
                                   name_};
    for (std::string& a : arguments) words.push_back(std::move(a));
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);

    std::array<int, 2> line{};
    if (::pipe2(line.data(), O_CLOEXEC) != 0) give_up("pipe2");
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, line[0], STDIN_FILENO);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, path_of("output").c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0600);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int failed = ::posix_spawn(&child_, argv[0], &files, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    ::close(line[0]);
    lifeline_ = line[1];
    if (failed != 0) {
        child_ = -1;
        throw std::system_error(failed, std::generic_category(), name_);
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!tcp_socket().can_connect(port())) {
        const bool late = std::chrono::steady_clock::now() > until;
        if (!late && !ends_within(child_, 2ms)) continue;
        end_group();
        throw std::runtime_error(name_ + (late ? " does not listen: " : " ended: ") + last_words());
    }
}

void server_process::send_signal(int number) const {
    if (child_ < 0 || ::kill(child_, number) != 0) throw std::runtime_error(name_ + " does not run: " + last_words());
}

void server_process::stop(int signal) {
    send_signal(signal);
    const bool ended = ends_within(child_, patience);
    end_group();
    if (!ended) throw std::runtime_error(name_ + " does not stop: " + last_words());
}

void server_process::kill() { end_group(); }

void server_process::end_group() {
    if (child_ < 0) return;
    const pid_t group = std::exchange(child_, -1);
    ::kill(-group, SIGKILL);
    while (::waitpid(-group, nullptr, 0) > 0 || errno == EINTR) {
    }
    ::close(std::exchange(lifeline_, -1));
}

std::map<std::string, int> count_executions(std::string_view books) {
    std::map<std::string, int> executed;
    std::istringstream lines{std::string(books)};
    std::string method;
    std::string id;
    std::string rest;
    while (lines >> method >> id && std::getline(lines, rest)) ++executed[id];
    return executed;
}

}  // namespace hearth::test
