// Consumers: credit, order, outcomes, death, looking.
#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

TEST_CASE("flow: competing consumers take turns and get no more than their credit", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.open(2, 1), drive.credit(1, 2), drive.credit(2, 1)});
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= 5; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .id = i}));
    drive.run(std::move(inputs));
    CHECK(copies_of(drive.out, 1) == Copies{1, 3});
    CHECK(copies_of(drive.out, 2) == Copies{2});
    CHECK(drive.counts(1).ready == 2);
    drive.step({drive.credit(2, 2)});
    CHECK(copies_of(drive.out, 2) == Copies{4});
}

TEST_CASE("flow: copies of one key go one at a time, other keys flow", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.open(2, 1), drive.credit(1, 9), drive.credit(2, 9)});
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= 4; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .key = i == 3 ? 20U : 10U, .id = i}));
    drive.run(std::move(inputs));
    CHECK(copies_of(drive.out, 1) == Copies{1});
    CHECK(copies_of(drive.out, 2) == Copies{3});
    CHECK(drive.counts(1).blocked == 2);
    drive.step({drive.settle(1, CopySeq{1})});
    REQUIRE(drive.out.deliveries.size() == 1);
    CHECK(drive.out.deliveries[0].copy.value == 2);
}

TEST_CASE("flow: a released copy keeps its place", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.credit(1, 1)});
    drive.run({drive.publish({.delivery = 1, .key = 10, .id = 1}),
               drive.publish({.delivery = 2, .id = 2}),
               drive.publish({.delivery = 3, .key = 10, .id = 3})});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    drive.step({drive.settle(1, CopySeq{1}, ConsumerOutcome::released), drive.credit(1, 4)});
    CHECK(copies_of(drive.out, 1) == Copies{1, 2});
    CHECK_FALSE(drive.out.deliveries[0].is_first_acquirer);
    CHECK(drive.out.deliveries[0].attempts == 0);
    CHECK_FALSE(drive.out.has_commit());
}

TEST_CASE("flow: a failed copy backs off, holds its key, and dies after its last attempt",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.credit(1, 100)});
    drive.run({drive.publish({.delivery = 1, .key = 10, .id = 1}),
               drive.publish({.delivery = 2, .key = 10, .id = 2})});
    for (const std::int64_t backoff : {1000, 5000}) {
        CAPTURE(backoff);
        drive.run({drive.settle(1, CopySeq{1}, ConsumerOutcome::failed)});
        CHECK(drive.out.deliveries.empty());
        REQUIRE(drive.out.wake_at);
        CHECK((*drive.out.wake_at - drive.now).count() == backoff);
        CHECK(drive.counts(1).delayed == 1);
        drive.now = *drive.out.wake_at;
        drive.run({Tick{}});
        CHECK(copies_of(drive.out, 1) == Copies{1});
    }
    CHECK(drive.out.deliveries[0].attempts == 2);
    drive.step({drive.settle(1, CopySeq{1}, ConsumerOutcome::failed)});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].state == CopyState::dead);
    CHECK(drive.out.commit.transitions[0].reason == "max-attempts");
    CHECK(drive.out.commit.transitions[0].attempts == 3);
    CHECK(drive.out.commit.transitions[0].version == 3);
    CHECK(copies_of(drive.out, 1) == Copies{2});
    CHECK(drive.counts(1).dead == 1);
}

TEST_CASE("flow: a rejected copy can be had from the dead-letter queue, with reason and error",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.credit(1, 9), drive.publish({.delivery = 1, .id = 1})});
    Settled rejected = drive.settle(1, CopySeq{1}, ConsumerOutcome::rejected);
    for (int i = 0; i < 400; ++i)
        rejected.error += "æøå";
    drive.run({rejected, drive.open(2, dead_queue), drive.credit(2, 9)});
    REQUIRE(copies_of(drive.out, 2) == Copies{1});
    const Deliver& deliver = drive.out.deliveries.at(0);
    CHECK(is_dead_letter(deliver.queue));
    REQUIRE(deliver.death);
    CHECK(deliver.death->reason == "rejected");
    CHECK(deliver.death->error.size() <= 1024);
    CHECK(deliver.death->error.size() % 2 == 0);  // no half letter
    CHECK(deliver.death->at == drive.now);

    // There is nowhere to die from there, and no count; but it does not come again at once.
    for (const ConsumerOutcome outcome : {ConsumerOutcome::rejected, ConsumerOutcome::failed}) {
        drive.run({drive.settle(2, CopySeq{1}, outcome)});
        CHECK(drive.out.deliveries.empty());
        REQUIRE(drive.out.wake_at);
        CHECK(*drive.out.wake_at - drive.now >= Millis{1000});
        drive.now = *drive.out.wake_at;
        drive.run({Tick{}});
        REQUIRE(copies_of(drive.out, 2) == Copies{1});
        CHECK(drive.out.deliveries[0].attempts == 0);
    }
    drive.step({drive.settle(2, CopySeq{1})});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].state == CopyState::settled);
    CHECK(drive.out.commit.transitions[0].queue.value == 1);
    CHECK(drive.counts(1).dead == 0);
}

