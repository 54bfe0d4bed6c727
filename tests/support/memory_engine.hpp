#pragma once
// An engine in memory whose syncs the test performs: what was not synced is lost in a crash.
#include "tests/support/memory_store.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace vera::flow::test {

/// What survives a crash. The engines of one store share it, one after the other.
struct MemoryDisk {
    MemoryStore store;
    bool is_in_use = false;
};

/// Thread: one. Outcomes are reported from within sync() or, if eager, submit().
class MemoryEngine final : public Engine {
public:
    MemoryEngine(std::shared_ptr<MemoryDisk> disk, bool is_eager);
    ~MemoryEngine() override;

    Result<Recovery> recover(RecoverySink& sink) override;
    void start(EngineListener& listener) override { listener_ = &listener; }
    void submit(Batch batch) override;
    std::optional<Result<Body>> fetch_now(const BodyRef& ref) override;
    void fetch(const BodyRef& ref, std::function<void(Result<Body>)> done) override;
    void retire(Timestamp now) override { disk_->store.retire(now); }
    void stop() override;

    [[nodiscard]] std::size_t unsynced() const { return submitted_.size(); }
    /// The oldest unsynced batch becomes durable, or fails with this code.
    void sync(std::optional<Errc> failure = std::nullopt);
    /// Durable, but the crash comes before the outcome is told.
    void sync_silently();

private:
    std::shared_ptr<MemoryDisk> disk_;
    bool is_eager_;
    EngineListener* listener_ = nullptr;
    std::deque<Batch> submitted_;
};

}  // namespace vera::flow::test
