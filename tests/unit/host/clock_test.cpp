#include "bus/host/clock.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::host;

namespace {

class FakeClock final : public Clock {
public:
    Timestamp wall() override { return wall_time; }
    Millis boot() override { return boot_time; }
    Timestamp wall_time{1'800'000'000'000};
    Millis boot_time{5000};
};

}  // namespace

TEST_CASE("clock: VeRA time starts at the wall clock when that is ahead of the last stamp",
          "[host]") {
    FakeClock clock;
    const VeraClock vera(clock, Timestamp{1'700'000'000'000});
    CHECK(vera.now() == clock.wall_time);
}

TEST_CASE("clock: VeRA time never starts before the last durable stamp", "[host]") {
    FakeClock clock;
    const Timestamp last{1'900'000'000'000};
    const VeraClock vera(clock, last);
    CHECK(vera.now() == last);
    CHECK(vera.wall_ahead() == Millis{-100'000'000'000});
}

TEST_CASE("clock: a step of the wall clock moves wall_ahead and not VeRA time", "[host]") {
    FakeClock clock;
    const VeraClock vera(clock, Timestamp{});
    const Timestamp start = vera.now();
    clock.boot_time += Millis{1000};
    clock.wall_time = clock.wall_time + Millis{1000};
    CHECK(vera.now() == start + Millis{1000});
    CHECK(vera.wall_ahead() == Millis{0});

    clock.wall_time = clock.wall_time + Millis{3'600'000};
    CHECK(vera.now() == start + Millis{1000});
    CHECK(vera.wall_ahead() == Millis{3'600'000});

    clock.wall_time = clock.wall_time + Millis{-7'200'000};
    CHECK(vera.now() == start + Millis{1000});
    CHECK(vera.wall_ahead() == Millis{-3'600'000});
}

TEST_CASE("clock: the machine's boot clock does not run backwards", "[host]") {
    const Millis first = system_clock().boot();
    for (int i = 0; i < 1000; ++i)
        CHECK(system_clock().boot() >= first);
}
