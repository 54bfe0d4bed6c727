#pragma once
// When memory that a burst has left unused is given back: by the clock, however often the thread
// wakes for other reasons (a watchdog's question, a signal). No clock of its own.
#include "bus/base/time.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace vera::ops {

/// Thread: one.
class SpareMemory {
public:
    using Clock = std::chrono::steady_clock;
    /// A burst is over by then, or goes on: then giving back costs little.
    static constexpr Millis every{30'000};

    SpareMemory(std::function<void()> give_back, Clock::time_point now)
        : give_back_(std::move(give_back)),
          next_(now + every) {}

    /// How long until the next call at most.
    Millis look(Clock::time_point now) {
        if (now >= next_) {
            give_back_();
            next_ = now + every;
        }
        return std::chrono::ceil<Millis>(next_ - now);
    }

private:
    const std::function<void()> give_back_;
    Clock::time_point next_;
};

}  // namespace vera::ops
