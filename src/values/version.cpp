#include <hearth/version.hpp>

#ifndef HEARTH_VERSION
#error "HEARTH_VERSION is not defined: the build gives it, as a string"
#endif

namespace hearth {

std::string_view version() noexcept { return HEARTH_VERSION; }

}  // namespace hearth
