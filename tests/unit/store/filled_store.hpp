#pragma once
// A store with traffic in it, in memory, and the model of what it holds.
#include "tests/support/catch.hpp"
#include "tests/unit/store/rig.hpp"

#include <cstdint>
#include <string>

namespace vera::test {

struct FilledStore {
    explicit FilledStore(std::uint64_t seed = 7) : traffic(seed) {}

    FaultyFileSystem files;
    Traffic traffic;
    Model model;

    void run(store::Journal& journal, std::size_t batches, std::size_t most_bytes) {
        for (std::size_t i = 0; i < batches; ++i)
            add(journal, traffic.batch(1 + i % 5, most_bytes, i % 4));
    }
    void declare(store::Journal& journal, std::uint32_t queues) {
        add(journal, traffic.queues_batch(queues));
    }
    void add(store::Journal& journal, const flow::Batch& batch) {
        const auto outcomes = commit(journal, {batch});
        REQUIRE(outcomes.size() == 1);
        REQUIRE(outcomes[0].ok);
        REQUIRE(outcomes[0].ticket == batch.ticket);
        REQUIRE(outcomes[0].bodies.size() == batch.events.size());
        model.apply(batch);
        traffic.stored(batch);
        traffic.advance(Millis{10});
    }
    /// Opens it, puts `batches` in, closes it or not.
    void fill(std::size_t batches,
              std::size_t most_bytes,
              bool is_orderly,
              std::uint64_t segment_bytes = 64U << 10U) {
        auto opened = open_store(files, segment_bytes);
        REQUIRE(opened);
        if (model.shown().queues.empty()) declare(*opened->journal, 4);
        run(*opened->journal, batches, most_bytes);
        if (is_orderly) opened->journal->close();
        opened->journal.reset();
        files.kill_process();
    }
    /// Paths of the segments, ascending.
    [[nodiscard]] std::vector<std::string> segments() const {
        std::vector<std::string> found;
        for (const std::string& name : files.names())
            if (name.ends_with(".vlog")) found.push_back(name);
        return found;
    }
};

}  // namespace vera::test
