#include "support/nginx.hpp"

#include <csignal>
#include <sstream>

namespace hearth::test {

nginx::nginx(const nginx_options& options) {
    const std::string folder = process_.folder().string();
    std::ostringstream text;
    text << "daemon off; worker_processes " << options.workers << "; pid pid; error_log error.log;\n"
         << "events { worker_connections 4096; }\nhttp {\n"
         << " log_format books '$request_method $http_x_request_id $status';\n"
         << " access_log " << (options.keep_books ? "books books" : "off") << ";\n"
         << " keepalive_timeout " << options.keepalive_timeout << ";\n keepalive_requests " << options.keepalive_requests
         << ";\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text << ' ' << kind << "_temp_path " << folder << '/' << kind << ";\n";
    text << " server {\n  listen 127.0.0.1:" << process_.port();
    if (!options.certificate.empty()) {
        scheme_ = "https";
        process_.write("certificate.pem", options.certificate);
        process_.write("key.pem", options.key);
        text << " ssl;\n  ssl_certificate " << folder << "/certificate.pem;\n  ssl_certificate_key " << folder << "/key.pem";
    }
    text << ";\n  location / { default_type text/plain; return 200 $http_x_request_id; }\n"
         << "  location /status { access_log off; stub_status; }\n }\n}\n";
    process_.write("nginx.conf", text.str());
    start();
}

void nginx::start() {
    process_.start({program, "-p", process_.folder().string(), "-e", process_.path_of("error.log"), "-c", "nginx.conf"});
}

void nginx::reload() { process_.send_signal(SIGHUP); }

void nginx::kill_and_start() {
    process_.kill();
    start();
}

void nginx::stop() { process_.stop(SIGQUIT); }

std::map<std::string, int> nginx::executed() const { return count_executions(process_.read("books")); }

}  // namespace hearth::test
