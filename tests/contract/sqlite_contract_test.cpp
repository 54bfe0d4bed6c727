#include "tests/contract/engine_contract.hpp"
#include "tests/contract/sqlite_engine.hpp"
#include "tests/contract/temp_folder.hpp"
#include "tests/support/catch.hpp"

using namespace vera::flow;
using namespace vera::flow::test;

namespace {

class SqliteUnderTest final : public EngineUnderTest {
public:
    std::unique_ptr<Engine> open() override {
        return make_sqlite_engine(folder_.file("store.sqlite"));
    }
    void crash() override {}

private:
    TempFolder folder_;
};

}  // namespace

TEST_CASE("contract: the SQLite engine keeps it", "[contract]") {
    for (const ContractCheck& check : engine_contract()) {
        DYNAMIC_SECTION(check.name) {
            SqliteUnderTest store;
            check.run(store);
        }
    }
}
