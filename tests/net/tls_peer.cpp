#include "tls_peer.hpp"

#include "net/plain_transport.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace hearth::net::test {
namespace {

constexpr int patience_ms = 10'000;

void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("test server: ") + what + " failed");
}

bool wait_for_either(int a, int b) {
    std::array<pollfd, 2> both{pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
    return ::poll(both.data(), both.size(), patience_ms) > 0;
}

void set_buffers(int fd, int bytes) {
    if (bytes == 0) return;
    // A receive buffer as small would make each window wait for TCP's timers.
    const int receive = 16 * bytes;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
}

}  // namespace

bool wait_for(int fd, short events) {
    pollfd one{fd, events, 0};
    return ::poll(&one, 1, patience_ms) > 0;
}

socket_pair tcp_pair(int buffer) {
    const unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_buffers(listener.get(), buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener.get(), generic, size) == 0 && ::listen(listener.get(), 1) == 0 &&
              ::getsockname(listener.get(), generic, &size) == 0,
          "listening");
    socket_pair made;
    made.client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_buffers(made.client.get(), buffer);
    check(::connect(made.client.get(), generic, size) == 0, "connecting");
    made.server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    check(static_cast<bool>(made.server), "accepting");
    const int on = 1;
    for (const int fd : {made.client.get(), made.server.get()}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

server_connection::server_connection(SSL_CTX* context, unique_fd socket) : ssl_(SSL_new(context)) {
    socket_.fd = std::move(socket);
    BIO* bio = make_socket_bio(socket_).release();
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
}

server_connection::~server_connection() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

void server_connection::step() {
    ERR_clear_error();
    socket_.read_left = tls_socket::read_limit;
    const int done = SSL_do_handshake(ssl_.get());
    open_ = done == 1;
    const int why = SSL_get_error(ssl_.get(), done);
    failed_ = !open_ && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
}

std::string server_connection::server_name() const {
    const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

std::string server_connection::read_once() {
    std::array<char, 17 * 1024> buffer{};
    std::size_t bytes = 0;
    ERR_clear_error();
    socket_.read_left = tls_socket::read_limit;
    if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &bytes) != 1) {
        failed_ = SSL_get_error(ssl_.get(), 0) != SSL_ERROR_WANT_READ;
        return {};
    }
    return {buffer.data(), bytes};
}

std::string server_connection::read_record() {
    for (;;) {
        std::string data = read_once();
        if (!data.empty() || failed_ || !wait_for(fd(), POLLIN)) return data;
    }
}

std::string server_connection::read_now() {
    std::string all;
    for (std::string more = read_once(); !more.empty(); more = read_once()) all += more;
    return all;
}

void server_connection::write(std::string_view data) {
    while (!data.empty()) {
        ERR_clear_error();
        std::size_t bytes = 0;
        if (SSL_write_ex(ssl_.get(), data.data(), data.size(), &bytes) == 1)
            data.remove_prefix(bytes);
        else
            check(SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_WRITE && wait_for(fd(), POLLOUT), "writing");
    }
}

void server_connection::send_ticket() {
    check(SSL_new_session_ticket(ssl_.get()) == 1 && SSL_do_handshake(ssl_.get()) == 1, "sending a ticket");
}

void server_connection::send_key_update() {
    check(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1, "a key update");
}

void server_connection::send_close_notify() { check(SSL_shutdown(ssl_.get()) >= 0, "close_notify"); }
void server_connection::send_fin() { check(::shutdown(fd(), SHUT_WR) == 0, "FIN"); }

void server_connection::reset() { socket_abort(socket_.fd); }

void server_connection::send_raw(std::string_view bytes) {
    check(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()), "sending");
}

