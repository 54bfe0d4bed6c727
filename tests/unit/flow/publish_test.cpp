#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using vera::flow::test::CoreDriver;
using vera::flow::test::queue_spec;

TEST_CASE(
    "flow: a message is committed before it is accepted and delivered, and settling it is "
    "committed too",
    "[flow]") {
    CoreDriver drive({queue_spec(1, "queue/a", QueueKind::plain)});
    drive.step(
        {drive.open(9, 1), drive.credit(9, 10), drive.publish({.delivery = 7, .bytes = "hej"})});
    REQUIRE(drive.out.commit.events.size() == 1);
    CHECK(drive.out.accepts.empty());
    CHECK(drive.out.deliveries.empty());

    drive.conclude();
    REQUIRE(drive.out.accepts.size() == 1);
    CHECK(drive.out.accepts[0].to.delivery == 7);
    REQUIRE(drive.out.deliveries.size() == 1);
    CHECK(drive.out.deliveries[0].hot.view() == "hej");
    CHECK_FALSE(drive.out.has_commit());

    drive.step({drive.settle(9, drive.out.deliveries[0].copy)});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].state == CopyState::settled);
    CHECK(drive.out.commit.transitions[0].actor == "system-9");
    CHECK(drive.counts(1).settled == 1);
}
