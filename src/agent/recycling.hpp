// What every request needs for a moment, used again and again: it spares malloc's slower paths.
#pragma once

#include "values/sanitizers.hpp"

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace hearth::detail {

/// Off under AddressSanitizer, which would see less.
inline constexpr bool recycles = !values::address_sanitizer;

/// A thread's own stack of up to 64 things that are not in use. What one thread has made another may leave in its own.
template <class T, class Tag = T>
class spares {
public:
    /// Whether there was one.
    [[nodiscard]] static bool take(T& into) noexcept {
        spares* const mine = here();
        if (mine == nullptr || mine->kept_ == 0) return false;
        into = std::move(mine->items_[--mine->kept_]);
        return true;
    }
    /// Whether there was room.
    static bool leave(T&& item) noexcept {
        spares* const mine = here();
        if (mine == nullptr || mine->kept_ == kept_max) return false;
        mine->items_[mine->kept_++] = std::move(item);
        return true;
    }

    ~spares() {
        gone_ = true;
        if constexpr (requires { Tag::drop(items_[0]); }) {
            while (kept_ > 0) Tag::drop(items_[--kept_]);
        }
    }
    spares(const spares&) = delete;
    spares& operator=(const spares&) = delete;

private:
    static constexpr std::size_t kept_max = 64;

    spares() = default;
    // Null once the thread's own objects have been destroyed: static ones may come later.
    [[nodiscard]] static spares* here() {
        if (!recycles || gone_) return nullptr;
        static thread_local spares mine;
        return &mine;
    }

    static inline thread_local bool gone_ = false;
    std::size_t kept_ = 0;
    std::array<T, kept_max> items_{};
};

/// Memory for objects of one size.
template <std::size_t Size>
class block_cache {
public:
    [[nodiscard]] static void* allocate() {
        void* block = nullptr;
        return spares<void*, block_cache>::take(block) ? block : ::operator new(Size);
    }
    static void deallocate(void* block) noexcept {
        if (!spares<void*, block_cache>::leave(std::move(block))) drop(block);
    }
    static void drop(void* block) noexcept { ::operator delete(block); }
};

/// The same as an allocator, for single objects.
template <class T>
struct recycling {
    using value_type = T;
    recycling() = default;
    template <class U>
    recycling(const recycling<U>&) noexcept {}
    [[nodiscard]] T* allocate(std::size_t) { return static_cast<T*>(block_cache<sizeof(T)>::allocate()); }
    void deallocate(T* p, std::size_t) noexcept { block_cache<sizeof(T)>::deallocate(p); }
    template <class U>
    [[nodiscard]] bool operator==(const recycling<U>&) const noexcept {
        return true;
    }
};

/// Base of what is made and destroyed with every request.
template <class Derived>
struct recycled {
    [[nodiscard]] static void* operator new(std::size_t) { return block_cache<sizeof(Derived)>::allocate(); }
    static void operator delete(void* p) noexcept { block_cache<sizeof(Derived)>::deallocate(p); }
};

}  // namespace hearth::detail
