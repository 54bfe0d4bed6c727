#pragma once
// Clocks behind a seam, so that tests make time.
#include "bus/base/time.hpp"

namespace vera::host {

class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    /// Wall clock, UTC.
    [[nodiscard]] virtual Timestamp wall() = 0;
    /// Since boot, counting suspend; never jumps.
    [[nodiscard]] virtual Millis boot() = 0;
};

/// The machine's clocks. Any thread.
[[nodiscard]] Clock& system_clock();

/// VeRA time: starts at the later of the wall clock and the last durable stamp, then follows the
/// boot clock alone. Any thread.
class VeraClock {
public:
    VeraClock(Clock& clock, Timestamp last_stamp);
    [[nodiscard]] Timestamp now() const { return start_ + (clock_.boot() - boot_at_start_); }
    /// Wall clock minus VeRA time: a step of the wall clock shows here.
    [[nodiscard]] Millis wall_ahead() const { return clock_.wall() - now(); }

private:
    Clock& clock_;
    Timestamp start_;
    Millis boot_at_start_;
};

}  // namespace vera::host
