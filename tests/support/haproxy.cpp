#include "support/haproxy.hpp"

#include <sstream>

namespace hearth::test {

haproxy::haproxy(const haproxy_options& options) {
    std::ostringstream text;
    text << "global\n maxconn 2000\n"
         << "defaults\n mode http\n timeout connect 20s\n timeout client 60s\n timeout server 60s\n"
         << " timeout http-keep-alive " << options.keep_alive_timeout << "\n timeout http-request "
         << options.request_timeout << "\nfrontend front\n bind 127.0.0.1:" << process_.port() << "\n default_backend back\n"
         << "backend back\n server one 127.0.0.1:" << options.backend << '\n';
    process_.write("haproxy.cfg", text.str());
    // A master and a worker, in the foreground.
    process_.start({program, "-W", "-db", "-f", process_.path_of("haproxy.cfg")});
}

}  // namespace hearth::test
