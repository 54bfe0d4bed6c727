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

namespace {

/// An engine whose disk is full: takes what its reserve is for, refuses batches with events.
struct FullDisk {
    CoreDriver& drive;
    std::uint64_t stored = 0;
    std::size_t answered = 0;

    void work() {
        for (int turn = 0; turn < 20 && !drive.commits.empty(); ++turn) {
            const bool ok = drive.commits.front().events.empty();
            if (ok) stored += drive.commits.front().transitions.size();
            drive.conclude(ok);
            answered += drive.out.durable.size();
        }
    }
};

}  // namespace

TEST_CASE("flow: on a full disk consumers settle in the reserve however often publishers try",
          "[flow]") {
    constexpr std::uint64_t copies = 1000;
    CoreDriver drive(two_queues());
    std::vector<Input> inputs{drive.open(9, 1), drive.credit(9, copies)};
    for (std::uint64_t i = 1; i <= copies; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .id = i}));
    drive.run(std::move(inputs));
    REQUIRE(drive.out.deliveries.size() == copies);

    FullDisk disk{drive};
    std::uint64_t settled = 0;
    for (std::uint64_t round = 0; round < 50; ++round) {
        drive.now = drive.now + Millis{100};
        inputs.clear();
        inputs.emplace_back(drive.publish({.delivery = 5000 + round, .id = 5000 + round}));
        for (int i = 0; i < 20; ++i)
            inputs.emplace_back(
                drive.settle(9, CopySeq{++settled}, ConsumerOutcome::accepted, true));
        drive.step(std::move(inputs));
        disk.work();
        CAPTURE(round);
        REQUIRE(drive.commits.empty());
        // Nothing is left over for later, so nothing piles up.
        REQUIRE(disk.stored == settled);
        REQUIRE(disk.answered == settled);
    }
    drive.run({drive.publish({.delivery = 9000, .id = 9000})});
    CHECK(drive.out.accepts.size() == 1);
}

TEST_CASE("flow: on a full disk events and settlements take turns at the engine", "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.open(9, 1),
               drive.credit(9, 5),
               drive.publish({.delivery = 1, .id = 1}),
               drive.publish({.delivery = 2, .id = 2})});
    drive.step({drive.publish({.delivery = 3, .id = 3})});
    drive.conclude(false);
    drive.step({drive.publish({.delivery = 4, .id = 4}), drive.settle(9, CopySeq{1})});
    REQUIRE(drive.commits.size() == 1);
    CHECK(drive.commits[0].events.size() + drive.commits[0].transitions.size() == 1);
    drive.step({drive.settle(9, CopySeq{2})});
    REQUIRE(drive.commits.size() == 2);
    CHECK(drive.commits[0].events.empty() != drive.commits[1].events.empty());
    // Once a batch with events succeeds they go together again.
    while (!drive.commits.empty())
        drive.conclude();
    drive.run({drive.credit(9, 10), drive.publish({.delivery = 5, .id = 5})});
    REQUIRE(drive.out.accepts.size() == 1);
    drive.step({drive.publish({.delivery = 6, .id = 6}), drive.settle(9, CopySeq{3})});
    CHECK(drive.out.commit.events.size() == 1);
    CHECK(drive.out.commit.transitions.size() == 1);
}

TEST_CASE(
    "flow: settlements that the reserve cannot take wait, events do not make them wait longer",
    "[flow]") {
    CoreDriver drive(two_queues());
    drive.run({drive.open(9, 1), drive.credit(9, 5), drive.publish({.delivery = 1, .id = 1})});
    drive.step({drive.settle(9, CopySeq{1}, ConsumerOutcome::accepted, true)});
    drive.conclude(false);
    REQUIRE(drive.out.wake_at);
    const Timestamp again = *drive.out.wake_at;
    CHECK(again > drive.now);
    for (std::uint64_t i = 2; drive.now < again; ++i) {
        CHECK(drive.commits.empty());
        drive.now = drive.now + Millis{100};
        drive.step({drive.publish({.delivery = i, .id = i})});
        REQUIRE_FALSE(drive.commits.empty());
        if (drive.commits.front().events.empty()) break;
        CHECK(drive.commits.front().transitions.empty());
        drive.conclude(false);
    }
    CHECK(drive.now == again);
    REQUIRE(drive.commits.size() == 1);
    CHECK(drive.commits.front().transitions.size() == 1);
}

TEST_CASE("flow: what is too much for a small reserve goes into it in smaller batches", "[flow]") {
    constexpr std::uint64_t copies = 200;
    constexpr std::size_t reserve = 10;
    CoreDriver drive(two_queues());
    std::vector<Input> inputs{drive.open(9, 1), drive.credit(9, copies)};
    for (std::uint64_t i = 1; i <= copies; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .id = i}));
    drive.run(std::move(inputs));
    inputs.clear();
    for (std::uint64_t i = 1; i <= copies; ++i)
        inputs.emplace_back(drive.settle(9, CopySeq{i}));
    drive.step(std::move(inputs));
    std::size_t stored = 0;
    for (int turn = 0; stored < copies && turn < 200; ++turn) {
        while (!drive.commits.empty()) {
            const std::size_t size = drive.commits.front().transitions.size();
            if (size <= reserve) stored += size;
            drive.conclude(size <= reserve);
        }
        drive.now = drive.now + Millis{500};
        drive.step({Tick{}});
    }
    CHECK(stored == copies);
}

