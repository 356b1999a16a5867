#include "support/apache.hpp"

#include <csignal>
#include <filesystem>
#include <sstream>

namespace hearth::test {

apache::apache(const apache_options& options) {
    process_.write("answer.lua",
                   "function handle(r)\n"
                   "  local id = r.headers_in['x-request-id'] or '-'\n"
                   "  local books = io.open('" +
                       process_.path_of("books") +
                       "', 'a')\n"
                       "  books:write(r.method .. ' ' .. id .. '\\n')\n"
                       "  books:close()\n"
                       "  r.content_type = 'text/plain'\n"
                       "  r:write(id)\n"
                       "  return apache2.OK\n"
                       "end\n");
    process_.write("books", "");
    using std::filesystem::perms;
    std::filesystem::permissions(process_.path_of("books"), perms::others_write, std::filesystem::perm_options::add);

    std::ostringstream text;
    text << "ServerRoot " << process_.folder().string() << "\nServerName localhost\nPidFile pid\nErrorLog error.log\n"
         << "Listen 127.0.0.1:" << process_.port() << '\n';
    for (const char* module : {"mpm_event", "authz_core", "lua"})
        text << "LoadModule " << module << "_module /usr/lib/apache2/modules/mod_" << module << ".so\n";
    // Does nothing where it is not started as root.
    text << "User www-data\nGroup www-data\n"
         << "StartServers 2\nServerLimit 8\nThreadsPerChild 32\nMaxRequestWorkers 256\n"
         << "KeepAlive On\nKeepAliveTimeout " << options.keep_alive_timeout << "\nMaxKeepAliveRequests "
         << options.max_keep_alive_requests << "\nTimeout 60\nGracefulShutdownTimeout 60\nAcceptFilter http none\n"
         << "LuaMapHandler ^ " << process_.path_of("answer.lua") << " handle\n";
    process_.write("apache.conf", text.str());
    start();
}

void apache::start() {
    process_.start(
        {program, "-D", "FOREGROUND", "-f", process_.path_of("apache.conf"), "-E", process_.path_of("error.log")});
}

void apache::restart_gracefully() { process_.send_signal(SIGUSR1); }

void apache::kill_and_start() {
    process_.kill();
    start();
}

}  // namespace hearth::test
