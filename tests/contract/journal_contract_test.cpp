// The embedded journal under the contract and the simulation, on a file system that forgets and
// fails.
#include "bus/store/journal_engine.hpp"
#include "tests/contract/differential.hpp"
#include "tests/contract/simulate.hpp"
#include "tests/contract/sqlite_engine.hpp"
#include "tests/contract/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/faulty_file_system.hpp"

#include <chrono>
#include <exception>
#include <random>
#include <stdexcept>
#include <utility>

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

namespace {

std::unique_ptr<Engine> open_journal(vera::test::FaultyFileSystem& files,
                                     std::uint64_t segment_bytes) {
    store::StoreOptions options;
    options.path = "/store";
    options.segment_bytes = segment_bytes;
    options.settle_delay = std::chrono::milliseconds{0};
    // A snapshot at the end of every segment, and whatever can be rewritten is.
    options.snapshot_bytes = options.snapshot_records = 1;
    options.rewrite_every = Millis{0};
    options.rewrite_bytes_per_second = 1U << 30U;
    auto engine = store::open_journal(files, std::move(options));
    if (!engine) throw std::runtime_error("journal: " + engine.error().text);
    return *std::move(engine);
}

class JournalUnderTest final : public EngineUnderTest {
public:
    std::unique_ptr<Engine> open() override { return open_journal(files_, 8U << 20U); }
    void crash() override { files_.lose_power(vera::test::Loss::random, random_); }

private:
    vera::test::FaultyFileSystem files_;
    std::mt19937_64 random_{7};
};

class SqliteOracle final : public EngineUnderTest {
public:
    std::unique_ptr<Engine> open() override {
        return make_sqlite_engine(folder_.file("store.sqlite"));
    }
    void crash() override {}

private:
    TempFolder folder_;
};

/// Power goes at any time with any half of what was not synced; space runs out and comes back;
/// writes and syncs fail for good.
class BadDisk final : public SimulatedStore {
public:
    std::unique_ptr<Engine> open() override { return open_journal(files_, 256U << 10U); }
    void crash() override { files_.lose_power(vera::test::Loss::random, random_); }
    void work(std::mt19937_64& /*random*/) override {}
    void misbehave(std::mt19937_64& random) override {
        switch (random() % 3) {
            case 0:
                files_.set_capacity(1);
                break;
            case 1:
                files_.fail_call(vera::test::Call::sync, 1 + random() % 5, Errc::io);
                break;
            default:
                files_.fail_call(vera::test::Call::write, 1 + random() % 5, Errc::io);
                break;
        }
    }
    void heal() override {
        files_.heal();
        files_.set_capacity(UINT64_MAX);
    }

private:
    vera::test::FaultyFileSystem files_;
    std::mt19937_64 random_{7};
};

/// Says that it has synced, and loses everything that it has not.
class SleepyDisk final : public SimulatedStore {
public:
    SleepyDisk() { files_.ignore_syncs(true); }
    std::unique_ptr<Engine> open() override { return open_journal(files_, 256U << 10U); }
    void crash() override { files_.lose_power(vera::test::Loss::random, random_); }
    void work(std::mt19937_64& /*random*/) override {}
    void misbehave(std::mt19937_64& /*random*/) override {}
    void heal() override {}

private:
    vera::test::FaultyFileSystem files_;
    std::mt19937_64 random_{7};
};

}  // namespace

TEST_CASE("contract: the journal keeps it", "[contract]") {
    for (const ContractCheck& check : engine_contract()) {
        DYNAMIC_SECTION(check.name) {
            JournalUnderTest store;
            check.run(store);
        }
    }
}

TEST_CASE("differential: clients cannot tell the journal from SQLite", "[contract]") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        JournalUnderTest journal;
        SqliteOracle oracle;
        const auto difference = Differential(journal, oracle, seed).run(200);
        CHECK(difference.value_or("none") == "none");
    }
}

// The negative control: what the simulation says is worth something only if a journal that does not
// sync fails it.
TEST_CASE("simulation: a journal whose syncs do nothing breaks its promises", "[contract]") {
    int broken = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        try {
            SleepyDisk store;
            Simulation(store, seed).run(400);
        } catch (const std::exception&) {
            ++broken;
        }
    }
    CHECK(broken >= 15);
}

TEST_CASE("simulation: the promises hold over the journal on a disk that forgets and fails",
          "[contract]") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        simulate<BadDisk>(seed, 400);
}

TEST_CASE("simulation: the promises hold over the journal for thousands of seeds",
          "[contract][.long]") {
    for (std::uint64_t seed = 10'000; seed < 13'000; ++seed)
        simulate<BadDisk>(seed, 1000);
}
