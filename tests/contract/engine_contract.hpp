#pragma once
// What every engine promises (bus/flow/engine.hpp), as checks that know nothing of the engine but
// the port.
#include "bus/flow/engine.hpp"

#include <memory>
#include <vector>

namespace vera::flow::test {

/// One store of one kind of engine, in a place of its own.
class EngineUnderTest {
public:
    EngineUnderTest() = default;
    EngineUnderTest(const EngineUnderTest&) = delete;
    EngineUnderTest& operator=(const EngineUnderTest&) = delete;
    virtual ~EngineUnderTest() = default;
    /// An engine on this store, not yet recovered. The one before is gone.
    [[nodiscard]] virtual std::unique_ptr<Engine> open() = 0;
    /// Power is lost: the engine was destroyed without stop(), and what it had not made durable
    /// goes now.
    virtual void crash() = 0;
};

struct ContractCheck {
    const char* name;
    void (*run)(EngineUnderTest&);
};

[[nodiscard]] const std::vector<ContractCheck>& engine_contract();

}  // namespace vera::flow::test
