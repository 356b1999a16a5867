// A client that sees the wire as it is: blocking system calls, no library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::testing {

/// Every wait gives up after ten seconds; every failure throws std::system_error. A response that is longer than 64 MiB is
/// refused.
class raw_client {
public:
    /// Connects to a port of 127.0.0.1, or of ::1.
    explicit raw_client(std::uint16_t port, bool v6 = false);
    /// Connects to a unix socket.
    explicit raw_client(const std::string& path);
    ~raw_client();
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    void send(std::string_view bytes) const;
    /// Sends "GET target HTTP/1.1" with a Host, and gives the response.
    std::string get(std::string_view target);
    /// One response: its head, and its body by Content-Length, by chunks (as they are on the wire), or none.
    std::string response(bool to_head_request = false);
    /// What has come, at least a byte; "" at the end.
    std::string some();
    /// Everything up to the end of the connection.
    std::string rest();
    /// Waits for the connection's end: 0 for FIN, or the errno. Fails when bytes come.
    int end();

private:
    [[nodiscard]] std::size_t receive();

    int fd_;
    std::string buffer_;
};

/// A request without a body, with this x-request-id.
[[nodiscard]] std::string request_text(std::string_view method, std::string_view id, std::string_view target = "/");

/// The errno of connecting to a port of 127.0.0.1; 0 when that works.
[[nodiscard]] int connect_error(std::uint16_t port);

/// The body of a response.
[[nodiscard]] std::string body_of(const std::string& response);

}  // namespace hearth::testing
