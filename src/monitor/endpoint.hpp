// The monitor's server: a thread, a listening socket, and who comes.
#pragma once

#include "agent/watch.hpp"

#include <hearth/monitor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace hearth::detail {

/// Any thread.
class endpoint {
public:
    /// As monitor's.
    explicit endpoint(monitor_options options);
    ~endpoint();
    endpoint(const endpoint&) = delete;
    endpoint& operator=(const endpoint&) = delete;

    void watch(std::string name, std::vector<std::shared_ptr<watched>> parts);
    [[nodiscard]] std::string url() const;

private:
    class server;
    std::unique_ptr<server> server_;
};

}  // namespace hearth::detail
