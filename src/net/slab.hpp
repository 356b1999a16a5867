// Memory for objects that live long, side by side.
//
// A connection idles for minutes; what its requests and its handshake needed is gone in milliseconds. Allocated in turn they
// would share pages, and one small object that stays keeps a page whose rest is free: several times its own size.
#pragma once

#include "values/sanitizers.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

namespace hearth::net {

/// The objects of T, in chunks that are freed when they are empty. Any thread. Under a sanitizer each object has memory of
/// its own, so that its use after its end is seen.
template <class T>
class slab_allocated {
public:
    // NOLINTNEXTLINE(misc-new-delete-overloads): the sized delete below is its counterpart
    static void* operator new(std::size_t size) {
        if (separate || size != sizeof(T)) return ::operator new(size);
        return memory().take();
    }
    static void operator delete(void* p, std::size_t size) noexcept {
        if (separate || size != sizeof(T)) return ::operator delete(p);
        memory().give_back(p);
    }

    /// Whether each object has memory of its own: under sanitizers, which would see less.
    static constexpr bool separate = values::address_sanitizer || values::thread_sanitizer;

protected:
    ~slab_allocated() = default;

private:
    static constexpr std::size_t chunk_size = 16 * 1024;  // and its alignment: an object finds its chunk by its address

    class slab {
    public:
        void* take() {
            const std::lock_guard lock(mutex_);
            if (with_room_.empty()) with_room_.push_back(*new (std::align_val_t(chunk_size)) chunk);
            chunk& from = with_room_.front();
            cell* const taken = from.free;
            from.free = taken->next;
            ++from.used;
            if (from.free == nullptr) with_room_.pop_front();
            return taken;
        }
        void give_back(void* p) noexcept {
            const std::lock_guard lock(mutex_);
            auto& to = *reinterpret_cast<chunk*>(reinterpret_cast<std::uintptr_t>(p) & ~(chunk_size - 1));
            // Chunks that were full come first: those with more room have a chance to become empty.
            if (to.free == nullptr) with_room_.push_front(to);
            to.free = new (p) cell{to.free};
            if (--to.used > 0) return;
            with_room_.erase(with_room_.iterator_to(to));
            ::operator delete(&to, std::align_val_t(chunk_size));
        }

    private:
        struct cell {
            cell* next;
        };
        struct alignas(std::max_align_t) header : boost::intrusive::list_base_hook<> {
            cell* free = nullptr;
            std::size_t used = 0;
        };
        static constexpr std::size_t room = (chunk_size - sizeof(header)) / sizeof(T);
        static_assert(room >= 8 && alignof(T) <= alignof(std::max_align_t) && sizeof(T) >= sizeof(cell));
        struct chunk : header {
            chunk() {
                for (std::size_t i = room; i > 0; --i) this->free = new (objects + (i - 1) * sizeof(T)) cell{this->free};
            }
            alignas(std::max_align_t) std::byte objects[room * sizeof(T)];
        };
        static_assert(sizeof(chunk) <= chunk_size);

        std::mutex mutex_;
        boost::intrusive::list<chunk> with_room_;
    };

    static slab& memory() {
        static slab* const all = new slab;  // never destroyed: objects may be, later
        return *all;
    }
};

}  // namespace hearth::net
