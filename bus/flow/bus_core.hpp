#pragma once
// The core: queue state, order, retry, dedup, credit. Entered at on(), left by effects. No files,
// sockets, threads, clocks.
#include "bus/flow/messages.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace vera::flow {

struct CoreOptions {
    /// Decides again about an event that was admitted under an earlier generation.
    using Admit = std::variant<Plan, Refusal> (*)(const Snapshot&, const event::RawEvent&);

    std::size_t hot_bytes =
        16U
        << 20U;  ///< messages kept in memory after commit, newest first; beyond it they are fetched
    Admit admit = &flow::admit;
};

/// Thread: core (one at a time). Lives as long as the daemon.
class BusCore final : public RecoverySink {
public:
    explicit BusCore(CoreOptions options);
    ~BusCore() override;

    // Recovery, before start(); queues first.
    void on_queue(QueueSpec queue) override;
    void on_ids(std::span<const RecoveredId> ids) override;
    void on_event(const RecoveredEvent& event) override;
    void start_over() override;
    /// The queues that recovery or earlier generations know, deleted ones included: ids for the
    /// next snapshot are taken from here.
    [[nodiscard]] std::vector<QueueSpec> known_queues() const;

    /// Takes over the first snapshot. Effects: the commit of new queues.
    void start(std::shared_ptr<const Snapshot> snapshot,
               const Recovery& recovery,
               Timestamp now,
               Effects& out);
    /// One input; appends to `out`. Deliveries are decided in finish().
    void on(Input&& input, Timestamp now, Effects& out);
    /// After a batch of inputs: gives waiting copies to consumers with credit, closes the commit
    /// batch.
    void finish(Timestamp now, Effects& out);
    /// Something is gathered that no batch has carried yet, e.g. while storage has no room.
    [[nodiscard]] bool has_unsubmitted() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The shell's side of the core, as doors see it. Any thread; never blocks. Inputs of one call stay
/// in order.
class BusPort {
public:
    BusPort() = default;
    BusPort(const BusPort&) = delete;
    BusPort& operator=(const BusPort&) = delete;
    virtual ~BusPort() = default;
    virtual void post(std::vector<Input> inputs) = 0;
    /// The current generation; cheap.
    [[nodiscard]] virtual std::shared_ptr<const Snapshot> snapshot() = 0;
    /// VeRA time now.
    [[nodiscard]] virtual Timestamp now() = 0;
};

}  // namespace vera::flow
