// What becomes of copies that nobody takes: expiry, and the unrouted ones.
#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

TEST_CASE("flow: a copy that waits past its expiry dies of it, one in hands does not", "[flow]") {
    CoreDriver drive({patient_queue()});
    const Timestamp expiry = drive.now + Millis{100};
    drive.run({drive.open(1, 1),
               drive.credit(1, 1),
               drive.publish({.delivery = 1, .id = 1, .expiry = expiry}),
               drive.publish({.delivery = 2, .id = 2, .expiry = expiry})});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    CHECK(drive.out.deliveries[0].expiry == expiry);
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at == expiry);
    drive.now = expiry;
    drive.step({Tick{}});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].copy.value == 2);
    CHECK(drive.out.commit.transitions[0].reason == "expired");
    drive.step({drive.settle(1, CopySeq{1}), drive.open(2, dead_queue), drive.credit(2, 9)});
    CHECK(drive.counts(1).settled == 1);
    // A dead letter does not expire.
    REQUIRE(copies_of(drive.out, 2) == Copies{2});
    CHECK_FALSE(static_cast<bool>(drive.out.deliveries[0].expiry));
}

TEST_CASE(
    "flow: an unrouted event is kept with its reason, has no dead-letter queue and comes again "
    "later when it is rejected",
    "[flow]") {
    CoreDriver drive({queue_spec(1, "$unrouted", QueueKind::unrouted)});
    drive.run({drive.open(1, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1,
                              .id = 1,
                              .expiry = drive.now + Millis{1},
                              .unrouted_reason = "a: types"})});
    REQUIRE(drive.out.deliveries.size() == 1);
    REQUIRE(drive.out.deliveries[0].note);
    CHECK(*drive.out.deliveries[0].note == "a: types");
    drive.now = drive.now + Millis{1000};
    drive.run({drive.settle(1, CopySeq{1}, ConsumerOutcome::rejected)});
    CHECK(drive.out.deliveries.empty());
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at - drive.now >= Millis{1000});
    drive.now = *drive.out.wake_at;
    drive.run({Tick{}});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    CHECK(drive.counts(1).dead == 0);
}

TEST_CASE("flow: an unrouted event that always fails does not come again at once", "[flow]") {
    QueueSpec hasty = queue_spec(1, "$unrouted", QueueKind::unrouted);
    hasty.retry.backoff = {};
    CoreDriver drive({hasty});
    drive.run({drive.open(1, 1), drive.credit(1, 9), drive.publish({.delivery = 1, .id = 1})});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    drive.run({drive.settle(1, CopySeq{1}, ConsumerOutcome::failed)});
    CHECK(drive.out.deliveries.empty());
    drive.now = drive.now + Millis{1000};
    drive.run({Tick{}});
    CHECK(copies_of(drive.out, 1) == Copies{1});
}

TEST_CASE("flow: an unrouted event is gone after 30 days, one from an earlier run too", "[flow]") {
    const bool is_recovered = GENERATE(false, true);
    const QueueSpec queue = queue_spec(1, "$unrouted", QueueKind::unrouted);
    const Timestamp accepted{1'000'000};
    const Timestamp due = accepted + Millis{30LL * 86'400'000};
    MemoryStore store;
    if (is_recovered) {
        Batch batch;
        batch.queues = {queue};
        EventCommit& event = batch.events.emplace_back();
        event.seq = EventSeq{1};
        event.accepted = accepted;
        event.copies = {{CopySeq{1}, QueueId{1}}};
        store.apply(batch);
    }
    CoreDriver drive({queue}, store, accepted);
    while (!drive.commits.empty())
        drive.conclude();
    if (!is_recovered) drive.run({drive.publish({.delivery = 1, .id = 1})});
    CHECK(drive.counts(1).ready == 1);
    drive.step({Tick{}});
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at == due);
    drive.now = due + Millis{-1};
    drive.step({Tick{}});
    CHECK(drive.counts(1).ready == 1);
    drive.now = due;
    drive.step({Tick{}});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].state == CopyState::settled);
    CHECK(drive.out.commit.transitions[0].reason == "expired");
    CHECK(drive.counts(1).ready == 0);
    CHECK(drive.counts(1).dead == 0);
    CHECK_FALSE(static_cast<bool>(drive.counts(1).oldest));
}
