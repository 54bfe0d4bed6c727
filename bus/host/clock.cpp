#include "bus/host/clock.hpp"

#include <algorithm>
#include <ctime>

namespace vera::host {
namespace {

Millis read(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return Millis{static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000};
}

class SystemClock final : public Clock {
public:
    Timestamp wall() override { return Timestamp{read(CLOCK_REALTIME).count()}; }
    Millis boot() override { return read(CLOCK_BOOTTIME); }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

VeraClock::VeraClock(Clock& clock, Timestamp last_stamp)
    : clock_(clock),
      start_(std::max(clock.wall(), last_stamp)),
      boot_at_start_(clock.boot()) {}

}  // namespace vera::host
