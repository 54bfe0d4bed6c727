#include "tests/contract/simulate.hpp"
#include "tests/contract/sqlite_engine.hpp"
#include "tests/contract/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_engine.hpp"

#include <optional>
#include <random>

using namespace vera;
using namespace vera::flow;
using namespace vera::flow::test;

namespace {

/// Unsynced batches are lost or not; storing fails for a while, or for good.
class BadMemory final : public SimulatedStore {
public:
    std::unique_ptr<Engine> open() override {
        auto engine = std::make_unique<MemoryEngine>(disk_, false);
        engine_ = engine.get();
        return engine;
    }
    void crash() override {}
    void work(std::mt19937_64& random) override {
        if (failure_ && (*failure_ == Errc::io || random() % 3 != 0)) {
            engine_->sync(failure_);
        } else {
            engine_->sync();
        }
    }
    void misbehave(std::mt19937_64& random) override {
        failure_ = random() % 4 == 0 ? Errc::io : Errc::unavailable;
    }
    void heal() override { failure_.reset(); }

private:
    std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
    MemoryEngine* engine_ = nullptr;
    std::optional<Errc> failure_;
};

class CalmSqlite final : public SimulatedStore {
public:
    std::unique_ptr<Engine> open() override {
        return make_sqlite_engine(folder_.file("store.sqlite"));
    }
    void crash() override {}
    void work(std::mt19937_64& /*random*/) override {}
    void misbehave(std::mt19937_64& /*random*/) override {}
    void heal() override {}

private:
    TempFolder folder_;
};

}  // namespace

TEST_CASE("simulation: the promises hold over a store in memory that forgets and fails",
          "[contract]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
        simulate<BadMemory>(seed, 400);
}

TEST_CASE("simulation: the promises hold over SQLite", "[contract]") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        simulate<CalmSqlite>(seed, 300);
}

TEST_CASE("simulation: the promises hold for thousands of seeds", "[contract][.long]") {
    for (std::uint64_t seed = 10'000; seed < 15'000; ++seed)
        simulate<BadMemory>(seed, 1000);
}
