// Memory of one size, used again and again.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace hearth::detail {

/// Keeps the blocks that a thread has freed last for those that it wants next: what every request allocates is too large for
/// malloc's own fast path. A block may be freed by another thread than made it. Off under AddressSanitizer, which would see
/// less.
template <std::size_t Size>
class block_cache {
public:
    [[nodiscard]] static void* allocate() {
        if (block_cache* const mine = here(); mine != nullptr && mine->kept_ > 0) return mine->blocks_[--mine->kept_];
        return ::operator new(Size);
    }
    static void deallocate(void* block) noexcept {
        block_cache* const mine = here();
        if (mine == nullptr || mine->kept_ == kept_max) return ::operator delete(block, Size);
        mine->blocks_[mine->kept_++] = block;
    }

    block_cache(const block_cache&) = delete;
    block_cache& operator=(const block_cache&) = delete;

private:
    static constexpr std::size_t kept_max = 64;

    block_cache() = default;
    ~block_cache() {
        gone_ = true;
        while (kept_ > 0) ::operator delete(blocks_[--kept_], Size);
    }

    // Null once the thread's own objects have been destroyed: static ones may come later.
    [[nodiscard]] static block_cache* here() {
#if defined(__SANITIZE_ADDRESS__)
        return nullptr;
#else
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
        return nullptr;
#endif
#endif
        if (gone_) return nullptr;
        static thread_local block_cache mine;
        return &mine;
#endif
    }

    static inline thread_local bool gone_ = false;
    std::size_t kept_ = 0;
    std::array<void*, kept_max> blocks_;
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