TEST_CASE(
    "flow: what a dead consumer held comes back at once with one more attempt, an orderly one's "
    "without",
    "[flow]") {
    const bool counts = GENERATE(true, false);
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.open(2, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1})});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    drive.step({drive.credit(2, 9), drive.close(1, counts)});
    REQUIRE(copies_of(drive.out, 2) == Copies{1});
    CHECK(drive.out.deliveries[0].attempts == (counts ? 1 : 0));
    CHECK_FALSE(drive.out.deliveries[0].is_first_acquirer);
    CHECK(drive.out.commit.transitions.size() == (counts ? 1 : 0));
}

TEST_CASE("flow: only who holds a copy can settle it", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.open(2, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1})});
    drive.step(
        {drive.settle(2, CopySeq{1}), drive.settle(1, CopySeq{99}), drive.settle(55, CopySeq{1})});
    CHECK_FALSE(drive.out.has_commit());
    CHECK(drive.counts(1).in_flight == 1);
}

TEST_CASE("flow: a drain is answered when nothing more can be delivered, and takes the credit back",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.publish({.delivery = 1, .id = 1}),
               drive.publish({.delivery = 2, .id = 2})});
    drive.step({drive.credit(1, 5, true)});
    CHECK(copies_of(drive.out, 1) == Copies{1, 2});
    CHECK(drive.out.drained.size() == 1);
    drive.run({drive.publish({.delivery = 3, .id = 3})});
    CHECK(drive.out.deliveries.empty());
    CHECK(drive.out.drained.empty());
    drive.step({drive.credit(1, 3, true)});
    CHECK(copies_of(drive.out, 1) == Copies{3});
    CHECK(drive.out.drained.size() == 1);
}

TEST_CASE("flow: a presettled consumer's copies are settled when they have been sent", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1, ConsumeMode::take, true),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .key = 4, .id = 1}),
               drive.publish({.delivery = 2, .key = 4, .id = 2})});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    CHECK(drive.out.deliveries[0].is_presettled);
    CHECK(drive.out.commit.transitions.empty());
    CHECK(drive.counts(1).in_flight == 1);
    drive.step({drive.settle(1, CopySeq{1})});
    REQUIRE(drive.out.commit.transitions.size() == 1);
    CHECK(drive.out.commit.transitions[0].state == CopyState::settled);
    CHECK(drive.out.commit.transitions[0].actor == "system-1");
    CHECK(drive.counts(1).settled == 1);
    CHECK(copies_of(drive.out, 1) == Copies{2});
}

TEST_CASE("flow: what a presettled consumer was not sent yet goes back, without an attempt",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1, ConsumeMode::take, true),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1}),
               drive.publish({.delivery = 2, .id = 2}),
               drive.publish({.delivery = 3, .id = 3})});
    REQUIRE(copies_of(drive.out, 1) == Copies{1, 2, 3});
    drive.run({drive.credit(1, 3),
               drive.settle(1, CopySeq{1}),
               drive.settle(1, CopySeq{2}, ConsumerOutcome::released),
               drive.close(1, true),
               drive.open(2, 1),
               drive.credit(2, 9)});
    CHECK(copies_of(drive.out, 2) == Copies{2, 3});
    for (const Deliver& deliver : drive.out.deliveries)
        CHECK(deliver.attempts == 0);
    CHECK(drive.counts(1).settled == 1);
}

