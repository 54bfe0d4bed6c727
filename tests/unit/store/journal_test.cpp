// The journal without faults: what goes in comes out, segments come and go.
#include "tests/unit/store/filled_store.hpp"

#include <algorithm>
#include <utility>

using namespace vera;
using namespace vera::test;

TEST_CASE("journal: what was committed is there after an orderly stop and after a kill",
          "[store]") {
    const bool is_orderly = GENERATE(true, false);
    CAPTURE(is_orderly);
    FilledStore store;
    flow::Recovery before;
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        before = opened->recovery;
        CHECK(before.was_clean);
        CHECK(before.notes.empty());
        store.declare(*opened->journal, 5);
        store.run(*opened->journal, 120, 3000);
        CHECK(opened->journal->live_segments() > 3);
        if (is_orderly) opened->journal->close();
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->recovery.store == before.store);
    CHECK(again->recovery.hash_seed == before.hash_seed);
    CHECK(again->recovery.was_clean == is_orderly);
    CHECK(again->recovery.notes.empty());
    CHECK(again->recovery.last_event.value == store.model.last_event());
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("journal: a store that goes on after many starts holds all of them", "[store]") {
    FilledStore store;
    for (int start = 0; start < 12; ++start) {
        store.fill(7, 2000, start % 3 != 0);
        auto again = open_store(store.files);
        REQUIRE(again);
        REQUIRE(again->shown == store.model.shown());
    }
}

TEST_CASE("journal: a store goes on with segments of another size than it was made with",
          "[store]") {
    const auto sizes =
        GENERATE(std::pair(32U << 10U, 1U << 20U), std::pair(256U << 10U, 32U << 10U));
    CAPTURE(sizes.first, sizes.second);
    FilledStore store;
    store.fill(10, 500, true, sizes.first);
    store.fill(150, 2500, false, sizes.second);
    auto again = open_store(store.files, sizes.second);
    REQUIRE(again);
    CHECK(again->recovery.notes.empty());
    CHECK(again->journal->live_segments() > 1);
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("journal: many batches share one sync and keep their order", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files, 1U << 20U);
    REQUIRE(opened);
    store.declare(*opened->journal, 3);
    std::vector<flow::Batch> batches;
    for (int i = 0; i < 50; ++i)
        batches.push_back(store.traffic.batch(3, 500, 0));
    const std::uint64_t syncs = store.files.calls(Call::sync);
    const auto outcomes = commit(*opened->journal, batches);
    CHECK(store.files.calls(Call::sync) == syncs + 1);
    REQUIRE(outcomes.size() == batches.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
        CHECK(outcomes[i].ok);
        CHECK(outcomes[i].ticket == batches[i].ticket);
        for (std::size_t e = 0; e < batches[i].events.size(); ++e) {
            const auto body = opened->journal->bodies().fetch_now(outcomes[i].bodies[e]);
            REQUIRE(body);
            REQUIRE(*body);
            CHECK((*body)->view() == batches[i].events[e].message.view());
        }
    }
}

TEST_CASE("journal: a batch larger than a segment gets a segment of its own size", "[store]") {
    FilledStore store;
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        store.declare(*opened->journal, 2);
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(300'000, 2));
        batch.events.push_back(store.traffic.event(10, 1));
        store.add(*opened->journal, batch);
        store.run(*opened->journal, 3, 100);
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("journal: groups end at max_group_bytes", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files, 1U << 20U, 20'000);
    REQUIRE(opened);
    std::vector<flow::Batch> batches(10);
    for (flow::Batch& batch : batches) {
        batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(6000, 1));
    }
    const std::uint64_t syncs = store.files.calls(Call::sync);
    const auto outcomes = commit(*opened->journal, batches);
    CHECK(outcomes.size() == 10);
    CHECK(store.files.calls(Call::sync) == syncs + 4);
}

TEST_CASE("journal: segments go when every copy is settled and retention has passed, oldest first",
          "[store]") {
    FilledStore store;
    auto opened = open_store(store.files);
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 4);
    store.run(journal, 60, 3000);
    const std::size_t before = journal.live_segments();
    REQUIRE(before > 3);
    journal.retire(store.traffic.now() + Millis{100LL * 86'400'000});
    CHECK(journal.live_segments() >= before);  // copies are waiting
    store.add(journal, store.traffic.settle_all());
    journal.retire(store.traffic.now());
    CHECK(journal.live_segments() >= before);  // retention has not passed
    const Timestamp later = store.traffic.now() + Millis{3'600'000};
    journal.retire(later);
    CHECK(journal.live_segments() == 1);
    const std::size_t spares = static_cast<std::size_t>(std::ranges::count_if(
        store.files.names(),
        [](const std::string& name) { return name.find("spare-") != std::string::npos; }));
    CHECK(spares == 2);  // recycled, the rest removed
    CHECK(store.segments().size() == 1);
    CHECK(journal.bodies().fetch({std::uint64_t{1} << 32U | 8192U, 200, 150}).error().code ==
          Errc::not_found);

    // Recycled files carry new segments, and nothing of their former life comes up.
    store.run(journal, 60, 3000);
    opened->journal.reset();
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->recovery.notes.empty());
    const auto& retain = store.model.retain();
    CHECK(Model::without_retired(again->shown, retain, later) ==
          Model::without_retired(store.model.shown(), retain, later));
    CHECK(again->shown.queues == store.model.shown().queues);
    CHECK(again->recovery.last_event.value == store.model.last_event());
}

