// Publishing: dedup, commits that fail, sealing, generations.
#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using vera::flow::test::CoreDriver;
using vera::flow::test::queue_spec;

namespace {

std::vector<QueueSpec> two_queues() {
    return {queue_spec(1, "sub/a"), queue_spec(2, "sub/b")};
}

std::variant<Plan, Refusal> admit_to_second_queue(const Snapshot& snapshot,
                                                  const event::RawEvent& raw) {
    if (raw.message.view() == "bad")
        return Refusal{Condition::schema_unknown, "no such type any more"};
    Plan plan;
    plan.generation = snapshot.generation;
    plan.queues = {QueueId{2}};
    plan.id_hash = 5;
    plan.audit_record = "new record";
    return plan;
}

}  // namespace

TEST_CASE("flow: a repeat of a committed event is accepted again without new copies", "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.publish({.delivery = 1, .id = 7, .bytes = "same"})});
    drive.step({drive.publish({.delivery = 2, .id = 7, .bytes = "same"})});
    REQUIRE(drive.out.accepts.size() == 1);
    CHECK(drive.out.accepts[0].to.delivery == 2);
    CHECK(drive.out.accepts[0].is_duplicate);
    CHECK_FALSE(drive.out.has_commit());
    CHECK(drive.counts(1).ready == 1);
    CHECK(drive.counts().duplicates == 1);
}

TEST_CASE("flow: the same id with other bytes is refused as reused", "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.publish({.delivery = 1, .id = 7, .bytes = "same"})});
    drive.step({drive.publish({.delivery = 2, .id = 7, .bytes = "other"})});
    REQUIRE(drive.out.refusals.size() == 1);
    CHECK(drive.out.refusals[0].why.condition == Condition::id_reused);
}

TEST_CASE("flow: a repeat of an event in flight waits for its commit and gets its answer",
          "[flow]") {
    CoreDriver drive(two_queues());
    const bool is_stored = GENERATE(true, false);
    drive.step({drive.publish({.delivery = 1, .id = 7, .bytes = "same"})});
    drive.step({drive.publish({.delivery = 2, .id = 7, .bytes = "same"}),
                drive.publish({.delivery = 3, .id = 7, .bytes = "other"})});
    CHECK(drive.out.accepts.empty());
    CHECK(drive.out.refusals.empty());
    drive.conclude(is_stored);
    if (is_stored) {
        REQUIRE(drive.out.accepts.size() == 2);
        CHECK_FALSE(drive.out.accepts[0].is_duplicate);
        CHECK(drive.out.accepts[1].is_duplicate);
        REQUIRE(drive.out.refusals.size() == 1);
        CHECK(drive.out.refusals[0].why.condition == Condition::id_reused);
    } else {
        REQUIRE(drive.out.refusals.size() == 3);
        for (const Refuse& refusal : drive.out.refusals)
            CHECK(refusal.why.condition == Condition::unavailable);
        // The id is free again.
        drive.run({drive.publish({.delivery = 4, .id = 7, .bytes = "other"})});
        REQUIRE(drive.out.accepts.size() == 1);
        CHECK_FALSE(drive.out.accepts[0].is_duplicate);
    }
}

TEST_CASE("flow: an id is forgotten when its window has passed", "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.publish({.delivery = 1, .id = 7})});
    drive.now = drive.now + (CoreDriver::dedup_window - Millis{1});
    drive.run({drive.publish({.delivery = 2, .id = 7})});
    CHECK(drive.out.accepts.at(0).is_duplicate);
    drive.now = drive.now + Millis{1};
    drive.run({drive.publish({.delivery = 3, .id = 7})});
    CHECK_FALSE(drive.out.accepts.at(0).is_duplicate);
}

TEST_CASE("flow: while a commit with events is under way the next gathers, and all go in one batch",
          "[flow]") {
    CoreDriver drive(two_queues());
    drive.step({drive.publish({.delivery = 1, .id = 1})});
    drive.step({drive.publish({.delivery = 2, .queues = {1, 2}, .id = 2})});
    CHECK_FALSE(drive.out.has_commit());
    drive.step({drive.publish({.delivery = 3, .id = 0})});
    CHECK_FALSE(drive.out.has_commit());
    drive.conclude();
    REQUIRE(drive.out.commit.events.size() == 2);
    CHECK(drive.out.commit.events[0].seq.value == 2);
    CHECK(drive.out.commit.events[0].leaf.value == 2);
    CHECK(drive.out.commit.events[0].copies.at(0).seq.value == 2);
    CHECK(drive.out.commit.events[0].copies.at(1).seq.value == 3);
    CHECK(drive.out.commit.events[1].leaf.value == 0);
    CHECK(drive.out.commit.events[1].copies.at(0).seq.value == 4);
}

