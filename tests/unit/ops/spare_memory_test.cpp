#include "bus/ops/spare_memory.hpp"

#include "bus/ops/core_watch.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::ops;
using namespace std::chrono_literals;

TEST_CASE("spare memory: it is given back every 30 s and not before", "[ops]") {
    int given = 0;
    const SpareMemory::Clock::time_point start{1h};
    SpareMemory spare([&] { ++given; }, start);
    CHECK(spare.look(start) == 30s);
    CHECK(spare.look(start + 29'999ms) == 1ms);
    CHECK(given == 0);
    CHECK(spare.look(start + 30s) == 30s);
    CHECK(given == 1);
    CHECK(spare.look(start + 45s) == 15s);
    CHECK(given == 1);
    CHECK(spare.look(start + 5min) == 30s);
    CHECK(given == 2);
}

// As the main thread does it: it sleeps for the shorter of the two, and each answer of the core
// wakes it at once.
TEST_CASE("spare memory: a watchdog that wakes the thread puts it neither off nor forward",
          "[ops]") {
    int given = 0;
    int fed = 0;
    SpareMemory::Clock::time_point now{1h};
    const auto end = now + 10min;
    bool is_asked = false;
    SpareMemory spare([&] { ++given; }, now);
    CoreWatch watch(
        2s, [&] { is_asked = true; }, [&] { ++fed; });
    while (now < end) {
        const bool has_answered = std::exchange(is_asked, false);
        const Millis wait = std::min(spare.look(now), watch.look(has_answered, now));
        REQUIRE(wait > 0ms);
        now += is_asked ? std::min(wait, Millis{7}) : wait;
    }
    CHECK(fed >= 1100);
    CHECK(given >= 19);
    CHECK(given <= 20);
}