TEST_CASE("flow: who looks sees every copy in order, whatever its state, and takes none",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.credit(1, 1),
               drive.publish({.delivery = 1, .key = 4, .id = 1}),
               drive.publish({.delivery = 2, .key = 4, .id = 2}),
               drive.publish({.delivery = 3, .id = 3})});
    drive.step({drive.open(2, 1, ConsumeMode::look), drive.credit(2, 2)});
    CHECK(copies_of(drive.out, 2) == Copies{1, 2});
    CHECK(drive.out.deliveries[0].is_presettled);
    drive.step({drive.settle(1, CopySeq{1}), drive.credit(2, 10, true)});
    CHECK(copies_of(drive.out, 2) == Copies{3});
    CHECK(drive.out.drained.size() == 1);
    drive.step({drive.credit(2, 10)});
    drive.run({drive.publish({.delivery = 4, .id = 4})});
    CHECK(copies_of(drive.out, 2) == Copies{4});
    CHECK(drive.counts(1).ready == 3);
}

TEST_CASE("flow: a deleted queue drains, then its consumers are sent away", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.open(3, dead_queue),
               drive.credit(1, 1),
               drive.publish({.delivery = 1, .id = 1})});
    QueueSpec deleted = patient_queue();
    deleted.is_deleted = true;
    drive.run({drive.reload({deleted})});
    CHECK(drive.out.closes.empty());
    drive.step({drive.settle(1, CopySeq{1})});
    REQUIRE(drive.out.closes.size() == 2);
    CHECK(drive.out.closes[0].condition == Condition::not_found);
    drive.step({drive.open(2, 1)});
    CHECK(drive.out.closes.size() == 1);
    drive.step({drive.open(4, 77)});
    CHECK(drive.out.closes.size() == 1);
}

TEST_CASE(
    "flow: a settlement that is waited for is answered when it is durable, or at once if there is "
    "nothing to store",
    "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.credit(1, 1), drive.publish({.delivery = 1, .id = 1})});
    drive.step({drive.settle(1, CopySeq{1}, ConsumerOutcome::released, true)});
    CHECK(drive.out.durable.size() == 1);
    drive.step({drive.credit(1, 2)});
    drive.step({drive.settle(1, CopySeq{1}, ConsumerOutcome::accepted, true)});
    CHECK(drive.out.durable.empty());
    CHECK(drive.out.commit.is_urgent);
    drive.conclude();
    CHECK(drive.out.durable.size() == 1);
}

TEST_CASE(
    "flow: after an unclean start copies go out as perhaps delivered before, and a backoff goes on",
    "[flow]") {
    MemoryStore store;
    Batch batch;
    batch.queues = {patient_queue()};
    for (std::uint64_t i = 1; i <= 2; ++i) {
        EventCommit& event = batch.events.emplace_back();
        event.seq = EventSeq{i};
        event.order_key = i;
        event.copies = {{CopySeq{i}, QueueId{1}}};
    }
    Transition failed;
    failed.copy = CopySeq{1};
    failed.event = EventSeq{1};
    failed.queue = QueueId{1};
    failed.version = failed.attempts = 1;
    failed.due = Timestamp{2'000'000};
    batch.transitions.push_back(failed);
    store.apply(batch);
    const bool was_clean = GENERATE(true, false);
    store.set_was_clean(was_clean);
    CoreDriver drive({patient_queue()}, store, Timestamp{1'000'000});
    drive.step({drive.open(1, 1), drive.credit(1, 9)});
    REQUIRE(copies_of(drive.out, 1) == Copies{2});
    CHECK(drive.out.deliveries[0].is_first_acquirer == was_clean);
    CHECK_FALSE(static_cast<bool>(drive.out.deliveries[0].hot));
    REQUIRE(drive.out.wake_at);
    CHECK(drive.out.wake_at->ms == 2'000'000);
    drive.now = *drive.out.wake_at;
    drive.step({Tick{}});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    CHECK(drive.out.deliveries[0].attempts == 1);
    // That attempt was somebody's, however orderly the last run ended.
    CHECK_FALSE(drive.out.deliveries[0].is_first_acquirer);
}