TEST_CASE("flow: the numbers of an event that could not be stored go to the next", "[flow]") {
    CoreDriver drive(two_queues());
    drive.step({drive.publish({.delivery = 1, .id = 1})});
    drive.conclude(false);
    drive.step({drive.publish({.delivery = 2, .id = 2})});
    REQUIRE(drive.out.commit.events.size() == 1);
    CHECK(drive.out.commit.events[0].seq.value == 1);
    CHECK(drive.out.commit.events[0].leaf.value == 1);
    CHECK(drive.out.commit.events[0].copies.at(0).seq.value == 1);
}

TEST_CASE("flow: transitions that could not be stored are kept and go with a later batch",
          "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.open(9, 1), drive.credit(9, 5), drive.publish({.delivery = 1, .id = 1})});
    const CopySeq copy = drive.out.deliveries.at(0).copy;
    drive.step({drive.settle(9, copy, ConsumerOutcome::accepted, true)});
    CHECK(drive.out.commit.is_urgent);
    drive.conclude(false);
    CHECK(drive.out.durable.empty());
    CHECK_FALSE(drive.out.has_commit());
    REQUIRE(drive.out.wake_at);
    CHECK(drive.counts(1).settled == 1);
    drive.now = *drive.out.wake_at;
    drive.step({Tick{}});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].copy == copy);
    CHECK(drive.out.commit.transitions[0].version == 1);
    drive.conclude();
    REQUIRE(drive.out.durable.size() == 1);
    CHECK(drive.out.durable[0].copy == copy);
}

TEST_CASE("flow: after an io error nothing is committed, accepted or delivered any more",
          "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.open(9, 1), drive.publish({.delivery = 1, .id = 1})});
    drive.step({drive.publish({.delivery = 2, .id = 2})});
    drive.step({drive.publish({.delivery = 3, .id = 3})});
    drive.conclude(false, Errc::io);
    REQUIRE(drive.out.refusals.size() == 2);
    CHECK(drive.counts().is_sealed);
    CHECK(drive.counts().seal_reason == "no luck");
    drive.step({drive.credit(9, 5, true), drive.publish({.delivery = 4, .id = 4})});
    REQUIRE(drive.out.refusals.size() == 1);
    CHECK(drive.out.refusals[0].why.condition == Condition::unavailable);
    CHECK(drive.out.deliveries.empty());
    CHECK(drive.out.drained.size() == 1);
    CHECK_FALSE(drive.out.has_commit());
}

TEST_CASE("flow: an event of an earlier generation is admitted again under the current one",
          "[flow]") {
    CoreDriver drive(two_queues(), {.hot_bytes = 1000, .admit = admit_to_second_queue});
    Published old = drive.publish({.delivery = 1, .queues = {1}, .id = 5});
    old.plan.salt[3] = 9;
    Published bad = drive.publish({.delivery = 2, .queues = {1}, .id = 6, .bytes = "bad"});
    drive.run({drive.reload(two_queues())});
    drive.step({old, bad});
    REQUIRE(drive.out.refusals.size() == 1);
    CHECK(drive.out.refusals[0].why.condition == Condition::schema_unknown);
    REQUIRE(drive.out.commit.events.size() == 1);
    CHECK(drive.out.commit.events[0].generation.value == 2);
    CHECK(drive.out.commit.events[0].copies.at(0).queue.value == 2);
    CHECK(drive.out.commit.events[0].audit_record == "new record");
    CHECK(drive.out.commit.events[0].salt[3] == 9);
}

TEST_CASE("flow: a message for a plain queue that was deleted meanwhile is refused", "[flow]") {
    CoreDriver drive({queue_spec(1, "queue/a", QueueKind::plain)});
    const Published old = drive.publish({.delivery = 1});
    QueueSpec deleted = queue_spec(1, "queue/a", QueueKind::plain);
    deleted.is_deleted = true;
    drive.run({drive.reload({deleted})});
    drive.step({old});
    REQUIRE(drive.out.refusals.size() == 1);
    CHECK(drive.out.refusals[0].why.condition == Condition::not_found);
}

TEST_CASE("flow: new queues are committed no later than the copies that name them", "[flow]") {
    CoreDriver drive(two_queues());
    auto queues = two_queues();
    queues.push_back(queue_spec(3, "sub/c"));
    drive.step({drive.reload(queues)});
    REQUIRE(drive.out.commit.queues.size() == 1);
    drive.step({drive.publish({.delivery = 1, .queues = {3}, .id = 1})});
    REQUIRE(drive.out.commit.events.size() == 1);
    CHECK(drive.out.commit.queues.size() == 1);
    CHECK(drive.core.known_queues().size() == 3);
}

TEST_CASE("flow: one batch takes no more than a few megabytes", "[flow]") {
    CoreDriver drive(two_queues());
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= 5; ++i)
        inputs.emplace_back(
            drive.publish({.delivery = i, .id = i, .bytes = std::string(3U << 20U, 'x')}));
    drive.step(std::move(inputs));
    CHECK(drive.out.commit.events.size() == 2);
    drive.conclude();
    CHECK(drive.out.commit.events.size() == 2);
    drive.conclude();
    CHECK(drive.out.commit.events.size() == 1);
}
