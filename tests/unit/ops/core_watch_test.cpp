#include "bus/ops/core_watch.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::ops;
using namespace std::chrono_literals;

namespace {

struct Watched {
    int asked = 0, fed = 0;
    CoreWatch::Clock::time_point now{};
    CoreWatch watch{4000ms, [this] { ++asked; }, [this] { ++fed; }};
    Millis after(Millis wait, bool has_answered) {
        now += wait;
        return watch.look(has_answered, now);
    }
};

}  // namespace

TEST_CASE("core watch: every answer feeds the watchdog once, and the next question comes in time",
          "[ops]") {
    Watched one;
    one.now += 1h;
    CHECK(one.after(0ms, false) == 1000ms);
    CHECK(one.asked == 1);
    CHECK(one.fed == 0);
    CHECK(one.after(200ms, true) == 800ms);
    CHECK(one.fed == 1);
    CHECK(one.asked == 1);
    CHECK(one.after(800ms, false) == 1000ms);
    CHECK(one.asked == 2);
    one.after(10ms, true);
    CHECK(one.fed == 2);
}

TEST_CASE("core watch: without an answer nothing is fed, however often one looks", "[ops]") {
    Watched one;
    one.now += 1h;
    one.after(0ms, false);
    for (int i = 0; i < 100; ++i)
        one.after(500ms, false);
    CHECK(one.fed == 0);
    CHECK(one.asked == 1);  // questions do not pile up in a core that does not answer
    one.after(1ms, true);
    CHECK(one.fed == 1);
    CHECK(one.asked == 2);
}

TEST_CASE("core watch: an answer that nobody asked for feeds nothing", "[ops]") {
    Watched one;
    one.now += 1h;
    one.after(0ms, true);
    CHECK(one.fed == 0);
}
