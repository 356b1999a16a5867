// Refuses options that cannot work.
#include "testing/fates.hpp"
#include "values/text.hpp"

#include <hearth/error.hpp>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
    throw error(errc::invalid_option, values::concat("faulty_origin: ", parts...));
}

std::string text(milliseconds d) { return values::to_words(d); }

void check_range(std::string_view name, milliseconds value, milliseconds least, milliseconds most) {
    if (value < least || value > most)
        refuse(name, " is ", value.count(), " ms; it must be from ", text(least), " to ", text(most));
}

void check_fault(const fault& f, const faulty_origin_options& o) {
    if (static_cast<std::size_t>(f.kind) >= fault_kinds) refuse("there is no fault number ", static_cast<int>(f.kind));
    const fault_traits& its = traits_of(f.kind);
    const std::string name = values::concat("fault ", its.name);
    if (f.weight < 1 || f.weight > 1'000'000) refuse(name, ": weight is ", f.weight, "; it must be from 1 to 1000000");
    check_range(name + ": time", f.time, 0ms, 24h);
    if (f.time > 0ms && !its.has_time) refuse(name, " has no time");
    if (f.count > 0 && !its.has_count) refuse(name, " has no count");
    if (its.needs_tls && !o.tls && o.certificate.empty()) refuse(name, " needs TLS");
    if (its.needs_tcp && !o.socket_path.empty()) refuse(name, " needs TCP; on a unix socket nothing is ever lost");
    const milliseconds time = f.time > 0ms ? f.time : o.idle_timeout;
    if (its.when == moment::idle && time <= 0ms) refuse(name, ": say when, by its time or by idle_timeout");
    if (!f.in_flight) return;
    if (!its.in_flight) refuse(name, ": cannot be in flight");
    if (!o.socket_path.empty()) refuse(name, ": in_flight needs TCP; on a unix socket nothing is ever in flight");
    if (o.in_flight >= time)
        refuse(name, ": in_flight is ", text(o.in_flight), "; it must be shorter than the ", text(time), " it comes before");
}

}  // namespace

void check(const faulty_origin_options& o) {
    check_range("idle_timeout", o.idle_timeout, 0ms, 24h);
    check_range("restart_every", o.restart_every, 0ms, 24h);
    check_range("restart_downtime", o.restart_downtime, 0ms, 24h);
    check_range("patience", o.patience, 1ms, 24h);
    check_range("in_flight", o.in_flight, 1ms, 10s);
    if (o.told_timeout && (*o.told_timeout < 0s || *o.told_timeout > 1'000'000s))
        refuse("told_timeout is ", o.told_timeout->count(), " s; it must be from 0 to 1000000 s");
    if (o.certificate.empty() != o.key.empty()) refuse("certificate and key go together; one of them is empty");
    if (o.work < 0us || o.work > 1h) refuse("work is ", o.work.count(), " us; it must be from 0 to 1 h");
    if (o.max_connections < 1) refuse("max_connections is 0; it must be at least 1");
    if (o.faults.size() > 1'000) refuse("faults has ", o.faults.size(), " entries; it may have 1000");
    for (const fault& f : o.faults) check_fault(f, o);
}

}  // namespace hearth::testing
