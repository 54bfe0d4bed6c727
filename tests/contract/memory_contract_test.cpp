#include "tests/contract/engine_contract.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_engine.hpp"

using namespace vera::flow;
using namespace vera::flow::test;

namespace {

class MemoryUnderTest final : public EngineUnderTest {
public:
    std::unique_ptr<Engine> open() override { return std::make_unique<MemoryEngine>(disk_, true); }
    void crash() override {}

private:
    std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
};

}  // namespace

TEST_CASE("contract: the in-memory engine keeps it", "[contract]") {
    for (const ContractCheck& check : engine_contract()) {
        DYNAMIC_SECTION(check.name) {
            MemoryUnderTest store;
            check.run(store);
        }
    }
}
