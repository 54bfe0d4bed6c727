#pragma once
// When a supervisor's watchdog is fed: each time the core has answered a question, and never from a
// timer alone, so that a bus that stands still is ended. No clock of its own.
#include "bus/base/time.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace vera::ops {

/// Thread: one.
class CoreWatch {
public:
    using Clock = std::chrono::steady_clock;
    /// Asks four times within `period`, one question at a time.
    CoreWatch(Millis period, std::function<void()> ask, std::function<void()> feed)
        : every_(period / 4),
          ask_(std::move(ask)),
          feed_(std::move(feed)) {}

    /// `has_answered`: the core has, since the last call. How long until the next call at most.
    Millis look(bool has_answered, Clock::time_point now);

private:
    const Millis every_;
    const std::function<void()> ask_;
    const std::function<void()> feed_;
    bool is_asked_ = false;
    Clock::time_point next_{};
};

}  // namespace vera::ops
