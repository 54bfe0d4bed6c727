// Copies that are not ready before their time: the publisher's wish, the registration's virkning,
// the order in which they become ready, an operator's list and word.
#include "tests/support/catch.hpp"
#include "tests/unit/flow/core_driver.hpp"

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

namespace {

constexpr Millis day{86'400'000};

Copies take_all(CoreDriver& drive, std::uint64_t link) {
    Copies taken;
    for (int round = 0; round < 100; ++round) {
        const Copies some = copies_of(drive.out, link);
        if (some.empty()) break;
        std::vector<Input> inputs;
        for (const std::uint64_t copy : some) {
            taken.push_back(copy);
            inputs.emplace_back(CoreDriver::settle(link, CopySeq{copy}));
        }
        drive.run(std::move(inputs));
    }
    return taken;
}

const OrderDone& order_in(const Effects& out) {
    REQUIRE(out.answers.size() == 1);
    return std::get<OrderDone>(out.answers[0].what);
}

}  // namespace

TEST_CASE("schedule: a copy is not ready before its time and the core asks to be woken then",
          "[flow]") {
    CoreDriver drive({patient_queue()});
    const Timestamp due = drive.now + day;
    drive.run({drive.open(1, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1, .ready_at = due})});
    CHECK(drive.out.accepts.size() == 1);
    CHECK(drive.out.deliveries.empty());
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at == due);
    CHECK(drive.counts(1).scheduled == 1);
    CHECK(drive.counts(1).ready == 0);
    drive.now = due + Millis{-1};
    drive.step({Tick{}});
    CHECK(drive.out.deliveries.empty());
    drive.now = due;
    drive.step({Tick{}});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    CHECK(drive.out.deliveries[0].is_first_acquirer);
    CHECK(drive.counts(1).scheduled == 0);
}

TEST_CASE("schedule: a time that has passed is now", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.open(1, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1, .ready_at = Timestamp{5}})});
    CHECK(copies_of(drive.out, 1) == Copies{1});
}

TEST_CASE("schedule: only a subscription that asks for it waits for the virkning", "[flow]") {
    QueueSpec waiting = queue_spec(2, "sub/b");
    waiting.deliver_at = DeliverAt::virkning;
    CoreDriver drive({patient_queue(), waiting});
    const Timestamp virkning = drive.now + day;
    drive.run({drive.open(1, 1),
               drive.open(2, 2),
               drive.credit(1, 9),
               drive.credit(2, 9),
               drive.publish({.delivery = 1, .queues = {1, 2}, .id = 1, .virkning = virkning})});
    CHECK(copies_of(drive.out, 1) == Copies{1});
    CHECK(copies_of(drive.out, 2).empty());
    drive.now = virkning;
    drive.step({Tick{}});
    CHECK(copies_of(drive.out, 2) == Copies{2});
}

TEST_CASE("schedule: copies of one key come in the order in which they became ready", "[flow]") {
    const bool restarts = GENERATE(false, true);
    const QueueSpec queue = patient_queue();
    MemoryStore store;
    auto drive = std::make_unique<CoreDriver>(std::vector{queue}, store, Timestamp{1'000'000});
    const auto keep = [&](std::vector<Input> inputs) {
        drive->step(std::move(inputs));
        while (!drive->commits.empty()) {
            std::vector<BodyRef> bodies = store.apply(drive->commits.front());
            drive->conclude_with(true, std::move(bodies));
        }
    };
    const Timestamp start = drive->now;
    keep({drive->publish({.delivery = 1, .key = 7, .id = 1, .ready_at = start + Millis{300}}),
          drive->publish({.delivery = 2, .key = 7, .id = 2, .ready_at = start + Millis{100}}),
          drive->publish({.delivery = 3, .key = 7, .id = 3})});
    drive->now = start + Millis{200};
    keep({drive->publish({.delivery = 4, .key = 7, .id = 4})});
    drive->now = start + Millis{400};
    keep({drive->publish({.delivery = 5, .key = 7, .id = 5})});
    if (restarts)
        drive = std::make_unique<CoreDriver>(std::vector{queue}, store, start + Millis{500});
    while (!drive->commits.empty())
        drive->conclude();
    drive->run({drive->open(1, 1), drive->credit(1, 99)});
    CHECK(take_all(*drive, 1) == Copies{3, 2, 4, 1, 5});
}

TEST_CASE(
    "schedule: what is accepted before a copy is due comes before it, however late it is "
    "durable",
    "[flow]") {
    CoreDriver drive({patient_queue()});
    const Timestamp due = drive.now + Millis{100};
    drive.run({drive.open(1, 1),
               drive.credit(1, 9),
               drive.publish({.delivery = 1, .id = 1, .ready_at = due})});
    drive.now = due + Millis{-1};
    drive.step({drive.publish({.delivery = 2, .id = 2})});
    drive.now = due;
    drive.step({Tick{}});
    CHECK(drive.out.deliveries.empty());
    // No alarm until the commit is done: the outcome wakes the core.
    CHECK_FALSE(drive.out.wake_at);
    drive.conclude();
    CHECK(copies_of(drive.out, 1) == Copies{2, 1});
}

TEST_CASE("schedule: a copy that comes back keeps the place it had since it was ready", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.publish({.delivery = 1, .id = 1, .ready_at = drive.now + Millis{50}}),
               drive.publish({.delivery = 2, .id = 2})});
    drive.now = drive.now + Millis{50};
    drive.run({Tick{}});
    drive.run({drive.open(1, 1), drive.credit(1, 2)});
    REQUIRE(copies_of(drive.out, 1) == Copies{2, 1});
    drive.run({drive.settle(1, CopySeq{1}, ConsumerOutcome::released),
               drive.settle(1, CopySeq{2}, ConsumerOutcome::released),
               drive.credit(1, 4)});
    CHECK(copies_of(drive.out, 1) == Copies{2, 1});
}

