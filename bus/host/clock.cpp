#include "bus/host/clock.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

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
    std::string boot_id() override {
        std::ifstream file("/proc/sys/kernel/random/boot_id");
        std::string id;
        std::getline(file, id);
        return id;
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

ClockStart start_of_vera_time(const ClockNote& note, Timestamp last_stamp, Clock& clock) {
    constexpr Millis longest_absence{30LL * 86'400'000};
    const std::string boot_id = clock.boot_id();
    if (!boot_id.empty() && note.boot_id == boot_id)
        return {std::max(Timestamp{note.ahead_of_boot.count()} + clock.boot(), last_stamp),
                ClockSource::last_run};
    const Timestamp wall = clock.wall();
    if (!last_stamp || (wall >= last_stamp && wall - last_stamp <= longest_absence))
        return {wall, ClockSource::wall};
    return {last_stamp, ClockSource::last_stamp};
}

}  // namespace vera::host