TEST_CASE("flow: an orderly end remembers which copies have been in a consumer's hands", "[flow]") {
    MemoryStore store;
    Batch batch;
    batch.queues = {patient_queue()};
    for (std::uint64_t i = 1; i <= 6; ++i) {
        EventCommit& event = batch.events.emplace_back();
        event.seq = EventSeq{i};
        event.copies = {{CopySeq{i}, QueueId{1}}};
    }
    store.apply(batch);
    const auto end = [&](CoreDriver& drive) {
        drive.step({Stopping{}});
        CHECK(drive.out.deliveries.empty());  // nobody is there to take anything
        for (const Batch& commit : drive.commits)
            store.apply(commit);
        CHECK_FALSE(drive.core.has_unsubmitted());
        store.set_was_clean(true);
        return drive.commits.empty() ? std::size_t{0} : drive.commits.back().transitions.size();
    };
    const Timestamp died{1'000'000};
    {
        CoreDriver drive({patient_queue()}, store, died);
        while (!drive.commits.empty())
            drive.conclude();
        drive.step({drive.open(1, 1), drive.credit(1, 4)});
        REQUIRE(copies_of(drive.out, 1) == Copies{1, 2, 3, 4});
        Settled rejected = drive.settle(1, CopySeq{3}, ConsumerOutcome::rejected);
        rejected.reason = "rejected";
        drive.step({drive.settle(1, CopySeq{1}, ConsumerOutcome::released),
                    rejected,
                    drive.settle(1, CopySeq{4}, ConsumerOutcome::failed),
                    drive.close(1, false)});
        REQUIRE(drive.commits.size() == 1);  // the dead one and the failed one
        drive.step({drive.open(2, 1), drive.credit(2, 1)});
        REQUIRE(copies_of(drive.out, 2) == Copies{1});  // in hands at the end
        store.apply(drive.commits[0]);
        drive.conclude();
        drive.now = drive.now + Millis{10};
        CHECK(end(drive) == 2);  // 1 and 2
    }
    {
        CoreDriver drive({patient_queue()}, store, Timestamp{2'000'000});
        drive.step({drive.open(1, 1),
                    drive.credit(1, 5),
                    drive.open(2, dead_letter_of(QueueId{1}).value),
                    drive.credit(2, 1)});
        REQUIRE(copies_of(drive.out, 1).size() == 5);
        for (const Deliver& deliver : drive.out.deliveries) {
            CAPTURE(deliver.copy.value);
            CHECK(deliver.is_first_acquirer == (deliver.copy.value > 4));
            CHECK(deliver.attempts == (deliver.copy.value == 4 ? 1U : 0U));
        }
        // What is known already is not said again.
        CHECK(end(drive) == 2);  // 5 and 6
    }
    CoreDriver drive({patient_queue()}, store, Timestamp{3'000'000});
    drive.step(
        {drive.open(1, 1), drive.credit(1, 9), drive.open(2, dead_letter_of(QueueId{1}).value)});
    drive.step({drive.credit(2, 9)});
    REQUIRE(copies_of(drive.out, 2) == Copies{3});
    CHECK(drive.out.deliveries[0].death->reason == "rejected");
    CHECK(drive.out.deliveries[0].death->at == died);
    CHECK_FALSE(drive.out.deliveries[0].is_first_acquirer);
}

