// The parts of a request's path that know no sockets.
#include "instructions/scenarios.hpp"

#include "fixtures/full_pool.hpp"
#include "fixtures/messages.hpp"

#include <stdexcept>
#include <string>

namespace bench {

void pool_exchanges(std::size_t origins, std::size_t times) {
    full_pool pool(origins, origins);
    std::size_t at = 0;
    const auto run = [&](std::size_t n) {
        for (; n > 0; --n) {
            pool.exchange(at);
            if (++at == origins) at = 0;
        }
    };
    run(warm_up);
    counted([&] { run(times); });
}

void request_writes(std::size_t times) {
    get_request request;
    std::string out;
    const auto run = [&](std::size_t n) {
        for (; n > 0; --n) {
            out.clear();
            if (hearth::http1::validate(request.spec, request.plan)) throw std::logic_error("the request was refused");
            hearth::http1::write(request.spec, request.plan, out);
        }
    };
    run(warm_up);
    counted([&] { run(times); });
}

void response_reads(std::size_t times) {
    hearth::http1::response_message message;
    hearth::http1::response_reader reader;
    const auto run = [&](std::size_t n) {
        for (; n > 0; --n) {
            reader.start(message, {}, {});
            if (!read_whole(reader, nginx_response)) throw std::logic_error("the response was not read");
        }
    };
    run(warm_up);
    counted([&] { run(times); });
}

}  // namespace bench
