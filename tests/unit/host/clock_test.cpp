#include "bus/host/clock.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::host;

namespace {

class FakeClock final : public Clock {
public:
    Timestamp wall() override { return wall_time; }
    Millis boot() override { return boot_time; }
    std::string boot_id() override { return id; }
    Timestamp wall_time{1'800'000'000'000};
    Millis boot_time{5000};
    std::string id = "b";
};

}  // namespace

TEST_CASE("clock: where VeRA time starts", "[host]") {
    constexpr std::int64_t day = 86'400'000;
    constexpr std::int64_t wall = 1'800'000'000'000;
    struct Row {
        const char* name;
        ClockNote note;
        std::int64_t last_stamp;
        std::int64_t want;
        ClockSource source;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"a new store takes the wall clock", {}, 0, wall, ClockSource::wall},
        {"the same boot goes on", {"b", Millis{wall - 500}}, 9, wall + 4500, ClockSource::last_run},
        {"the wall clock was set back 400 days in between",
         {"b", Millis{wall + 400 * day}},
         9,
         wall + 400 * day + 5000,
         ClockSource::last_run},
        {"the wall clock was set forward 400 days in between",
         {"b", Millis{wall - 400 * day}},
         9,
         wall - 400 * day + 5000,
         ClockSource::last_run},
        {"never before the last stamp",
         {"b", Millis{1}},
         wall + 7,
         wall + 7,
         ClockSource::last_run},
        {"after a boot the wall clock is believed", {"a", {}}, wall - day, wall, ClockSource::wall},
        {"but not behind the last stamp", {"a", {}}, wall + 1, wall + 1, ClockSource::last_stamp},
        {"nor 400 days ahead of it",
         {"a", {}},
         wall - 400 * day,
         wall - 400 * day,
         ClockSource::last_stamp},
        {"an unknown boot is another one", {"", Millis{5}}, wall - 1, wall, ClockSource::wall},
    }));
    CAPTURE(row.name);
    FakeClock clock;
    const ClockStart start = start_of_vera_time(row.note, Timestamp{row.last_stamp}, clock);
    CHECK(start.at.ms == row.want);
    CHECK(start.source == row.source);
}

TEST_CASE("clock: two empty boot ids are no sign of the same boot", "[host]") {
    FakeClock clock;
    clock.id.clear();
    CHECK(start_of_vera_time({"", Millis{5}}, Timestamp{}, clock).source == ClockSource::wall);
}

TEST_CASE("clock: a step of the wall clock moves wall_ahead and not VeRA time", "[host]") {
    FakeClock clock;
    const VeraClock vera(clock, clock.wall());
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
