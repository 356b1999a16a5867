#include "names.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

namespace {

struct {
    std::mutex mutex;
    std::condition_variable changed;
    std::string moving_to = "127.0.0.1";
    bool is_slow = false;
    int begun = 0;
} names;

using lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

// Takes the place of the C library's own, which it calls.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
    static const auto real = reinterpret_cast<lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    const std::string_view asked = name != nullptr ? name : "";
    if (asked == "slow.test") {
        std::unique_lock lock(names.mutex);
        ++names.begun;
        names.changed.wait(lock, [] { return !names.is_slow; });
        return EAI_NONAME;
    }
    if (asked != "moving.test") return real(name, service, hints, found);
    const std::string address = [] {
        const std::lock_guard lock(names.mutex);
        return names.moving_to;
    }();
    addrinfo numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    return real(address.c_str(), service, &numeric, found);
}

namespace hearth::test {

void move_to(const std::string& address) {
    const std::lock_guard lock(names.mutex);
    names.moving_to = address;
}

slow_lookup::slow_lookup() {
    const std::lock_guard lock(names.mutex);
    names.is_slow = true;
}

slow_lookup::~slow_lookup() {
    const std::lock_guard lock(names.mutex);
    names.is_slow = false;
    names.changed.notify_all();
}

int slow_lookup::begun() {
    const std::lock_guard lock(names.mutex);
    return names.begun;
}

}  // namespace hearth::test
