// VeRA time over restarts, steps and an operator's word, against files in memory.
#include "bus/ops/clock_keeper.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/faulty_file_system.hpp"

#include <future>

using namespace vera;
using namespace vera::ops;

namespace {

constexpr Millis hour{3'600'000};
constexpr Millis day{86'400'000};

class FakeClock final : public host::Clock {
public:
    Timestamp wall() override { return Timestamp{wall_ms.load()}; }
    Millis boot() override { return Millis{boot_ms.load()}; }
    std::string boot_id() override { return id; }
    void pass(Millis time) {
        wall_ms += time.count();
        boot_ms += time.count();
    }
    std::atomic<std::int64_t> wall_ms{1'800'000'000'000};
    std::atomic<std::int64_t> boot_ms{5000};
    std::string id = "boot-1";
};

struct Rig {
    Rig() { REQUIRE(files.make_folder("store")); }
    std::unique_ptr<ClockKeeper> start(Timestamp last_stamp = {}) {
        auto keeper = ClockKeeper::open(clock, files, "store", last_stamp);
        REQUIRE(keeper);
        return *std::move(keeper);
    }
    test::FaultyFileSystem files;
    FakeClock clock;
};

ClockFacts adopt(ClockKeeper& keeper) {
    std::promise<ClockFacts> told;
    keeper.start_thread();
    keeper.adopt(
        "drift", "uret var forkert", [&](const ClockFacts& facts) { told.set_value(facts); });
    auto future = told.get_future();
    REQUIRE(future.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    return future.get();
}

}  // namespace

TEST_CASE("clock keeper: a step of the wall clock across a restart moves nothing and is kept",
          "[ops]") {
    const Millis step = GENERATE(Millis{hour}, Millis{-hour}, 400 * day, -400 * day);
    CAPTURE(step.count());
    Rig rig;
    const Timestamp first = rig.start()->clock().now();
    rig.clock.pass(Millis{10'000});
    rig.clock.wall_ms += step.count();
    const auto keeper = rig.start(first + Millis{9'000});
    CHECK(keeper->clock().now() == first + Millis{10'000});
    const ClockFacts facts = keeper->facts();
    CHECK(facts.started_from == host::ClockSource::last_run);
    CHECK(facts.wall_ahead == step);
    REQUIRE(facts.steps.size() == 1);
    CHECK(facts.steps[0].step == step);
    CHECK(facts.steps[0].actor.empty());
    // What is known already is not told again by the next start.
    CHECK(rig.start()->facts().steps.size() == 1);
}

TEST_CASE("clock keeper: up to 5 s is no step", "[ops]") {
    Rig rig;
    (void)rig.start();
    rig.clock.wall_ms += 5000;
    CHECK(rig.start()->facts().steps.empty());
    rig.clock.wall_ms += 1;
    CHECK(rig.start()->facts().steps.size() == 1);
}

TEST_CASE("clock keeper: on an operator's word VeRA time follows forward, durably", "[ops]") {
    Rig rig;
    auto keeper = rig.start();
    const Timestamp before = keeper->clock().now();
    rig.clock.wall_ms += hour.count();
    const ClockFacts facts = adopt(*keeper);
    CHECK(facts.refusal.empty());
    CHECK(facts.wall_ahead == Millis{0});
    CHECK(keeper->clock().now() == before + hour);
    REQUIRE(facts.steps.size() == 2);
    CHECK(facts.steps[1].actor == "drift");
    CHECK(facts.steps[1].reason == "uret var forkert");
    keeper.reset();
    std::mt19937_64 random(1);
    rig.files.lose_power(test::Loss::all, random);
    const auto again = rig.start();
    CHECK(again->clock().now() == before + hour);
    CHECK(again->facts().steps == facts.steps);
}

TEST_CASE("clock keeper: VeRA time never goes back, and does not follow what cannot be noted",
          "[ops]") {
    Rig rig;
    auto keeper = rig.start();
    const Timestamp before = keeper->clock().now();
    const bool is_back = GENERATE(true, false);
    rig.clock.wall_ms += is_back ? -hour.count() : hour.count();
    if (!is_back) rig.files.fail_call(test::Call::rename, 1, Errc::io, true);
    const ClockFacts facts = adopt(*keeper);
    CHECK(facts.refusal.find(is_back ? "1h behind VeRA time, which never goes back"
                                     : "cannot be noted: ") != std::string::npos);
    CHECK(keeper->clock().now() == before);
}

TEST_CASE("clock keeper: a disk that fails ends the start, one that is full does not", "[ops]") {
    Rig rig;
    rig.files.fail_call(test::Call::sync, 1, Errc::io);
    CHECK_FALSE(ClockKeeper::open(rig.clock, rig.files, "store", {}));
    rig.files.set_capacity(0);
    const auto keeper = rig.start();
    CHECK(keeper->clock().now() == rig.clock.wall());
}

TEST_CASE("clock keeper: a damaged note is as good as none, at every byte", "[ops]") {
    ClockFile file;
    file.note = {"boot-1", Millis{123'456}};
    file.told_ahead = Millis{-7};
    file.steps = {{Timestamp{5}, Millis{6}, "drift", "hvorfor"}};
    const std::string text = to_text(file);
    const auto back = parse_clock_file(text);
    REQUIRE(back);
    CHECK(*back == file);
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        CHECK_FALSE(parse_clock_file(damaged));
        CHECK_FALSE(parse_clock_file(std::string_view(text).substr(0, at)));
    }
}

TEST_CASE("clock keeper: of the last 64 steps each is kept", "[ops]") {
    Rig rig;
    for (int i = 0; i < 70; ++i) {
        rig.clock.wall_ms += 6000 + i;
        (void)rig.start();
    }
    const ClockFacts facts = rig.start()->facts();
    REQUIRE(facts.steps.size() == 64);
    CHECK(facts.steps.back().step == Millis{6069});
}
