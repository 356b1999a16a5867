// An origin in a process of its own, whose memory and descriptors are not this one's.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hearth::test {

/// REQUIRES: this process has one thread.
class forked_origin {
public:
    explicit forked_origin(testing::faulty_origin_options options) {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe failed");
        child_ = ::fork();
        if (child_ == 0) serve(std::move(options), pipe[1]);
        ::close(pipe[1]);
        std::string told;
        std::array<char, 4096> some{};
        for (ssize_t n = 0; (n = ::read(pipe[0], some.data(), some.size())) > 0;)
            told.append(some.data(), static_cast<std::size_t>(n));
        ::close(pipe[0]);
        const std::size_t line = told.find('\n');
        if (child_ < 0 || line == std::string::npos) throw std::runtime_error("the origin did not start");
        url_ = told.substr(0, line);
        certificate_ = told.substr(line + 1);
    }
    ~forked_origin() { kill(); }
    forked_origin(const forked_origin&) = delete;
    forked_origin& operator=(const forked_origin&) = delete;

    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
    /// Its kernel closes all its connections.
    void kill() noexcept {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = 0;
    }

private:
    [[noreturn]] static void serve(testing::faulty_origin_options options, int to) try {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const testing::faulty_origin origin(std::move(options));
        const std::string told = origin.url() + "\n" + origin.certificate();
        if (::write(to, told.data(), told.size()) != static_cast<ssize_t>(told.size())) ::_exit(1);
        ::close(to);
        for (;;) ::pause();
    } catch (...) {
        ::_exit(1);
    }

    pid_t child_ = -1;
    std::string url_;
    std::string certificate_;
};

}  // namespace hearth::test
