// A raw connection to a monitor: what is sent is what a test says, and nothing is made right.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::test {

/// Blocking; every wait ends after 20 s, with std::runtime_error.
class monitor_peer {
public:
    /// To "http://127.0.0.1:PORT/" or "unix:/path". Throws std::system_error.
    /// `receive_buffer` bytes may wait in the kernel; 0: as many as it likes.
    explicit monitor_peer(std::string_view url, int receive_buffer = 0);
    monitor_peer(monitor_peer&& other) noexcept : socket_(std::exchange(other.socket_, -1)), read_(std::move(other.read_)) {}
    monitor_peer& operator=(monitor_peer&&) = delete;
    ~monitor_peer();

    /// False when it cannot: the other side has closed.
    bool send(std::string_view bytes);
    /// "GET /path", with Host, and the lines given.
    bool get(std::string_view path, std::string_view lines = {});
    /// One message with its Content-Length, head and all.
    [[nodiscard]] std::string read_message();
    /// Up to and with `end`.
    [[nodiscard]] std::string read_until(std::string_view end);
    /// All that comes before the other side closes; a reset counts as one.
    [[nodiscard]] std::string read_to_end();

private:
    bool more();

    int socket_ = -1;
    std::string read_;
};

/// The whole answer to a GET on a connection of its own.
[[nodiscard]] std::string ask(std::string_view url, std::string_view path, std::string_view lines = {});
[[nodiscard]] std::string body_of(const std::string& message);

}  // namespace hearth::test
