#pragma once
// A core and an engine put together without threads of its own: the test says when inputs are taken
// and when outcomes are.
#include "bus/flow/bus_core.hpp"
#include "tests/contract/engine_session.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vera::flow::test {

class Bus {
public:
    /// Recovers and starts. `queues` may be more than the store knows.
    Bus(EngineUnderTest& store, std::vector<QueueSpec> queues, Timestamp now);

    /// One step of the core; what it wants stored is submitted. The effects are valid till the next
    /// step.
    const Effects& step(std::vector<Input> inputs, Timestamp now);
    /// Waits for the next outcome and gives it to the core in a step.
    const Effects& take_outcome(Timestamp now);
    [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }
    [[nodiscard]] std::string body_of(const Deliver& deliver);
    [[nodiscard]] Counts counts(Timestamp now);
    [[nodiscard]] Generation generation() const { return snapshot_->generation; }
    void retire(Timestamp now) { engine_->retire(now); }
    /// An orderly end. Without it the destructor is a crash.
    void stop() { engine_->stop(); }

    Recovery recovery;
    Effects out;

private:
    void submit();

    std::unique_ptr<BusCore> core_;
    OutcomeBox box_;
    std::unique_ptr<Engine> engine_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::uint64_t outstanding_ = 0;
};

}  // namespace vera::flow::test
