#include "net/tls_transport.hpp"

#include "net/plain_transport.hpp"
#include "net/tls_errors.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace hearth::net {
namespace {

// So many records one write() sends at most, lest a fast receiver keeps the thread.
constexpr int records_per_write = 16;

}  // namespace

tls_transport::tls_transport(std::shared_ptr<openssl_context> context, unique_fd socket, std::string session_key)
    : context_(std::move(context)), ssl_(context_->new_connection()), session_key_(std::move(session_key)) {
    socket_.fd = std::move(socket);
    BIO* bio = make_socket_bio(socket_).release();
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
}

tls_transport::~tls_transport() {
    // SSL_free takes a connection that was not shut down for one that failed, and its session with it.
    if (!broken_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void tls_transport::begin_call() noexcept {
    clear_openssl_errors();
    socket_.read_left = tls_socket::read_limit;
}

// What it means that OpenSSL did not do what it was asked for.
io_result tls_transport::stopped(int returned) noexcept {
    const auto failed = [](error_code why) { return io_result{.state = io::failed, .bytes = 0, .error = why}; };
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ: return {.state = io::want_read};
        case SSL_ERROR_WANT_WRITE: return {.state = io::want_write};
        case SSL_ERROR_ZERO_RETURN:
            // OpenSSL was told to take a bare EOF for close_notify; only our socket knows which it was.
            if (socket_.eof && strict_eof_) return failed(errc::truncated_response);
            return {.state = io::closed};
        case SSL_ERROR_SYSCALL:
            if (socket_.flooded) break;
            if (socket_.error != 0) return failed({socket_.error, boost::system::system_category()});
            if (socket_.eof) return strict_eof_ ? failed(errc::truncated_response) : io_result{.state = io::closed};
            break;
        default: break;
    }
    broken_ = true;
    if (socket_.flooded) return failed({EMSGSIZE, boost::system::system_category()});
    return failed(take_openssl_error());
}

io_result tls_transport::handshake(tls_failure& refused) {
    begin_call();
    refused_ = &refused;
    const int done = SSL_do_handshake(ssl_.get());
    refused_ = nullptr;
    if (done != 1) return stopped(done);
    free_buffers();  // it may idle before its first request
    return {};
}

io_result tls_transport::read(std::span<char> into) {
    begin_call();
    std::size_t bytes = 0;
    const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    return done == 1 ? io_result{.state = io::done, .bytes = bytes} : stopped(done);
}

// The data of the next record: up to 16 KiB, so that a request with a small body is one record and one segment.
std::span<const char> tls_transport::next_record(std::span<const char> head, std::span<const char> body) noexcept {
    // A record that is half sent must be offered with the length it was made with.
    const std::size_t most = unfinished_ > 0 ? unfinished_ : openssl_context::record_size;
    if (head.empty()) return body.first(std::min(body.size(), most));
    if (body.empty() || head.size() >= most) return head.first(std::min(head.size(), most));
    const auto scratch = context_->scratch();
    const auto rest = body.first(std::min(body.size(), most - head.size()));
    std::ranges::copy(rest, std::ranges::copy(head, scratch.begin()).out);
    return scratch.first(head.size() + rest.size());
}

io_result tls_transport::write(std::span<const char> head, std::span<const char> body) {
    std::size_t moved = 0;
    for (int records = 0; records < records_per_write && !(head.empty() && body.empty()); ++records) {
        begin_call();
        const auto record = next_record(head, body);
        std::size_t bytes = 0;
        if (const int done = SSL_write_ex(ssl_.get(), record.data(), record.size(), &bytes); done != 1) {
            const io_result why = stopped(done);
            if (why.state == io::want_write || why.state == io::want_read) unfinished_ = record.size();
            // What went is told first; the next call meets the same obstacle again.
            if (moved == 0) return why;
            break;
        }
        unfinished_ = 0;
        moved += bytes;
        const std::size_t of_head = std::min(bytes, head.size());
        head = head.subspan(of_head);
        body = body.subspan(bytes - of_head);
    }
    return {.state = io::done, .bytes = moved};
}

// A ticket makes OpenSSL set up both buffers and leave the one for writing, 16 KiB, until the next write.
void tls_transport::free_buffers() noexcept {
    // OpenSSL before 3.0.14 frees them under what is still in them (CVE-2024-4741).
    if (unfinished_ == 0 && !socket_.incoming.within() && SSL_has_pending(ssl_.get()) == 0) SSL_free_buffers(ssl_.get());
}

void tls_transport::went_idle() {
    strict_eof_ = false;
    free_buffers();
}

idle_look tls_transport::look() {
    if (SSL_pending(ssl_.get()) > 0) return idle_look::bytes;
    switch (socket_look(socket_.fd.get())) {
        case idle_look::live: return socket_.incoming.within() ? idle_look::partial : idle_look::live;
        case idle_look::closed: return idle_look::closed;
        default: break;
    }
    // Something came: a ticket, a key update, the end, or what nobody asked for. Only TLS can tell.
    char byte = 0;
    const io_result result = read({&byte, 1});
    free_buffers();
    switch (result.state) {
        case io::done: return idle_look::bytes;
        case io::want_read: return socket_.incoming.within() ? idle_look::partial : idle_look::live;
        case io::want_write: return idle_look::partial;  // an answer to a key update does not go yet
        default: return idle_look::closed;
    }
}

std::string_view tls_transport::alpn() const noexcept {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

void tls_transport::shutdown() noexcept {
    // A goodbye behind half a record would have to wait, and one on a connection that failed has no reader.
    if (broken_ || unfinished_ > 0 || socket_.error != 0 || !socket_.fd || SSL_is_init_finished(ssl_.get()) != 1) return;
    begin_call();
    SSL_shutdown(ssl_.get());
}

void tls_transport::abort() noexcept { socket_abort(socket_.fd); }

int tls_transport::on_new_session(SSL* connection, SSL_SESSION* session) noexcept {
    auto& self = *static_cast<tls_transport*>(SSL_get_app_data(connection));
    if (self.session_key_.empty()) return 0;
    // The reference that comes with the call is ours when we return 1.
    session_ptr owned(session);
    try {
        self.context_->session_cache().put(self.session_key_, std::move(owned));
    } catch (const std::exception&) {
        // Out of memory: the session was freed on the way, which also counts as having taken it.
    }
    return 1;
}

int tls_transport::on_verify(int accepted, X509_STORE_CTX* context) {
    if (accepted == 1) return 1;
    auto* connection = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& self = *static_cast<tls_transport*>(SSL_get_app_data(connection));
    if (self.refused_ != nullptr) *self.refused_ = describe_refused_certificate(context);
    return 0;
}

}  // namespace hearth::net