server::server(server_spec spec) : spec_(std::move(spec)), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, spec_.min_version);
    SSL_CTX_set_max_proto_version(context, spec_.max_version);
    if (spec_.max_version < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0");
    SSL_CTX_set_num_tickets(context, spec_.tickets);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);

    const hearth::test::temporary_file chain(spec_.id.certificate);
    const hearth::test::temporary_file key(spec_.id.key);
    check(SSL_CTX_use_certificate_chain_file(context, chain.path().c_str()) == 1, "loading the certificate");
    check(SSL_CTX_use_PrivateKey_file(context, key.path().c_str(), SSL_FILETYPE_PEM) == 1, "loading the key");
    if (!spec_.client_authority.empty()) {
        const hearth::test::temporary_file authority(spec_.client_authority);
        check(SSL_CTX_load_verify_file(context, authority.path().c_str()) == 1, "loading the client authority");
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    if (!spec_.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose, this);
}

server::~server() = default;

int server::choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void* self) {
    const std::string& name = static_cast<server*>(self)->spec_.alpn;
    *out = reinterpret_cast<const unsigned char*>(name.data());
    *size = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
}

std::unique_ptr<server_connection> server::accept(unique_fd socket) {
    return std::make_unique<server_connection>(context_.get(), std::move(socket));
}

relay::relay() = default;

namespace {

std::string take(int from, std::size_t most) {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

void give(int to, std::string_view bytes) {
    if (bytes.empty()) return;
    check(::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()), "relaying");
}

}  // namespace

bool relay::pass(std::size_t most) {
    const std::string up = take(client_.server.get(), most);
    const std::string down = take(server_.server.get(), most);
    give(server_.server.get(), up);
    give(client_.server.get(), down);
    return !up.empty() || !down.empty();
}

std::string relay::hold() {
    check(wait_for(server_.server.get(), POLLIN), "waiting for the server");
    return take(server_.server.get(), 65536);
}

void relay::end() { check(::shutdown(client_.server.get(), SHUT_WR) == 0, "FIN"); }
void relay::reset() { socket_abort(client_.server); }

void relay::to_client(std::string_view bytes) { give(client_.server.get(), bytes); }

connection connect(const std::shared_ptr<tls_context>& context, server& to, const connect_spec& how) {
    connection made;
    socket_pair sockets;
    if (how.through != nullptr)
        sockets = {how.through->client_end(), how.through->server_end()};
    else
        sockets = tcp_pair(how.buffer);
    made.peer = to.accept(std::move(sockets.server));
    const auto handshake = tls_handshake::begin(context, std::move(sockets.client), how.name, how.session_key);
    const auto settled = [&](io state) { return state == io::done && (made.peer->open() || made.peer->failed()); };
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    io state = handshake->step();
    while (state != io::failed && !settled(state)) {
        check(std::chrono::steady_clock::now() < until, "the handshake in time");
        if (how.through != nullptr) how.through->pass(how.relay_bytes);
        if (!made.peer->open() && !made.peer->failed()) made.peer->step();
        if (state != io::done) state = handshake->step();
        if (how.through == nullptr && state != io::failed && !settled(state))
            check(wait_for_either(handshake->fd(), made.peer->fd()), "waiting in the handshake");
    }
    if (state == io::done)
        made.client = handshake->finish();
    else
        made.failure = handshake->why();
    return made;
}

tls_options trusting() {
    tls_options options;
    options.ca = certificates().authority.certificate();
    return options;
}

std::shared_ptr<tls_context> trusting_context() { return tls_context::make(trusting()); }

read_outcome read_some(transport& from, std::size_t size) {
    read_outcome outcome;
    std::array<char, 4096> buffer{};
    while (outcome.data.size() < size) {
        outcome.last = from.read(std::span(buffer).first(std::min(buffer.size(), size - outcome.data.size())));
        if (outcome.last.state == io::done)
            outcome.data.append(buffer.data(), outcome.last.bytes);
        else if (outcome.last.state != io::want_read || !wait_for(from.fd(), POLLIN))
            break;
    }
    return outcome;
}

idle_look look_when_readable(transport& at) {
    EXPECT_TRUE(wait_for(at.fd(), POLLIN));
    return at.look();
}

}  // namespace hearth::net::test
