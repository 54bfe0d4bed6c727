#pragma once
// Clocks behind a seam, so that tests make time.
#include "bus/base/time.hpp"

#include <atomic>
#include <cstdint>
#include <string>

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
    /// Another one after each boot; empty if it is not known.
    [[nodiscard]] virtual std::string boot_id() { return {}; }
};

/// The machine's clocks. Any thread.
[[nodiscard]] Clock& system_clock();

/// What a run leaves behind, so that the next one of the same boot goes on with its time.
struct ClockNote {
    std::string boot_id;      ///< empty: there is none
    Millis ahead_of_boot{0};  ///< VeRA time minus boot clock
    friend bool operator==(const ClockNote&, const ClockNote&) = default;
};

/// What VeRA time began with.
enum class ClockSource : std::uint8_t {
    wall,        ///< the wall clock: a new store, or a boot and the clock says what it may say
    last_run,    ///< the last run's time and the boot clock since
    last_stamp,  ///< the last durable stamp: after a boot, with a wall clock not to be believed
};

struct ClockStart {
    Timestamp at;
    ClockSource source = ClockSource::wall;
};

/// Without a boot in between the boot clock knows how much time has passed, whatever was done to
/// the wall clock. After a boot the wall clock is all there is: it is believed if it is not behind
/// the last durable stamp and at most 30 days ahead of it. Never before `last_stamp`.
[[nodiscard]] ClockStart start_of_vera_time(const ClockNote& note,
                                            Timestamp last_stamp,
                                            Clock& clock);

/// VeRA time: begins at a time and follows the boot clock alone. Any thread may ask; one sets it.
class VeraClock {
public:
    VeraClock(Clock& clock, Timestamp start) : clock_(clock) { set(start); }
    [[nodiscard]] Timestamp now() const {
        return Timestamp{ahead_of_boot_.load(std::memory_order_relaxed) + clock_.boot().count()};
    }
    /// Wall clock minus VeRA time: a step of the wall clock shows here.
    [[nodiscard]] Millis wall_ahead() const { return clock_.wall() - now(); }
    [[nodiscard]] Millis ahead_of_boot() const {
        return Millis{ahead_of_boot_.load(std::memory_order_relaxed)};
    }
    void set_ahead_of_boot(Millis ahead) {
        ahead_of_boot_.store(ahead.count(), std::memory_order_relaxed);
    }
    void set(Timestamp now) { set_ahead_of_boot(Millis{now.ms} - clock_.boot()); }

private:
    Clock& clock_;
    std::atomic<std::int64_t> ahead_of_boot_{0};
};

}  // namespace vera::host
