#include "pool/waiting_line.hpp"

namespace hearth::pool {

void waiting_line::push_back(waiters& in, slot w) {
    all_.push_back(in, w);
    if (!in[w].wants.fresh) takers_.push_back(in, w);
    if (uncovered_ == nil && size() > dials_) uncovered_ = w;
}

void waiting_line::push_front(waiters& in, slot w) {
    all_.push_front(in, w);
    if (!in[w].wants.fresh) takers_.push_front(in, w);
    if (uncovered_ != nil) {
        uncovered_ = in[uncovered_].in_line.prev;
    } else if (size() > dials_) {
        uncovered_ = all_.tail();
    }
}

void waiting_line::erase(waiters& in, slot w) {
    if (uncovered_ != nil && in[w].place <= in[uncovered_].place) uncovered_ = in[uncovered_].in_line.next;
    all_.erase(in, w);
    if (!in[w].wants.fresh) takers_.erase(in, w);
}

void waiting_line::add_dial(const waiters& in) {
    ++dials_;
    if (uncovered_ != nil) uncovered_ = in[uncovered_].in_line.next;
}

void waiting_line::remove_dial(const waiters& in) {
    --dials_;
    if (uncovered_ != nil) {
        uncovered_ = in[uncovered_].in_line.prev;
    } else if (size() > dials_) {
        uncovered_ = all_.tail();
    }
}

}  // namespace hearth::pool
