#include "path/delayed_path.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace hearth::test {

using namespace std::chrono_literals;

namespace {

// A request is larger, TLS's goodbye smaller.
constexpr std::size_t small_payload = 48;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void write_file(const char* path, const std::string& text) {
    std::ofstream out(path);
    out << text;
}

// Moves this thread into a network namespace of its own, through a user namespace where it may not do so directly.
bool leave_the_network() {
    if (::unshare(CLONE_NEWNET) == 0) return true;
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    return true;
}

int open_tun() {
    constexpr const char* device = "/dev/net/tun";
    if (::access(device, F_OK) != 0) {
        ::mkdir("/dev/net", 0755);
        ::mknod(device, S_IFCHR | 0600, makedev(10, 200));
    }
    return ::open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

// A TUN device with the server's address, up.
int make_tun() {
    const int tun = open_tun();
    if (tun < 0) fail("/dev/net/tun");
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strcpy(request.ifr_name, "path0");
    const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto set = [&](unsigned long what, const char* address) {
        auto& into = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
        into = {};
        into.sin_family = AF_INET;
        ::inet_pton(AF_INET, address, &into.sin_addr);
        return ::ioctl(control, what, &request) == 0;
    };
    bool done = control >= 0 && ::ioctl(tun, TUNSETIFF, &request) == 0 && set(SIOCSIFADDR, delayed_path::server_address) &&
                set(SIOCSIFNETMASK, "255.255.255.0");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    done = done && ::ioctl(control, SIOCSIFFLAGS, &request) == 0;
    const int error = errno;
    if (control >= 0) ::close(control);
    if (done) return tun;
    ::close(tun);
    errno = error;
    fail("a TUN device");
}

std::string try_it() {
    if (!leave_the_network())
        return "no network namespace can be made here: " + std::generic_category().message(errno) +
               " (run as root, or where unprivileged user namespaces are allowed)";
    try {
        ::close(make_tun());
    } catch (const std::system_error& e) {
        return std::string("no TUN device can be made here: ") + e.what();
    }
    return {};
}

}  // namespace

const std::string& delayed_path::unavailable() {
    static const std::string why = try_it();
    return why;
}

delayed_path::delayed_path(std::chrono::microseconds one_way)
    : one_way_(one_way), tun_(make_tun()), wake_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { carry(); }) {}

delayed_path::~delayed_path() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_, &one, sizeof one));
    thread_.join();
    ::close(tun_);
    ::close(wake_);
}

std::string delayed_path::through(std::string url) {
    if (const auto at = url.find(server_address); at != std::string::npos)
        url.replace(at, std::strlen(server_address), address);
    return url;
}

void delayed_path::forget() {
    const std::lock_guard lock(mutex_);
    for (auto& [key, f] : flows_) f.forgotten = true;
}

void delayed_path::lose_if(std::function<bool(const segment&)> lost) {
    const std::lock_guard lock(mutex_);
    lose_ = std::move(lost);
}

path_report delayed_path::report() {
    const std::lock_guard lock(mutex_);
    path_report r{.connections = flows_.size()};
    for (const auto& [key, f] : flows_) {
        r.crossed += f.crossed ? 1 : 0;
        r.unanswered += f.unanswered_at_end ? 1 : 0;
    }
    return r;
}

// The path is to keep its time on a busy machine too; where it may not, tests have slack.
void delayed_path::carry() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const sched_param first{.sched_priority = 1};
    static_cast<void>(::sched_setscheduler(0, SCHED_FIFO, &first));
    std::array<pollfd, 2> on{pollfd{tun_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    for (;;) {
        const auto wait = under_way_.empty() ? 1h : std::max<clock::duration>(under_way_.front().due - clock::now(), 0ns);
        const auto ns = std::chrono::nanoseconds(wait).count();
        const timespec limit{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
        ::ppoll(on.data(), on.size(), &limit, nullptr);
        if (on[1].revents != 0) return;
        take_all();
        give_due();
    }
}

void delayed_path::take_all() {
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t n = ::read(tun_, buffer.data(), buffer.size());
        if (n < 0) return;
        packet p{.due = clock::now() + one_way_, .what = {}, .bytes = {buffer.data(), buffer.data() + n}};
        p.what = parse(p.bytes);
        if (p.what && !enters(p.what->first, p.what->second)) continue;
        under_way_.push_back(std::move(p));
    }
}

// Exchanging the addresses leaves the checksums right.
void delayed_path::give_due() {
    while (!under_way_.empty() && under_way_.front().due <= clock::now()) {
        packet& p = under_way_.front();
        if (p.bytes.size() >= sizeof(iphdr) && (p.bytes[0] >> 4) == 4) {
            iphdr ip;
            std::memcpy(&ip, p.bytes.data(), sizeof ip);
            std::swap(ip.saddr, ip.daddr);
            std::memcpy(p.bytes.data(), &ip, sizeof ip);
            if (p.what) arrives(p.what->first, p.what->second);
            static_cast<void>(::write(tun_, p.bytes.data(), p.bytes.size()));
        }
        under_way_.pop_front();
    }
}

// Who sent the first SYN is the client.
std::optional<std::pair<delayed_path::flow_key, segment>> delayed_path::parse(const std::vector<char>& bytes) {
    if (bytes.size() < sizeof(iphdr) || (bytes[0] >> 4) != 4) return std::nullopt;
    iphdr ip;
    std::memcpy(&ip, bytes.data(), sizeof ip);
    const std::size_t head = std::size_t{ip.ihl} * 4;
    if (ip.protocol != IPPROTO_TCP || bytes.size() < head + sizeof(tcphdr)) return std::nullopt;
    tcphdr tcp;
    std::memcpy(&tcp, bytes.data() + head, sizeof tcp);
    flow_key key{ntohs(tcp.source), ntohs(tcp.dest)};
    const std::lock_guard lock(mutex_);
    const bool from_server = flows_.contains({key.second, key.first});
    if (from_server) std::swap(key.first, key.second);
    if (!from_server && tcp.syn != 0) flows_[key] = {};  // a port that is used again is another connection
    return std::pair(key, segment{.from_server = from_server,
                                  .syn = tcp.syn != 0,
                                  .fin = tcp.fin != 0,
                                  .rst = tcp.rst != 0,
                                  .ack = tcp.ack != 0,
                                  .payload = bytes.size() - head - std::size_t{tcp.doff} * 4,
                                  .client_port = key.first});
}

bool delayed_path::enters(const flow_key& key, const segment& s) {
    const std::lock_guard lock(mutex_);
    flow& f = flows_[key];
    if (s.from_server) {
        if (s.payload > small_payload) f.unanswered = false;
        if ((s.fin || s.rst) && !f.ended) {
            f.ended = true;
            f.unanswered_at_end = f.unanswered;
        }
    }
    return !f.forgotten && (!lose_ || !lose_(s));
}

void delayed_path::arrives(const flow_key& key, const segment& s) {
    const std::lock_guard lock(mutex_);
    flow& f = flows_[key];
    if (s.from_server || s.payload <= small_payload) return;
    f.unanswered = true;
    if (f.ended) f.crossed = true;
}

}  // namespace hearth::test
