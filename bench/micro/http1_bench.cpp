// What it costs to write a request head and to read a small response; Boost.Beast's parser for comparison.
#include "fixtures/messages.hpp"
#include "http1/keep_alive_hint.hpp"
#include "http1/request_writer.hpp"
#include "http1/response_reader.hpp"

#include <benchmark/benchmark.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <string>
#include <string_view>

namespace {

namespace http = boost::beast::http;
using namespace hearth;
using bench::get_request;
using bench::nginx_response;
using bench::read_whole;

std::string chunked_response(std::size_t chunks, std::size_t chunk_size) {
    std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 0; i != chunks; ++i) {
        text += http1::chunk_header(chunk_size).view();
        text.append(chunk_size, 'x');
        text += http1::chunk_end;
    }
    return text += http1::last_chunk;
}

void validate_get(benchmark::State& state) {
    get_request request;
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(http1::validate(request.spec, request.plan));
}
BENCHMARK(validate_get);

void write_get(benchmark::State& state) {
    get_request request;
    if (http1::validate(request.spec, request.plan)) state.SkipWithError("refused");
    std::string out;
    for ([[maybe_unused]] auto _ : state) {
        out.clear();
        http1::write(request.spec, request.plan, out);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(write_get);

// `kept`: the message's memory is reused, as for one connection after another; else it is new each time.
void read_nginx(benchmark::State& state) {
    const bool kept = state.range(0) != 0;
    http1::response_message message;
    http1::response_reader reader;
    for ([[maybe_unused]] auto _ : state) {
        if (!kept) message = {};
        reader.start(message, {}, {});
        if (!read_whole(reader, nginx_response)) state.SkipWithError("not read");
        benchmark::DoNotOptimize(http1::may_reuse(reader.facts(), {.request_written = true, .response_complete = true}));
    }
}
BENCHMARK(read_nginx)->ArgName("kept")->Arg(0)->Arg(1);

void read_keep_alive_hint(benchmark::State& state) {
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(http1::parse_keep_alive("timeout=75, max=1000"));
}
BENCHMARK(read_keep_alive_hint);

void read_chunks(benchmark::State& state) {
    const std::string text = chunked_response(100, static_cast<std::size_t>(state.range(0)));
    http1::response_message message;
    http1::response_reader reader;
    for ([[maybe_unused]] auto _ : state) {
        reader.start(message, {}, {});
        if (!read_whole(reader, text)) state.SkipWithError("not read");
    }
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(read_chunks)->ArgName("bytes")->Arg(16)->Arg(8192);

// Beast's basic_parser with the least behind it: the fields go into hearth::headers, the body nowhere.
class beast_parser : public http::basic_parser<false> {
public:
    explicit beast_parser(http1::response_message& into) : into_(into) {
        eager(true);
        body_limit(boost::none);
    }

private:
    using view = boost::beast::string_view;
    using code = boost::beast::error_code;
    static std::string_view plain(view s) { return {s.data(), s.size()}; }

    void on_request_impl(http::verb, view, view, int, code&) override {}
    void on_response_impl(int status, view reason, int version, code&) override {
        into_.status = status;
        into_.minor = version == 11 ? 1 : 0;
        into_.reason.assign(reason.data(), reason.size());
    }
    void on_field_impl(http::field, view name, view value, code&) override { into_.fields.add(plain(name), plain(value)); }
    void on_header_impl(code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, code&) override {}
    std::size_t on_body_impl(view body, code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, view, code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, view body, code&) override { return body.size(); }
    void on_finish_impl(code&) override {}

    http1::response_message& into_;
};

void read_nginx_with_beast(benchmark::State& state) {
    http1::response_message message;
    for ([[maybe_unused]] auto _ : state) {
        message.clear();
        beast_parser parser(message);
        boost::beast::error_code error;
        parser.put(boost::asio::buffer(nginx_response.data(), nginx_response.size()), error);
        if (error || !parser.is_done()) state.SkipWithError("not read");
        benchmark::DoNotOptimize(parser.keep_alive());
    }
}
BENCHMARK(read_nginx_with_beast);

}  // namespace

BENCHMARK_MAIN();