TEST_CASE("flow: settlements are stored oldest first, refused ones before newer ones", "[flow]") {
    constexpr std::uint64_t copies = 20'000;
    CoreDriver drive(two_queues());
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= copies; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .id = i}));
    drive.run(std::move(inputs));
    std::size_t held = drive.step({drive.open(9, 1), drive.credit(9, copies)}).deliveries.size();
    while (held < copies)
        held += drive.step({Tick{}}).deliveries.size();

    drive.step({drive.settle(9, CopySeq{1})});
    drive.step({drive.settle(9, CopySeq{2})});
    REQUIRE(drive.commits.size() == 2);
    drive.conclude(false);
    drive.conclude(false);
    inputs.clear();
    for (std::uint64_t i = 3; i <= copies; ++i)
        inputs.emplace_back(drive.settle(9, CopySeq{i}));
    drive.step(std::move(inputs));
    drive.now = drive.now + Millis{1000};
    drive.step({Tick{}});
    std::uint64_t next = 1;
    bool is_in_order = true;
    while (!drive.commits.empty()) {
        for (const Transition& change : drive.commits.front().transitions)
            is_in_order = is_in_order && change.copy.value == next++;
        drive.conclude();
    }
    CHECK(is_in_order);
    CHECK(next == copies + 1);
}

TEST_CASE("flow: recovery forgets no id that the configured window still holds", "[flow]") {
    constexpr std::int64_t day = 86'400'000;
    const Timestamp now{100 * day};
    test::MemoryStore store;
    Batch batch;
    batch.queues = two_queues();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        EventCommit& event = batch.events.emplace_back();
        event.seq = EventSeq{i};
        event.id_hash = i;
        event.bytes_hash = 10 * i;
        // 8 days ago, 3 days ago, now
        event.accepted = Timestamp{now.ms - (i == 1 ? 8 : i == 2 ? 3 : 0) * day};
    }
    store.apply(batch);
    BusCore core({.hot_bytes = 1000, .admit = nullptr});
    const Recovery recovery = store.recover(core);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = Generation{1};
    snapshot->queues = two_queues();
    snapshot->limits.dedup_window = Millis{7 * day};
    SECTION("by time") {
        Effects out;
        core.start(snapshot, recovery, now, out);
        Published again;
        again.from = {LinkId{1}, 1};
        again.plan.generation = Generation{1};
        again.plan.id_hash = 2;
        again.plan.bytes_hash = 20;
        core.on(again, now, out);
        REQUIRE(out.accepts.size() == 1);
        CHECK(out.accepts[0].is_duplicate);
        core.on(Ask{1, AskCounts{}}, now, out);
        CHECK(std::get<Counts>(out.answers.at(0).what).dedup_ids == 2);
    }
    SECTION("by number") {
        snapshot->limits.dedup_ids = 1;
        Effects out;
        core.start(snapshot, recovery, now, out);
        core.on(Ask{1, AskCounts{}}, now, out);
        CHECK(std::get<Counts>(out.answers.at(0).what).dedup_ids == 1);
    }
}

TEST_CASE("flow: an event is kept as long as its sensitivity allows, never less than dedup needs",
          "[flow]") {
    struct Row {
        std::string name;
        bool is_sensitive;
        std::uint64_t id;
        Millis dedup, sensitive, kept;
    };
    static constexpr Millis day{86'400'000};
    const Row row = GENERATE(values<Row>(
        {{"ordinary", false, 1, day, 7 * day, 30 * day},
         {"sensitive", true, 1, day, 7 * day, 7 * day},
         {"sensitive, but the ordinary clock is shorter", true, 1, day, 90 * day, 30 * day},
         {"dedup needs it longer", true, 1, 10 * day, 7 * day, 10 * day},
         {"a plain queue's", false, 0, day, 7 * day, Millis{0}}}));
    CAPTURE(row.name);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = Generation{1};
    snapshot->queues = two_queues();
    snapshot->limits.dedup_window = row.dedup;
    snapshot->limits.sensitive_retention = row.sensitive;
    BusCore core({.hot_bytes = 0, .admit = nullptr});
    Effects out;
    const Timestamp now{1'000'000};
    core.start(snapshot, Recovery{}, now, out);
    Outcome outcome;
    outcome.ticket = out.commit.ticket;
    outcome.ok = true;
    out.clear();
    core.on(std::move(outcome), now, out);
    Published in;
    in.plan.generation = Generation{1};
    in.plan.queues = {QueueId{1}};
    in.plan.id_hash = row.id;
    if (row.id != 0) in.plan.audit_record = "record";  // what is kept is what has a record
    in.plan.is_sensitive = row.is_sensitive;
    in.raw.message = Block::copy_of("x");
    core.on(std::move(in), now, out);
    core.finish(now, out);
    REQUIRE(out.commit.events.size() == 1);
    CHECK(out.commit.events[0].retain_until - now == row.kept);
}
