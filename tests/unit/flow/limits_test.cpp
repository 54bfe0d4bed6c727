// Full queues, and queues that an operator has paused.
#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

namespace {

QueueSpec limited(QueueLimits limits) {
    QueueSpec queue = patient_queue();
    queue.limits = limits;
    return queue;
}

Input letter(CoreDriver& drive, std::uint64_t id, std::size_t bytes = 1) {
    return drive.publish({.delivery = id, .id = id, .bytes = std::string(bytes, 'x')});
}

}  // namespace

TEST_CASE("limits: a copy that comes to a full queue is a dead letter with the limit as reason",
          "[flow]") {
    struct Row {
        const char* name;
        QueueLimits limits;
        const char* error;
    };
    const auto row =
        GENERATE(values<Row>({{"count", {2, 0, Millis{0}, {}}, "limit of count 2"},
                              {"bytes", {0, 250, Millis{0}, {}}, "limit of bytes 250"},
                              {"age", {0, 0, Millis{500}, {}}, "limit of age 500ms"}}));
    CAPTURE(row.name);
    CoreDriver drive({limited(row.limits)});
    drive.run({letter(drive, 1, 100), letter(drive, 2, 100)});
    drive.now = drive.now + Millis{501};
    drive.run({letter(drive, 3, 100)});
    CHECK(drive.out.accepts.size() == 1);
    CHECK(drive.counts(1).ready == 2);
    CHECK(drive.counts(1).bytes == 200);
    CHECK(drive.counts(1).limited == 1);
    drive.run({drive.open(1, dead_queue), drive.credit(1, 9)});
    REQUIRE(copies_of(drive.out, 1) == Copies{3});
    REQUIRE(drive.out.deliveries[0].death);
    CHECK(drive.out.deliveries[0].death->reason == "limit");
    CHECK(drive.out.deliveries[0].death->error == row.error);
    // With room again the next one is taken.
    drive.run({drive.open(2, 1), drive.credit(2, 9)});
    drive.run({drive.settle(2, CopySeq{1}), drive.settle(2, CopySeq{2})});
    drive.run({letter(drive, 4, 100)});
    CHECK(copies_of(drive.out, 2) == Copies{4});
}

TEST_CASE("limits: the dead letter of a full queue is stored as one", "[flow]") {
    MemoryStore store;
    {
        CoreDriver drive({limited({1, 0, Millis{0}, {}})}, store, Timestamp{1'000'000});
        const auto keep = [&](std::vector<Input> inputs) {
            drive.step(std::move(inputs));
            while (!drive.commits.empty()) {
                std::vector<BodyRef> bodies = store.apply(drive.commits.front());
                drive.conclude_with(true, std::move(bodies));
            }
        };
        keep({letter(drive, 1), letter(drive, 2)});
    }
    REQUIRE(store.copy(CopySeq{2}) != nullptr);
    CHECK(store.copy(CopySeq{2})->state == CopyState::dead);
    CHECK(store.copy(CopySeq{2})->reason == "limit");
    CoreDriver again({limited({1, 0, Millis{0}, {}})}, store, Timestamp{1'000'000});
    CHECK(again.counts(1).ready == 1);
    CHECK(again.counts(1).dead == 1);
    CHECK(again.counts(1).bytes == 1);
}

TEST_CASE("limits: a queue that refuses lets nothing of the event in anywhere", "[flow]") {
    CoreDriver drive({limited({2, 0, Millis{0}, Overflow::refuse}), queue_spec(2, "sub/b")});
    // What is on its way to the disk counts too.
    drive.step({drive.publish({.delivery = 1, .queues = {1, 2}, .id = 1}),
                drive.publish({.delivery = 2, .queues = {1, 2}, .id = 2}),
                drive.publish({.delivery = 3, .queues = {1, 2}, .id = 3})});
    REQUIRE(drive.out.refusals.size() == 1);
    CHECK(drive.out.refusals[0].to.delivery == 3);
    CHECK(drive.out.refusals[0].why.condition == Condition::resource_limit);
    CHECK(drive.out.refusals[0].why.text == "a subscription's queue is full: limit of count 2");
    drive.run();
    CHECK(drive.counts(1).ready == 2);
    CHECK(drive.counts(2).ready == 2);
    CHECK(drive.counts().refused == 1);
    // It was not remembered: the same event is taken later.
    drive.run({drive.open(1, 1), drive.credit(1, 1)});
    drive.run({drive.settle(1, CopySeq{1})});
    drive.run({drive.publish({.delivery = 4, .queues = {1, 2}, .id = 3})});
    CHECK(drive.out.accepts.size() == 1);
    CHECK_FALSE(drive.out.accepts[0].is_duplicate);
}

