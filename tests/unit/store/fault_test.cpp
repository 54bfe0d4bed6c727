// Calls that fail: one after the other, each once, and for ever. Nothing accepted may be lost,
// nothing refused may come up as something else, and a full disk is not a broken one.
#include "tests/unit/store/filled_store.hpp"

using namespace vera;
using namespace vera::test;

namespace {

struct Result {
    bool has_failed = false;  ///< the planned failure came
    bool is_sealed = false;
    std::size_t refused = 0;
    std::string wrong;  ///< empty: all is well
};

/// A whole life of a store with one planned failure: opened, used with retirement, closed, opened
/// again.
Result live_with(Call call, std::uint64_t nth, Errc code, bool forever, std::size_t batches) {
    FaultyFileSystem files;
    Traffic traffic(23);
    traffic.retention = Millis{20};
    Model model;
    Result result;
    std::vector<flow::Batch> unsure;
    files.fail_call(call, nth, code, forever);
    const std::uint64_t before = files.calls(call);
    {
        auto opened = open_store(files, 32U << 10U, 16U << 20U, 0);
        // Where lack of space cannot be helped (a segment's own bytes, a name), it is an error like
        // any other.
        if (!opened && opened.error().code != code && opened.error().code != Errc::io)
            result.wrong = "wrong error: " + opened.error().text;
        for (std::size_t i = 0; opened && i < batches; ++i) {
            store::Journal& journal = *opened->journal;
            const flow::Batch batch = i == 0       ? traffic.queues_batch(3)
                                      : i % 9 == 8 ? traffic.settle_all()
                                                   : traffic.batch(1 + i % 3, 900, i % 4);
            const auto outcome = commit(journal, {batch})[0];
            if (outcome.ok) {
                if (!journal.seal_reason().empty()) result.wrong = "accepted while sealed";
                model.apply(batch);
                traffic.stored(batch);
            } else {
                ++result.refused;
                if (outcome.error.text.find("planned failure") == std::string::npos)
                    result.wrong = outcome.error.text;
                if (outcome.error.code == Errc::unavailable && !journal.seal_reason().empty())
                    result.wrong = "sealed, and calls it unavailable";
                if (outcome.error.code == Errc::io) {
                    result.is_sealed = true;
                    unsure.push_back(batch);
                }
                if (i == 0) break;
            }
            traffic.advance(Millis{10});
            journal.retire(traffic.now());
        }
        if (opened) opened->journal->close();
    }
    result.has_failed = files.calls(call) >= before + nth;
    files.heal();
    files.kill_process();
    if (!result.wrong.empty()) return result;
    std::mt19937_64 random(nth);
    files.lose_power(Loss::random, random);
    auto again = open_store(files, 32U << 10U, 16U << 20U, 0);
    if (!again) {
        result.wrong = "does not open: " + again.error().text;
        return result;
    }
    const auto& retain = model.retain();
    const auto visible = [&](const Shown& shown) {
        return Model::without_retired(shown, retain, traffic.now());
    };
    if (visible(again->shown) == visible(model.shown())) return result;
    // The first batch that the failure hit may be there; those after it never.
    if (!unsure.empty()) {
        Model with = model;
        with.apply(unsure.front());
        const auto shown = [&](const Shown& s) {
            return Model::without_retired(s, with.retain(), traffic.now());
        };
        if (shown(again->shown) == shown(with.shown())) return result;
    }
    result.wrong = "shows something else than what was accepted";
    return result;
}

/// One life per call of the kind until a life ends without the failure.
std::size_t fail_each(Call call, Errc code, bool forever, std::size_t batches) {
    std::size_t lives = 0;
    for (std::uint64_t nth = 1;; ++nth) {
        const Result result = live_with(call, nth, code, forever, batches);
        ++lives;
        if (!result.wrong.empty()) {
            CAPTURE(static_cast<int>(call), static_cast<int>(code), forever, nth);
            FAIL(result.wrong);
        }
        if (result.has_failed && code == Errc::unavailable && result.is_sealed &&
            call == Call::create)
            FAIL("a full disk has sealed the store");
        if (!result.has_failed) return lives;
    }
}

}  // namespace

TEST_CASE("fault: a call that fails once, each in its turn, loses nothing accepted", "[store]") {
    const Call call = GENERATE(Call::write,
                               Call::sync,
                               Call::create,
                               Call::rename,
                               Call::remove,
                               Call::sync_folder,
                               Call::open,
                               Call::list,
                               Call::read,
                               Call::lock);
    const Errc code = GENERATE(Errc::io, Errc::unavailable);
    CAPTURE(static_cast<int>(call), static_cast<int>(code));
    CHECK(fail_each(call, code, false, 40) > 1);
}

TEST_CASE("fault: a call that fails for ever from each one on loses nothing accepted", "[store]") {
    const Call call =
        GENERATE(Call::write, Call::sync, Call::create, Call::rename, Call::sync_folder);
    const Errc code = GENERATE(Errc::io, Errc::unavailable);
    CAPTURE(static_cast<int>(call), static_cast<int>(code));
    CHECK(fail_each(call, code, true, 30) > 1);
}

TEST_CASE("fault: any call that fails, over a long life", "[.][long][store]") {
    const Call call = GENERATE(
        Call::write, Call::sync, Call::create, Call::rename, Call::remove, Call::sync_folder);
    const Errc code = GENERATE(Errc::io, Errc::unavailable);
    CHECK(fail_each(call, code, false, 300) > 1);
}