TEST_CASE("journal: an event that waits keeps its segment and those behind it", "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    auto opened = open_store(store.files);
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 1);
    flow::Batch first = store.traffic.batch(0, 0, 0);
    first.events.push_back(store.traffic.event(100, 1));
    store.add(journal, first);
    for (int i = 0; i < 40; ++i) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(3000, 0));
        store.add(journal, batch);
    }
    const std::size_t before = journal.live_segments();
    REQUIRE(before > 2);
    journal.retire(store.traffic.now() + Millis{1000});
    CHECK(journal.live_segments() == before);
    store.add(journal, store.traffic.settle_all());
    journal.retire(store.traffic.now() + Millis{1000});
    CHECK(journal.live_segments() == 1);
}

TEST_CASE("journal: of a copy's transitions the highest version counts, in whatever order",
          "[store]") {
    FilledStore store;
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        store.declare(*opened->journal, 1);
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(10, 2));
        store.add(*opened->journal, batch);
        flow::Transition dead;
        dead.copy = CopySeq{1};
        dead.event = EventSeq{1};
        dead.queue = QueueId{1};
        dead.version = 3;
        dead.state = flow::CopyState::dead;
        dead.attempts = 10;
        dead.at = store.traffic.now();
        dead.reason = "max-attempts";
        flow::Transition older = dead;
        older.version = 2;
        older.state = flow::CopyState::waiting;
        flow::Transition twice = dead;
        twice.reason = "expired";
        flow::Batch transitions;
        transitions.transitions = {dead, older, twice};
        REQUIRE(commit(*opened->journal, {transitions})[0].ok);
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    const CopyShown& copy = again->shown.events.at(1).copies.at(1);
    CHECK(copy.state == flow::CopyState::dead);
    CHECK(copy.version == 3);
    CHECK(copy.attempts == 10);
    CHECK(copy.reason == "max-attempts");
    CHECK(again->shown.events.at(1).copies.at(2).version == 0);
}

TEST_CASE("journal: why an event was unrouted is told as long as a copy of it is there",
          "[store]") {
    FilledStore store;
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        store.declare(*opened->journal, 1);
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        for (const char* reason : {"sub/a: types", "sub/b: types", "sub/a: types", ""}) {
            batch.events.push_back(store.traffic.event(10, 1));
            batch.events.back().unrouted_reason = reason;
        }
        batch.events.push_back(store.traffic.event(10, 0));
        batch.events.back().unrouted_reason = "sub/a: types";
        store.add(*opened->journal, batch);
        flow::Batch settle = store.traffic.settle_all();
        settle.transitions.resize(1);
        store.add(*opened->journal, settle);
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    const auto& events = again->shown.events;
    CHECK_FALSE(events.contains(1));  // settled: only dedup needs it
    CHECK(events.at(2).unrouted_reason == "sub/b: types");
    CHECK(events.at(3).unrouted_reason == "sub/a: types");
    CHECK(events.at(4).unrouted_reason.empty());
    CHECK_FALSE(events.contains(5));
}

TEST_CASE("journal: the highest generation of its events is told", "[store]") {
    FilledStore store;
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        CHECK(opened->recovery.last_generation == Generation{});
        store.declare(*opened->journal, 1);
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        for (const std::uint64_t generation : {4U, 9U, 7U}) {
            batch.events.push_back(store.traffic.event(10, 1));
            batch.events.back().generation = Generation{generation};
        }
        store.add(*opened->journal, batch);
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->recovery.last_generation == Generation{9});
}

TEST_CASE("journal: a second opening of the same folder is refused", "[store]") {
    FaultyFileSystem files;
    auto first = open_store(files);
    REQUIRE(first);
    auto second = open_store(files);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::refused);
    CHECK(second.error().text ==
          "the store in store is in use (store/LOCK is locked); one process at a time: stop that "
          "one first, or choose another folder");
    first->journal.reset();
    CHECK(open_store(files));
}

TEST_CASE("journal: options out of range are refused", "[store]") {
    FaultyFileSystem files;
    for (const std::uint64_t bytes : {0ULL, 4096ULL, (64ULL << 10U) + 1, 2ULL << 30U}) {
        CAPTURE(bytes);
        auto opened = open_store(files, bytes);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::bad_input);
    }
    CHECK(files.names().empty());
}

TEST_CASE("journal: queue changes outlive the segments that they were written in", "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        store.declare(*opened->journal, 3);
        flow::Batch change = store.traffic.queues_batch(0);
        change.queues.push_back(make_queue(2, "queue/ny"));
        change.queues[0].is_deleted = true;
        change.queues[0].retry.backoff = {Millis{1}, Millis{86'400'000}};
        store.add(*opened->journal, change);
        store.run(*opened->journal, 60, 3000);
        store.add(*opened->journal, store.traffic.settle_all());
        opened->journal->retire(store.traffic.now() + Millis{1000});
        REQUIRE(opened->journal->live_segments() == 1);
    }
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->shown.queues == store.model.shown().queues);
}

TEST_CASE("journal: an empty batch is accepted without a write", "[store]") {
    FaultyFileSystem files;
    auto opened = open_store(files);
    REQUIRE(opened);
    const std::uint64_t writes = files.calls(Call::write);
    flow::Batch batch;
    batch.ticket = 1;
    const auto outcomes = commit(*opened->journal, {batch});
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].ok);
    CHECK(files.calls(Call::write) == writes);
}
