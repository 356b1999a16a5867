#include "net/resolver.hpp"

#include "net/lookup_threads.hpp"
#include "net/socket.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace hearth::net {

namespace {

namespace asio = boost::asio;

constexpr std::size_t max_addresses = 32;  // kept of one name

// Lets the lookup threads post to a context only while it is there: a copy of an executor does not keep its context alive.
struct gate {
    std::mutex mutex;
    bool open = true;
};

// Shuts a context's gate before the context takes its queues apart.
class gate_service final : public asio::execution_context::service {
public:
    using key_type = gate_service;
    inline static asio::execution_context::id id;
    explicit gate_service(asio::execution_context& context) : service(context) {}

    [[nodiscard]] std::shared_ptr<gate> get() const { return gate_; }

private:
    void shutdown() override {
        const std::lock_guard lock(gate_->mutex);
        gate_->open = false;
    }
    std::shared_ptr<gate> gate_ = std::make_shared<gate>();
};

// Where the lookup threads leave answers for one resolver.
struct mailbox {
    std::shared_ptr<net::gate> gate;
    std::optional<asio::any_io_executor> executor;  // guarded by the gate's mutex; none once the resolver is gone

    template <class Handler>
    void post(Handler handler) {
        const std::lock_guard lock(gate->mutex);
        if (gate->open && executor) asio::post(*executor, std::move(handler));
    }
    void close() noexcept {
        const std::lock_guard lock(gate->mutex);
        executor.reset();
    }
};

// A lookup under way, for all who wait for it.
struct request;
struct flight {
    std::string host;
    std::chrono::nanoseconds started{0};
    std::vector<std::weak_ptr<request>> waiting{};
    std::size_t interested = 0;
    std::optional<asio::any_io_executor> work{};  // keeps the context running while anybody is interested
    // Read by the thread that takes the job: nobody's lookup need not be made.
    std::shared_ptr<std::atomic<bool>> wanted = std::make_shared<std::atomic<bool>>(true);
};

// What a ticket owns.
struct request {
    request(std::uint16_t to_port, resolver::handler on_done) : port(to_port), done(std::move(on_done)) {}
    ~request() { leave(); }
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    void join(std::shared_ptr<net::flight> f, const asio::any_io_executor& executor) {
        flight = std::move(f);
        if (flight->interested++ > 0) return;
        flight->work.emplace(asio::prefer(executor, asio::execution::outstanding_work.tracked));
        flight->wanted->store(true);
    }
    void leave() noexcept {
        const auto left = std::exchange(flight, nullptr);
        if (!left || --left->interested > 0) return;
        left->work.reset();
        left->wanted->store(false);
    }

    std::uint16_t port;
    resolver::handler done;
    std::shared_ptr<net::flight> flight;
};

[[nodiscard]] std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

void tidy(lookup_result& result) {
    auto& all = result.addresses;
    std::vector<endpoint> once;
    for (const auto& e : all) {
        if (once.size() < max_addresses && std::ranges::find(once, e) == once.end()) once.push_back(e);
    }
    all = std::move(once);
    interleave_families(all);
    if (!all.empty()) {
        result.code = {};
    } else if (result.code == errc{}) {
        result.code = errc::name_not_found;
        result.detail = "the name has no addresses";
    }
}

}  // namespace

struct resolver::state : std::enable_shared_from_this<state> {
    struct remembered {
        std::string host;
        std::vector<endpoint> addresses;
        std::chrono::nanoseconds until;
    };
    using entries = std::list<remembered>;

    state(asio::any_io_executor on, const dns_options& opts, lookup_function function)
        : executor(std::move(on)), options(opts), ask(std::make_shared<const lookup_function>(std::move(function))) {
        mail->gate = asio::use_service<gate_service>(asio::query(executor, asio::execution::context)).get();
        mail->executor = executor;
    }

    void close() noexcept;
    [[nodiscard]] const remembered* recall(const std::string& host, std::chrono::nanoseconds now);
    void remember(const std::string& host, const std::vector<endpoint>& addresses, std::chrono::nanoseconds until);
    void forget(const std::string& host);
    void join(const std::shared_ptr<request>& r, const std::string& host, std::chrono::nanoseconds now);
    void submit(const flight& f);
    void answered(const std::string& host, bool asked, const lookup_result& result);
    void finish(const flight& f, const lookup_result& result);
    void give(request& r, lookup_result result);

    asio::any_io_executor executor;
    dns_options options;
    std::shared_ptr<const lookup_function> ask;
    std::shared_ptr<mailbox> mail = std::make_shared<mailbox>();
    entries by_use{};  // the most recently used first
    std::unordered_map<std::string, entries::iterator> by_host{};
    std::unordered_map<std::string, std::shared_ptr<flight>> flights{};
    bool closed = false;
};

void resolver::state::close() noexcept {
    closed = true;
    mail->close();
    for (auto& [host, f] : flights) {
        f->work.reset();
        f->wanted->store(false);
    }
}

