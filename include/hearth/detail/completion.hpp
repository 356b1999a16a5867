// A caller's handler on its way through compiled code. Not for users.
#pragma once

#include <hearth/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hearth::detail {

using failure_ptr = std::shared_ptr<const failure>;

/// Any handler for (failure_ptr, results...); a null failure means success. Called at most once, by complete(); destroyed
/// uncalled otherwise. Unlike asio::any_completion_handler it knows its handler's executor by type, so that a handler that
/// wants to run where the caller runs already is called with nothing in between.
template <class... Results>
class completion {
public:
    completion() noexcept = default;
    /// `Throws`: the handler takes (std::exception_ptr, results...), else (error_code, results...).
    template <bool Throws, class Handler>
    [[nodiscard]] static completion of(Handler handler) {
        completion made;
        made.held_.reset(holder<Throws, Handler>::make(std::move(handler)));
        return made;
    }

    [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }
    /// Where the caller's cancellation comes from.
    [[nodiscard]] boost::asio::cancellation_slot slot() const noexcept { return held_->slot(); }
    /// Calls the handler on its executor; at once if that is `home`, which the caller is on, or none.
    void complete(const boost::asio::any_io_executor& home, failure_ptr f, Results... results) && {
        held_.release()->complete(home, std::move(f), std::move(results)...);
    }

private:
    struct held {
        virtual ~held() = default;
        [[nodiscard]] virtual boost::asio::cancellation_slot slot() const noexcept = 0;
        /// Both end its life.
        virtual void complete(const boost::asio::any_io_executor& home, failure_ptr f, Results... results) = 0;
        virtual void discard() noexcept = 0;
    };
    struct discarding {
        void operator()(held* h) const noexcept { h->discard(); }
    };
    template <bool Throws, class Handler>
    class holder;

    std::unique_ptr<held, discarding> held_;
};

template <class... Results>
template <bool Throws, class Handler>
class completion<Results...>::holder final : public held {
    using wanted = boost::asio::associated_allocator_t<Handler, boost::asio::recycling_allocator<void>>;
    using allocator = typename std::allocator_traits<wanted>::template rebind_alloc<holder>;

    static allocator allocator_of(const Handler& h) noexcept {
        return allocator(boost::asio::get_associated_allocator(h, boost::asio::recycling_allocator<void>()));
    }

public:
    explicit holder(Handler&& handler) : handler_(std::move(handler)) {}

    [[nodiscard]] static holder* make(Handler&& handler) {
        auto from = allocator_of(handler);
        // Freed if the handler's move throws.
        struct block {
            allocator& from;
            holder* at;
            ~block() {
                if (at != nullptr) from.deallocate(at, 1);
            }
        } room{from, from.allocate(1)};
        holder* const made = ::new (static_cast<void*>(room.at)) holder(std::move(handler));
        room.at = nullptr;
        return made;
    }

    [[nodiscard]] boost::asio::cancellation_slot slot() const noexcept override {
        return boost::asio::get_associated_cancellation_slot(handler_);
    }

    void complete(const boost::asio::any_io_executor& home, failure_ptr f, Results... results) override {
        auto executor = boost::asio::get_associated_executor(handler_, home);
        Handler handler(std::move(handler_));
        discard();  // its memory is the handler's to use again
        if (is_home(executor, home)) return call(handler, f, results...);
        boost::asio::dispatch(executor, [handler = std::move(handler), f = std::move(f),
                                         packed = std::make_tuple(std::move(results)...)]() mutable {
            std::apply([&](auto&... each) { call(handler, f, each...); }, packed);
        });
    }

    void discard() noexcept override {
        auto from = allocator_of(handler_);
        this->~holder();
        from.deallocate(this, 1);
    }

private:
    template <class Executor>
    [[nodiscard]] static bool is_home(const Executor& executor, const boost::asio::any_io_executor& home) noexcept {
        if constexpr (std::is_same_v<Executor, boost::asio::any_io_executor>) {
            return executor == home;
        } else {
            const Executor* const same = home.target<Executor>();
            return same != nullptr && *same == executor;
        }
    }

    static void call(Handler& handler, const failure_ptr& f, Results&... results) {
        if constexpr (Throws) {
            std::move(handler)(f ? std::make_exception_ptr(error(*f)) : std::exception_ptr(), std::move(results)...);
        } else {
            std::move(handler)(f ? f->code : error_code(), std::move(results)...);
        }
    }

    Handler handler_;
};

}  // namespace hearth::detail
