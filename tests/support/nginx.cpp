#include "support/nginx.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace hearth::test {

namespace {

constexpr const char* program = "/usr/sbin/nginx";

// Free now; whoever takes it in between makes nginx fail, and the test with it, in words.
std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no free port");
    ::close(fd);
    return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool yes = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return yes;
}

void write_file(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
}

}  // namespace

bool nginx::is_installed() { return ::access(program, X_OK) == 0; }

nginx::nginx(const nginx_options& options) : port_(free_port()), tls_(!options.certificate.empty()) {
    std::string name = (std::filesystem::temp_directory_path() / "hearth-nginx-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    dir_ = name;
    // Workers of a master that runs as root change their user, and must still get in.
    std::filesystem::permissions(
        dir_, std::filesystem::perms::owner_all | std::filesystem::perms::others_exec | std::filesystem::perms::others_read);
    write_file(dir_ / "cert.pem", options.certificate);
    write_file(dir_ / "key.pem", options.key);
    std::ostringstream text;
    text << "daemon off; worker_processes 1; pid " << name << "/pid; error_log " << name << "/error.log;\n"
         << "events { worker_connections 4096; }\nhttp {\n access_log off;\n keepalive_timeout " << options.keepalive_timeout
         << ";\n keepalive_requests " << options.keepalive_requests << ";\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text << ' ' << kind << "_temp_path " << name << '/' << kind << ";\n";
    text << " server {\n  listen 127.0.0.1:" << port_ << (tls_ ? " ssl" : "") << ";\n";
    if (tls_) text << "  ssl_certificate " << name << "/cert.pem;\n  ssl_certificate_key " << name << "/key.pem;\n";
    text << "  location / { default_type text/plain; return 200 \"hello from nginx\\n\"; }\n  location /status { "
            "stub_status; }\n }\n}\n";
    write_file(dir_ / "nginx.conf", text.str());
    start();
}

nginx::~nginx() {
    stop(SIGTERM);
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
}

std::string nginx::url(const std::string& path) const {
    return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_) + path;
}

void nginx::start() {
    const std::string prefix = dir_.string();
    const std::string config = (dir_ / "nginx.conf").string();
    std::array<const char*, 6> arguments{program, "-p", prefix.c_str(), "-c", config.c_str(), nullptr};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 2, (dir_ / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    const int failed =
        ::posix_spawn(&child_, program, &files, &attributes, const_cast<char* const*>(arguments.data()), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) throw std::runtime_error("nginx could not be started");
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!accepts(port_)) {
        int status = 0;
        if (::waitpid(child_, &status, WNOHANG) == child_) {
            child_ = -1;
            throw std::runtime_error("nginx ended: " + read_file(dir_ / "stderr"));
        }
        if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("nginx did not listen within 20 s");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void nginx::stop(int signal) {
    if (child_ < 0) return;
    ::kill(child_, signal);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
}

void nginx::reload() { ::kill(child_, SIGHUP); }

void nginx::restart() {
    stop(SIGTERM);
    start();
}

}  // namespace hearth::test
