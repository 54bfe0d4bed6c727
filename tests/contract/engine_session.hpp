#pragma once
// One run of an engine, from recover() to its end, with everything it says collected.
#include "tests/contract/engine_contract.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vera::flow::test {

/// Outcomes from the engine's threads. Waiting has a deadline: a test that would hang fails
/// instead.
class OutcomeBox final : public EngineListener {
public:
    void on_outcome(Outcome outcome) override;
    /// The next one; ends the test with an exception if none comes within 30 s.
    [[nodiscard]] Outcome wait();
    [[nodiscard]] std::size_t size();

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Outcome> outcomes_;
};

struct Collected final : RecoverySink {
    void on_queue(QueueSpec queue) override;
    void on_ids(std::span<const RecoveredId> some) override {
        ids.insert(ids.end(), some.begin(), some.end());
    }
    void on_event(const RecoveredEvent& event) override {
        if (event.id_hash != 0) ids.push_back({event.id_hash, event.bytes_hash, event.accepted});
        if (!event.copies.empty()) events.push_back(event);
    }
    void start_over() override {
        queues.clear();
        ids.clear();
        events.clear();
    }
    std::map<std::uint32_t, QueueSpec> queues;
    std::vector<RecoveredEvent> events;  ///< with copies
    std::vector<RecoveredId> ids;
    [[nodiscard]] const RecoveredCopy* copy(std::uint64_t seq) const;
};

class EngineSession {
public:
    explicit EngineSession(EngineUnderTest& store);
    /// Numbers the batch, submits it, waits for its outcome, which must be good.
    std::vector<BodyRef> commit(Batch batch);
    void submit(Batch batch);
    [[nodiscard]] Outcome wait() { return box_.wait(); }
    [[nodiscard]] std::size_t outcomes() { return box_.size(); }
    [[nodiscard]] std::string fetch(const BodyRef& ref);
    void retire(Timestamp now) { engine_->retire(now); }
    void stop() { engine_->stop(); }

    Collected recovered;
    Recovery recovery;

private:
    OutcomeBox box_;
    std::unique_ptr<Engine> engine_;
    std::uint64_t last_ticket_ = 0;
};

}  // namespace vera::flow::test
