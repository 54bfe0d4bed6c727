#include "bus/ops/core_watch.hpp"

#include <algorithm>

namespace vera::ops {

Millis CoreWatch::look(bool has_answered, Clock::time_point now) {
    constexpr Millis shortest{1};
    if (has_answered && is_asked_) {
        is_asked_ = false;
        feed_();
    }
    if (is_asked_) return std::max(every_, shortest);  // nothing to do until it answers
    if (now >= next_) {
        is_asked_ = true;
        next_ = now + every_;
        ask_();
    }
    return std::max(std::chrono::ceil<Millis>(next_ - now), shortest);
}

}  // namespace vera::ops
