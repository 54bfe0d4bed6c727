#pragma once
// An engine that keeps everything in memory and reports at once, with handles for tests: bodies can
// be made cold (only fetch() has them, when the test lets it), damaged, and commits can be held
// back.
#include "bus/flow/engine.hpp"
#include "bus/host/mailbox.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace vera::amqp::test {

/// Any thread.
class MemoryEngine final : public flow::Engine {
public:
    [[nodiscard]] Result<flow::Recovery> recover(flow::RecoverySink& sink) override;
    void start(flow::EngineListener& listener) override { listener_ = &listener; }
    void submit(flow::Batch batch) override;
    [[nodiscard]] std::optional<Result<Body>> fetch_now(const flow::BodyRef& ref) override;
    void fetch(const flow::BodyRef& ref, std::function<void(Result<Body>)> done) override;
    void retire(Timestamp /*now*/) override {}
    void stop() override {}

    void hold_commits(bool hold);
    /// Bodies are only to be had by fetch().
    void make_cold(bool cold);
    /// fetch() answers only when released.
    void hold_fetches(bool hold);
    /// Every body from now on comes back altered, as bytes that do not scan.
    void damage_bodies(bool damage);
    /// Submitted batches fail.
    void fail_commits(bool fail);
    [[nodiscard]] std::size_t transitions_to(flow::CopyState state) const;

private:
    void report(const flow::Batch& batch);
    Result<Body> read(const flow::BodyRef& ref);

    mutable std::mutex mutex_;
    flow::EngineListener* listener_ = nullptr;
    std::vector<Block> bodies_;
    std::vector<flow::Batch> held_;
    std::vector<std::pair<flow::BodyRef, std::function<void(Result<Body>)>>> fetches_;
    std::map<flow::CopyState, std::size_t> transitions_;
    bool holds_commits_ = false;
    bool is_cold_ = false;
    bool holds_fetches_ = false;
    bool damages_ = false;
    bool fails_ = false;
};

}  // namespace vera::amqp::test