const resolver::state::remembered* resolver::state::recall(const std::string& host, std::chrono::nanoseconds now) {
    const auto found = by_host.find(host);
    if (found == by_host.end()) return nullptr;
    if (found->second->until <= now) {
        forget(host);
        return nullptr;
    }
    by_use.splice(by_use.begin(), by_use, found->second);
    return &by_use.front();
}

void resolver::state::remember(const std::string& host, const std::vector<endpoint>& addresses,
                               std::chrono::nanoseconds until) {
    forget(host);
    if (options.cache_size == 0 || options.cache_ttl.count() <= 0) return;
    by_use.push_front({host, addresses, until});
    by_host.emplace(host, by_use.begin());
    if (by_use.size() > options.cache_size) forget(std::string(by_use.back().host));
}

void resolver::state::forget(const std::string& host) {
    const auto found = by_host.find(host);
    if (found == by_host.end()) return;
    by_use.erase(found->second);
    by_host.erase(found);
}

void resolver::state::join(const std::shared_ptr<request>& r, const std::string& host, std::chrono::nanoseconds now) {
    auto& f = flights[host];
    const bool fresh = f == nullptr;
    if (fresh) f = std::make_shared<flight>(flight{.host = host});
    f->started = now;
    if (f->waiting.size() > 2 * f->interested + 16) std::erase_if(f->waiting, [](const auto& w) { return w.expired(); });
    f->waiting.push_back(r);
    r->join(f, executor);
    if (fresh) submit(*f);
}

void resolver::state::submit(const flight& f) {
    auto job = [mail = mail, ask = ask, wanted = f.wanted, host = f.host, self = weak_from_this()] {
        const bool asked = wanted->load();
        lookup_result result;
        if (asked) {
            result = (*ask)(host);
            tidy(result);
        }
        mail->post([self, host, asked, result = std::move(result)] {
            if (const auto alive = self.lock()) alive->answered(host, asked, result);
        });
    };
    if (run_on_lookup_thread(std::move(job))) return;
    asio::post(executor, [self = weak_from_this(), host = f.host] {
        const lookup_result busy{.code = errc::lookup_failed, .detail = "too many names are being looked up"};
        if (const auto alive = self.lock()) alive->answered(host, true, busy);
    });
}

void resolver::state::answered(const std::string& host, bool asked, const lookup_result& result) {
    const auto found = flights.find(host);
    if (closed || found == flights.end()) return;
    // Given up before a thread took it, and wanted again since.
    if (!asked && found->second->interested > 0) return submit(*found->second);
    const auto f = found->second;
    flights.erase(found);
    if (!asked) return;
    if (!result.addresses.empty()) remember(host, result.addresses, f->started + options.cache_ttl);
    finish(*f, result);
}

void resolver::state::finish(const flight& f, const lookup_result& result) {
    for (const auto& weak : f.waiting) {
        const auto r = weak.lock();
        if (!r) continue;
        r->leave();
        give(*r, result);
        if (closed) return;
    }
}

void resolver::state::give(request& r, lookup_result result) {
    for (auto& e : result.addresses) e.set_port(r.port);
    const auto done = std::exchange(r.done, nullptr);
    done(result);
}

resolver::resolver(asio::any_io_executor executor, const dns_options& options)
    : resolver(std::move(executor), options, system_lookup) {}

resolver::resolver(asio::any_io_executor executor, const dns_options& options, lookup_function ask)
    : state_(std::make_shared<state>(std::move(executor), options, std::move(ask))) {}

resolver::~resolver() { state_->close(); }

resolver::ticket resolver::lookup(const std::string& host, std::uint16_t port, std::chrono::nanoseconds mono_now,
                                  handler done) {
    const auto r = std::make_shared<request>(port, std::move(done));
    const auto name = lower(host);
    lookup_result known;
    if (const auto literal = parse_address(name, port)) {
        known.addresses.push_back(*literal);
    } else if (const auto* entry = state_->recall(name, mono_now)) {
        known.addresses = entry->addresses;
    } else {
        state_->join(r, name, mono_now);
        return r;
    }
    asio::post(state_->executor, [self = std::weak_ptr(state_), weak = std::weak_ptr(r), known = std::move(known)] {
        const auto alive = self.lock();
        const auto waiting = weak.lock();
        if (alive && waiting && !alive->closed) alive->give(*waiting, known);
    });
    return r;
}

void resolver::forget(const std::string& host) { state_->forget(lower(host)); }

std::size_t resolver::size() const noexcept { return state_->by_use.size(); }

void interleave_families(std::vector<endpoint>& addresses) {
    if (addresses.size() < 3) return;
    const auto first = addresses.front().address.ss_family;
    std::vector<endpoint> mixed;
    mixed.reserve(addresses.size());
    auto ours = addresses.begin();
    auto theirs = addresses.begin();
    const auto take = [&](auto& from, bool of_first) {
        from = std::find_if(from, addresses.end(),
                            [&](const endpoint& e) { return (e.address.ss_family == first) == of_first; });
        if (from != addresses.end()) mixed.push_back(*from++);
    };
    while (mixed.size() < addresses.size()) {
        take(ours, true);
        take(theirs, false);
    }
    addresses = std::move(mixed);
}

}  // namespace hearth::net