TEST_CASE("flow: a dead letter that was taken and let go is known as such after an orderly end",
          "[flow]") {
    MemoryStore store;
    Batch batch;
    batch.queues = {patient_queue()};
    EventCommit& event = batch.events.emplace_back();
    event.seq = EventSeq{1};
    event.copies = {{CopySeq{1}, QueueId{1}}};
    store.apply(batch);
    Batch death;
    death.now = Timestamp{500'000};
    Transition& expired = death.transitions.emplace_back();
    expired.copy = CopySeq{1};
    expired.event = EventSeq{1};
    expired.queue = QueueId{1};
    expired.version = 1;
    expired.state = CopyState::dead;
    expired.at = death.now;
    expired.reason = "expired";
    store.apply(death);
    const std::uint32_t dead_letters = dead_letter_of(QueueId{1}).value;
    for (const bool is_first : {true, false}) {
        CoreDriver drive({patient_queue()}, store, Timestamp{1'000'000});
        while (!drive.commits.empty())
            drive.conclude();
        drive.step({drive.open(1, dead_letters), drive.credit(1, 1)});
        REQUIRE(copies_of(drive.out, 1) == Copies{1});
        CHECK(drive.out.deliveries[0].is_first_acquirer == is_first);
        CHECK(drive.out.deliveries[0].death->reason == "expired");
        CHECK(drive.out.deliveries[0].death->at == Timestamp{500'000});
        drive.step({drive.close(1, false)});
        drive.step({Stopping{}});
        REQUIRE(drive.commits.size() == (is_first ? 1 : 0));
        if (is_first) store.apply(drive.commits[0]);
    }
}

TEST_CASE("flow: of what was handed over before start_over nothing is left", "[flow]") {
    MemoryStore broken, store;
    for (MemoryStore* one : {&broken, &store}) {
        Batch batch;
        batch.queues = {patient_queue()};
        for (std::uint64_t i = 1; i <= (one == &broken ? 5U : 2U); ++i) {
            EventCommit& event = batch.events.emplace_back();
            event.seq = EventSeq{i};
            event.id_hash = i;
            event.order_key = i;
            event.copies = {{CopySeq{i}, QueueId{1}, Timestamp{i == 2 ? 2'000'000 : 0}}};
        }
        one->apply(batch);
    }
    BusCore core({});
    (void)broken.recover(core);
    core.start_over();
    const Recovery recovery = store.recover(core);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->queues = core.known_queues();
    REQUIRE(snapshot->queues.size() == 1);
    Effects out;
    core.start(snapshot, recovery, Timestamp{1'000'000}, out);
    core.on(Ask{1, AskCounts{}}, Timestamp{1'000'000}, out);
    REQUIRE(out.answers.size() == 1);
    const auto& counts = std::get<Counts>(out.answers[0].what);
    CHECK(counts.dedup_ids == 2);
    CHECK(counts.queues.at(0).ready == 1);
    CHECK(counts.queues.at(0).scheduled == 1);
    REQUIRE(out.wake_at);
    CHECK(out.wake_at->ms == 2'000'000);
}

TEST_CASE("flow: what backed off stays behind an older copy of its key that came back", "[flow]") {
    const Timestamp due = GENERATE(Timestamp{900'000}, Timestamp{2'000'000});
    MemoryStore store;
    Batch batch;
    batch.queues = {patient_queue()};
    for (std::uint64_t i = 1; i <= 2; ++i) {
        EventCommit& event = batch.events.emplace_back();
        event.seq = EventSeq{i};
        event.order_key = 7;
        event.copies = {{CopySeq{i}, QueueId{1}}};
    }
    // The first was settled, but that was not stored.
    Transition failed;
    failed.copy = CopySeq{2};
    failed.event = EventSeq{2};
    failed.queue = QueueId{1};
    failed.version = failed.attempts = 1;
    failed.due = due;
    batch.transitions.push_back(failed);
    store.apply(batch);
    CoreDriver drive({patient_queue()}, store, Timestamp{1'000'000});
    drive.step({drive.open(1, 1), drive.credit(1, 9)});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    drive.step({drive.settle(1, CopySeq{1})});
    CHECK(copies_of(drive.out, 1) == Copies{2});
}

TEST_CASE("flow: messages beyond the hot window are fetched by reference", "[flow]") {
    CoreDriver drive({patient_queue()}, {.hot_bytes = 2500, .admit = nullptr});
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= 4; ++i)
        inputs.emplace_back(
            drive.publish({.delivery = i, .id = i, .bytes = std::string(1000, 'x')}));
    drive.run(std::move(inputs));
    drive.step({drive.open(1, 1), drive.credit(1, 9)});
    REQUIRE(drive.out.deliveries.size() == 4);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(static_cast<bool>(drive.out.deliveries[i].hot) == (i >= 2));
    CHECK(drive.out.deliveries[0].body.a == 1);
}

TEST_CASE("flow: a consumer with boundless credit gets a long queue in parts", "[flow]") {
    CoreDriver drive({patient_queue()});
    std::vector<Input> inputs;
    for (std::uint64_t i = 1; i <= 20'000; ++i)
        inputs.emplace_back(drive.publish({.delivery = i, .id = i}));
    drive.run(std::move(inputs));
    drive.step({drive.open(1, 1), drive.credit(1, UINT64_MAX, true)});
    std::size_t total = drive.out.deliveries.size();
    CHECK(total < 20'000);
    CHECK(drive.out.drained.empty());
    while (drive.out.drained.empty()) {
        REQUIRE(drive.out.wake_at);
        REQUIRE(*drive.out.wake_at == drive.now);
        drive.step({Tick{}});
        total += drive.out.deliveries.size();
    }
    CHECK(total == 20'000);
}
