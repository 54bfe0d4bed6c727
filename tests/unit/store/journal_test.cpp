// The journal without faults: what goes in comes out, segments come and go.
#include "tests/support/catch.hpp"
#include "tests/unit/store/rig.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::test;

namespace {

/// A store with traffic in it and the model of what it holds.
struct Filled {
    FaultyFileSystem files;
    Traffic traffic{7};
    Model model;

    void run(store::Journal& journal, std::size_t batches, std::size_t most_bytes) {
        for (std::size_t i = 0; i < batches; ++i) {
            const flow::Batch batch = traffic.batch(1 + i % 5, most_bytes, i % 4);
            const auto outcomes = commit(journal, {batch});
            REQUIRE(outcomes.size() == 1);
            REQUIRE(outcomes[0].ok);
            REQUIRE(outcomes[0].ticket == batch.ticket);
            REQUIRE(outcomes[0].bodies.size() == batch.events.size());
            for (std::size_t e = 0; e < batch.events.size(); ++e) {
                const auto body = journal.bodies().fetch(outcomes[0].bodies[e]);
                REQUIRE(body);
                CHECK(body->view() == batch.events[e].message.view());
            }
            model.apply(batch);
            traffic.stored(batch);
            traffic.advance(Millis{10});
        }
    }
    void declare(store::Journal& journal, std::uint32_t queues) {
        const flow::Batch batch = traffic.queues_batch(queues);
        REQUIRE(commit(journal, {batch})[0].ok);
        model.apply(batch);
    }
};

}  // namespace

TEST_CASE("journal: what was committed is there after an orderly stop and after a kill",
          "[store]") {
    const bool is_orderly = GENERATE(true, false);
    CAPTURE(is_orderly);
    Filled store;
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
    CHECK(again->recovery.last_event.value == store.model.shown().events.rbegin()->first);
    CHECK(again->shown == store.model.shown());
}