TEST_CASE("limits: a queue that drops the oldest keeps what consumers hold", "[flow]") {
    CoreDriver drive({limited({2, 0, Millis{0}, Overflow::drop_oldest})});
    drive.run({drive.open(1, 1), drive.credit(1, 1), letter(drive, 1), letter(drive, 2)});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    drive.run({letter(drive, 3)});
    CHECK(drive.counts(1).in_flight == 1);
    CHECK(drive.counts(1).ready == 1);
    CHECK(drive.counts(1).dead == 1);
    drive.run({drive.open(2, dead_queue), drive.credit(2, 9)});
    CHECK(copies_of(drive.out, 2) == Copies{2});
    drive.run({drive.settle(1, CopySeq{1}), drive.credit(1, 9)});
    CHECK(copies_of(drive.out, 1) == Copies{3});
}

TEST_CASE("limits: with nothing to drop the new copy itself is the dead letter", "[flow]") {
    CoreDriver drive({limited({1, 0, Millis{0}, Overflow::drop_oldest})});
    drive.run({drive.open(1, 1), drive.credit(1, 1), letter(drive, 1)});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    drive.run({letter(drive, 2), drive.open(2, dead_queue), drive.credit(2, 9)});
    CHECK(copies_of(drive.out, 2) == Copies{2});
}

TEST_CASE("limits: a lowered limit is reached again step by step", "[flow]") {
    CoreDriver drive({patient_queue()});
    for (std::uint64_t id = 1; id <= 200; ++id)
        drive.step({letter(drive, id)});
    drive.run();
    drive.run({drive.reload({limited({10, 0, Millis{0}, Overflow::drop_oldest})})});
    drive.run({letter(drive, 201)});
    CHECK(drive.counts(1).ready == 137);
    drive.run({letter(drive, 202)});
    drive.run({letter(drive, 203)});
    drive.run({letter(drive, 204)});
    CHECK(drive.counts(1).ready == 10);
}

TEST_CASE("pause: a paused queue takes copies and delivers none, and its expiry goes on",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1), drive.credit(1, 1), letter(drive, 1)});
    REQUIRE(copies_of(drive.out, 1) == Copies{1});
    drive.step({Ask{9, SetPause{QueueId{1}, true, "drift", "modtageren bygges om"}}});
    CHECK(drive.out.answers.empty());
    REQUIRE(drive.commits.size() == 1);
    REQUIRE(drive.commits[0].queues.size() == 1);
    CHECK(drive.commits[0].queues[0].pause == Pause{drive.now, "drift", "modtageren bygges om"});
    drive.conclude();
    REQUIRE(drive.out.answers.size() == 1);
    CHECK_FALSE(std::get<OrderDone>(drive.out.answers[0].what).error);
    const Timestamp expiry = drive.now + Millis{50};
    drive.run({drive.publish({.delivery = 2, .id = 2, .expiry = expiry}),
               letter(drive, 3),
               drive.settle(1, CopySeq{1}),
               drive.credit(1, 9, true)});
    CHECK(drive.out.accepts.size() == 2);
    CHECK(drive.out.deliveries.empty());
    CHECK(drive.out.drained.size() == 1);
    CHECK(drive.counts(1).settled == 1);
    CHECK(drive.counts(1).pause.actor == "drift");
    drive.now = expiry;
    drive.run({Tick{}});
    CHECK(drive.counts(1).dead == 1);
    // Its dead letters can be taken.
    drive.run({drive.open(2, dead_queue), drive.credit(2, 9)});
    CHECK(copies_of(drive.out, 2) == Copies{2});
    drive.run({drive.credit(1, 9)});
    CHECK(drive.out.deliveries.empty());
    drive.run({Ask{10, SetPause{QueueId{1}, false, "drift", "færdig"}}});
    CHECK(copies_of(drive.out, 1) == Copies{3});
}

TEST_CASE("pause: it outlives a restart and a new configuration", "[flow]") {
    MemoryStore store;
    {
        CoreDriver drive({patient_queue()}, store, Timestamp{1'000'000});
        drive.step({Ask{9, SetPause{QueueId{1}, true, "drift", "ombygning"}}});
        while (!drive.commits.empty()) {
            std::vector<BodyRef> bodies = store.apply(drive.commits.front());
            drive.conclude_with(true, std::move(bodies));
        }
    }
    CoreDriver drive({patient_queue()}, store, Timestamp{1'000'000});
    while (!drive.commits.empty())
        drive.conclude();
    QueueSpec changed = patient_queue();
    changed.retry.max_attempts = 99;
    drive.run({drive.reload({changed}), drive.open(1, 1), drive.credit(1, 9), letter(drive, 1)});
    CHECK(drive.out.deliveries.empty());
    CHECK(drive.counts(1).pause.reason == "ombygning");
    drive.run({Ask{10, SetPause{QueueId{1}, false, "drift", "færdig"}}});
    CHECK(copies_of(drive.out, 1) == Copies{1});
}

TEST_CASE("pause: a queue that is not known is named as such", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.step({Ask{9, SetPause{QueueId{5}, true, "drift", "x"}}});
    REQUIRE(drive.out.answers.size() == 1);
    REQUIRE(std::get<OrderDone>(drive.out.answers[0].what).error);
    CHECK(std::get<OrderDone>(drive.out.answers[0].what).error->code == Errc::not_found);
}