TEST_CASE(
    "fault: without space for a segment events are refused, settlements go into the reserve, and "
    "it goes on",
    "[store]") {
    FilledStore store;
    auto opened = open_store(store.files);
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 2);
    store.files.set_capacity(150U << 10U);  // two segments and the manifests
    flow::Outcome last;
    for (int i = 0; i < 200; ++i) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(1000, 1));
        last = commit(journal, {batch})[0];
        if (!last.ok) break;
        store.model.apply(batch);
        store.traffic.stored(batch);
    }
    REQUIRE_FALSE(last.ok);
    CHECK(last.error.code == Errc::unavailable);
    CHECK(last.error.text.find("no space for a new segment") == 0);
    CHECK(journal.seal_reason().empty());
    CHECK(journal.live_segments() == 2);

    const flow::Batch settle = store.traffic.settle_all();
    flow::Batch part = settle;
    part.transitions.resize(5);
    CHECK(commit(journal, {part})[0].ok);
    store.model.apply(part);

    // A mixed run: what can be stored is, in order.
    flow::Batch event = store.traffic.batch(0, 0, 0);
    event.events.push_back(store.traffic.event(10, 1));
    flow::Batch more = settle;
    more.ticket = event.ticket + 1;
    more.transitions.erase(more.transitions.begin(), more.transitions.begin() + 5);
    more.transitions.resize(3);
    const auto outcomes = commit(journal, {event, more});
    REQUIRE(outcomes.size() == 2);
    CHECK(outcomes[0].error.code == Errc::unavailable);
    CHECK(outcomes[1].error.code == Errc::unavailable);  // the reserve of one page is used up

    store.files.set_capacity(UINT64_MAX);
    const auto after = commit(journal, {more});
    CHECK(after[0].ok);
    store.model.apply(more);
    opened->journal.reset();
    store.files.kill_process();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("fault: on a full disk settlements that come together share one sync", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files, 1U << 20U);
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 2);
    store.files.set_capacity(0);
    const auto event = [&] {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(20'000, 1));
        return batch;
    };
    flow::Outcome last;
    do {
        const flow::Batch batch = event();
        last = commit(journal, {batch})[0];
        if (!last.ok) break;
        store.model.apply(batch);
        store.traffic.stored(batch);
    } while (last.ok);
    REQUIRE(last.error.code == Errc::unavailable);

    const flow::Batch settle = store.traffic.settle_all();
    REQUIRE(settle.transitions.size() > 20);
    std::vector<flow::Batch> batches;
    for (std::size_t i = 0; i < 20; ++i) {
        flow::Batch& one = batches.emplace_back(settle);
        one.ticket += i;
        one.transitions = {settle.transitions[i]};
    }
    const flow::Batch refused = event();
    batches.insert(batches.begin() + 12, refused);
    // One that the reserve cannot hold does not keep those behind it out.
    flow::Batch huge = settle;
    while (huge.transitions.size() < 2000)
        huge.transitions.push_back(huge.transitions.front());
    batches.insert(batches.begin() + 15, huge);

    const std::uint64_t syncs = store.files.calls(Call::sync);
    const auto outcomes = commit(journal, batches);
    CHECK(store.files.calls(Call::sync) == syncs + 3);
    REQUIRE(outcomes.size() == batches.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
        CAPTURE(i);
        CHECK(outcomes[i].ticket == batches[i].ticket);
        const bool fits = i != 12 && i != 15;
        CHECK(outcomes[i].ok == fits);
        if (fits)
            store.model.apply(batches[i]);
        else
            CHECK(outcomes[i].error.code == Errc::unavailable);
    }
    opened->journal.reset();
    store.files.kill_process();
    store.files.set_capacity(UINT64_MAX);
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("fault: a full disk does not keep segments from being given back", "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    auto opened = open_store(store.files);
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 2);
    store.run(journal, 30, 3000);
    store.add(journal, store.traffic.settle_all());
    std::uint64_t used = 0;
    for (const auto& [name, bytes] : store.files.image())
        used += bytes.size();
    store.files.set_capacity(used);
    const std::size_t before = journal.live_segments();
    journal.retire(store.traffic.now());
    CHECK(journal.live_segments() < before);
    CHECK(journal.seal_reason().empty());
    store.run(journal, 10, 3000);
    opened->journal->close();
    opened->journal.reset();
    // Nor from being opened again.
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK(again->recovery.was_clean);
}

TEST_CASE("fault: after a failed sync nothing is written or synced any more", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files);
    REQUIRE(opened);
    store.declare(*opened->journal, 2);
    store.files.fail_call(Call::sync, 1, Errc::io);
    const auto outcomes =
        commit(*opened->journal, {store.traffic.batch(1, 10, 0), store.traffic.batch(1, 10, 0)});
    for (const flow::Outcome& outcome : outcomes) {
        CHECK(outcome.error.code == Errc::io);
        CHECK(outcome.error.text ==
              "the store is sealed: planned failure of sync store/segment-0000000001.vlog");
    }
    const std::uint64_t writes = store.files.calls(Call::write);
    const std::uint64_t syncs = store.files.calls(Call::sync);
    CHECK(commit(*opened->journal, {store.traffic.batch(1, 10, 0)})[0].error.code == Errc::io);
    opened->journal->retire(store.traffic.now());
    opened->journal->close();
    CHECK(store.files.calls(Call::write) == writes);
    CHECK(store.files.calls(Call::sync) == syncs);
    opened->journal.reset();
    auto again = open_store(store.files);
    REQUIRE(again);
    CHECK_FALSE(again->recovery.was_clean);
}
