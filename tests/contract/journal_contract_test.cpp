// The embedded journal under the contract and the simulation, on a file system that forgets and
// fails.
#include "bus/store/journal_engine.hpp"
#include "tests/contract/simulate.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/faulty_file_system.hpp"

#include <chrono>
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

}  // namespace

TEST_CASE("contract: the journal keeps it", "[contract]") {
    for (const ContractCheck& check : engine_contract()) {
        DYNAMIC_SECTION(check.name) {
            JournalUnderTest store;
            check.run(store);
        }
    }
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