TEST_CASE(
    "schedule: a scheduled copy expires in its schedule, and the subscription's ttl runs from "
    "when it is ready",
    "[flow]") {
    QueueSpec queue = patient_queue();
    queue.ttl = Millis{1000};
    CoreDriver drive({queue});
    const Timestamp start = drive.now;
    drive.run(
        {drive.publish(
             {.delivery = 1, .id = 1, .expiry = start + Millis{500}, .ready_at = start + day}),
         drive.publish({.delivery = 2, .id = 2, .ready_at = start + day})});
    drive.now = start + Millis{500};
    drive.run({Tick{}});
    CHECK(drive.counts(1).dead == 1);
    CHECK(drive.counts(1).expired == 1);
    drive.now = start + day;
    drive.run({Tick{}});
    CHECK(drive.counts(1).ready == 1);
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at == start + day + Millis{1000});
    drive.now = *drive.out.wake_at;
    drive.run({Tick{}});
    CHECK(drive.counts(1).dead == 2);
}

TEST_CASE("schedule: the list is by time, and is cut as asked", "[flow]") {
    CoreDriver drive({patient_queue(), queue_spec(2, "sub/b")});
    const Timestamp start = drive.now;
    for (std::uint64_t id = 1; id <= 5; ++id)
        drive.run({drive.publish({.delivery = id,
                                  .queues = {1, 2},
                                  .id = id,
                                  .bytes = std::string(id, 'x'),
                                  .ready_at = start + Millis{1000 - static_cast<int>(id)}})});
    const ScheduleList all = drive.schedule();
    CHECK(all.total == 10);
    REQUIRE(all.copies.size() == 10);
    CHECK(all.copies[0].copy.value == 9);
    CHECK(all.copies[0].queue_name == "sub/a");
    CHECK(all.copies[0].event.value == 5);
    CHECK(all.copies[0].ready_at == start + Millis{995});
    CHECK(all.copies[0].bytes == 5);
    const ScheduleList some =
        drive.schedule({.queue = QueueId{2}, .copy = {}, .skip = 1, .most = 2});
    CHECK(some.total == 5);
    REQUIRE(some.copies.size() == 2);
    CHECK(some.copies[0].copy.value == 8);
    CHECK(some.copies[1].copy.value == 6);
    CHECK(drive.schedule({.queue = {}, .copy = CopySeq{4}}).copies.size() == 1);
}

TEST_CASE(
    "schedule: a cancelled copy never comes; who and why is stored, and the answer waits for "
    "that",
    "[flow]") {
    CoreDriver drive({patient_queue(), queue_spec(2, "sub/b")});
    const Timestamp due = drive.now + Millis{1000};
    drive.run({drive.publish({.delivery = 1, .queues = {1, 2}, .id = 1, .ready_at = due}),
               drive.publish({.delivery = 2, .id = 2, .ready_at = due})});
    drive.step({Ask{5, Cancel{{}, EventSeq{1}, "drift", "borgeren har fortrudt"}}});
    CHECK(drive.out.answers.empty());
    REQUIRE(drive.commits.size() == 1);
    const Batch& batch = drive.commits[0];
    CHECK(batch.is_urgent);
    REQUIRE(batch.transitions.size() == 2);
    for (const Transition& transition : batch.transitions) {
        CHECK(transition.state == CopyState::settled);
        CHECK(transition.reason == "cancelled");
        CHECK(transition.error == "borgeren har fortrudt");
        CHECK(transition.actor == "drift");
    }
    drive.conclude();
    CHECK(drive.out.durable.empty());
    CHECK_FALSE(order_in(drive.out).error);
    CHECK(order_in(drive.out).copies == 2);
    drive.now = due;
    drive.run({drive.open(1, 1), drive.credit(1, 9), drive.open(2, 2), drive.credit(2, 9)});
    CHECK(copies_of(drive.out, 1) == Copies{3});
    CHECK(copies_of(drive.out, 2).empty());
    drive.step({Ask{6, Cancel{CopySeq{3}, {}, "drift", "for sent"}}});
    REQUIRE(order_in(drive.out).error);
    CHECK(order_in(drive.out).error->code == Errc::not_found);
}

TEST_CASE("schedule: on a sealed store an order is answered, not left waiting", "[flow]") {
    CoreDriver drive({patient_queue()});
    drive.run({drive.publish({.delivery = 1, .id = 1, .ready_at = drive.now + day})});
    drive.step({Ask{5, Cancel{CopySeq{1}, {}, "drift", "x"}}});
    drive.conclude(false, Errc::io);
    REQUIRE(order_in(drive.out).error);
    CHECK(order_in(drive.out).error->code == Errc::unavailable);
    drive.step({Ask{6, SetPause{QueueId{1}, true, "drift", "x"}}});
    REQUIRE(order_in(drive.out).error);
    CHECK(order_in(drive.out).error->code == Errc::unavailable);
}

TEST_CASE("schedule: many copies that are due at once do not hold the core for long", "[flow]") {
    CoreDriver drive({patient_queue()});
    const Timestamp due = drive.now + day;
    for (std::uint64_t id = 1; id <= 10'000; ++id)
        drive.step({drive.publish({.delivery = id, .id = id, .ready_at = due})});
    drive.run();
    REQUIRE(drive.counts(1).scheduled == 10'000);
    drive.now = due;
    drive.step({Tick{}});
    CHECK(drive.counts(1).ready == 8192);
    REQUIRE(drive.out.wake_at);
    CHECK(*drive.out.wake_at <= drive.now);
    drive.step({Tick{}});
    CHECK(drive.counts(1).ready == 10'000);
}
