// Which sanitizer this was compiled with, for g++ and clang++.
#pragma once

namespace hearth::values {

#if defined(__has_feature)
#define HEARTH_HAS_FEATURE(name) __has_feature(name)
#else
#define HEARTH_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HEARTH_HAS_FEATURE(address_sanitizer)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__) || HEARTH_HAS_FEATURE(thread_sanitizer)
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif
#if HEARTH_HAS_FEATURE(memory_sanitizer)
inline constexpr bool memory_sanitizer = true;
#else
inline constexpr bool memory_sanitizer = false;
#endif

#undef HEARTH_HAS_FEATURE

}  // namespace hearth::values
