// The other end of a TLS connection, in the same thread, for the tests of src/net/tls*.
#pragma once

#include "net/fd.hpp"
#include "net/tls.hpp"
#include "net/tls_bio.hpp"
#include "support/certificates.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::net::test {

using hearth::test::certificates;
using hearth::test::identity;
using hearth::test::temporary_file;

/// Waits until `fd` is readable (POLLIN) or writable (POLLOUT); false after 10 s, which no test needs.
[[nodiscard]] bool wait_for(int fd, short events);

struct socket_pair {
    unique_fd client;
    unique_fd server;
};
/// Two connected non-blocking TCP sockets on loopback. `buffer`: bytes of the send buffers, 0 for the system's default.
[[nodiscard]] socket_pair tcp_pair(int buffer = 0);

struct server_spec {
    identity id = certificates().server;
    int min_version = TLS1_2_VERSION;
    int max_version = TLS1_3_VERSION;
    std::string client_authority{};  ///< demand a client certificate signed by it
    std::string alpn{};              ///< choose this, offered or not; empty: none
    std::size_t tickets = 2;         ///< TLS 1.3: sent with the handshake
};

/// One accepted connection.
class server_connection {
public:
    server_connection(SSL_CTX* context, unique_fd socket);
    ~server_connection();
    /// Goes on with the handshake.
    void step();
    [[nodiscard]] bool open() const noexcept { return open_; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd.get(); }
    [[nodiscard]] SSL* native() noexcept { return ssl_.get(); }
    [[nodiscard]] bool reused() { return SSL_session_reused(ssl_.get()) == 1; }
    /// The name that the client sent; empty for none.
    [[nodiscard]] std::string server_name() const;

    /// One record's data, waiting for it; empty at the end.
    [[nodiscard]] std::string read_record();
    /// What is there; empty if nothing is.
    [[nodiscard]] std::string read_now();
    /// All of it, waiting as needed.
    void write(std::string_view data);
    void send_ticket();
    void send_key_update();
    void send_close_notify();
    void send_fin();
    void reset();
    /// Sends these bytes as they are.
    void send_raw(std::string_view bytes);

private:
    std::string read_once();

    tls_socket socket_;
    ssl_ptr ssl_;
    bool open_ = false;
    bool failed_ = false;
};

class server {
public:
    explicit server(server_spec spec = {});
    ~server();
    [[nodiscard]] std::unique_ptr<server_connection> accept(unique_fd socket);

private:
    static int choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void* self);
    server_spec spec_;
    ssl_context_ptr context_;
};

/// Between a client and a server, passing bytes on as a test tells it to.
class relay {
public:
    relay();
    [[nodiscard]] unique_fd client_end() { return std::move(client_.client); }
    [[nodiscard]] unique_fd server_end() { return std::move(server_.client); }
    /// Passes on what is there, at most `most` bytes each way; whether there was any.
    bool pass(std::size_t most = 65536);
    /// Takes what the server has sent.
    [[nodiscard]] std::string hold();
    void to_client(std::string_view bytes);
    /// Ends the client's connection by FIN.
    void end();
    /// Ends it by RST.
    void reset();

private:
    socket_pair client_ = tcp_pair();
    socket_pair server_ = tcp_pair();
};

/// Both ends after the handshake; `client` is null if it failed, and `failure` says why.
struct connection {
    std::unique_ptr<transport> client;
    std::unique_ptr<server_connection> peer;
    tls_failure failure;
    explicit operator bool() const noexcept { return client != nullptr; }
};

struct connect_spec {
    std::string name = "localhost";
    std::string session_key = "key";
    int buffer = 0;
    relay* through = nullptr;
    std::size_t relay_bytes = 65536;  ///< at a time
};
[[nodiscard]] connection connect(const std::shared_ptr<tls_context>& context, server& to, const connect_spec& how = {});

/// A context that trusts the test authority; `change` may set more.
[[nodiscard]] tls_options trusting();
[[nodiscard]] std::shared_ptr<tls_context> trusting_context();

/// Reads until `size` bytes are there, the stream ends or fails; `last` is how it went.
struct read_outcome {
    std::string data;
    io_result last;
};
[[nodiscard]] read_outcome read_some(transport& from, std::size_t size);
/// Waits for something to arrive on the socket, then looks.
[[nodiscard]] idle_look look_when_readable(transport& at);

}  // namespace hearth::net::test
