#pragma once
// A whole bus in memory around a live front door on loopback: the real core, a memory engine, a
// journal of the inputs that came in.
#include "bus/amqp/front_door.hpp"
#include "bus/flow/bus_core.hpp"
#include "bus/host/mailbox.hpp"
#include "tests/unit/amqp_door/memory_engine.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vera::amqp::test {

/// Waits for a condition with a deadline; the interval only decides how soon it is seen.
[[nodiscard]] bool eventually(const std::function<bool()>& holds,
                              std::chrono::milliseconds deadline = std::chrono::seconds(20));

/// Queues: sub/alt (everything), sub/hastig (presettled allowed), queue/x, queue/y (presettled
/// allowed), inbox/omsorg, inbox/laege, $unrouted.
[[nodiscard]] std::shared_ptr<const flow::Snapshot> test_snapshot(std::uint64_t generation = 1,
                                                                  bool without_y = false);
[[nodiscard]] DoorOptions test_options();

class LiveBus final : public flow::BusPort, public flow::EngineListener {
public:
    explicit LiveBus(DoorOptions options = test_options());
    ~LiveBus() override;

    void post(std::vector<flow::Input> inputs) override;
    [[nodiscard]] std::shared_ptr<const flow::Snapshot> snapshot() override {
        return snapshot_.get();
    }
    [[nodiscard]] Timestamp now() override;
    void on_outcome(flow::Outcome outcome) override;

    /// So much time is over.
    void pass(Millis time) { passed_ms_ += time.count(); }
    void reload(std::shared_ptr<const flow::Snapshot> snapshot);
    [[nodiscard]] flow::Counts counts();
    [[nodiscard]] flow::QueueCounts counts(const std::string& queue);
    [[nodiscard]] std::uint16_t port() const { return port_; }

    struct Seen {
        std::uint64_t consumer_opened = 0, closed_failed = 0, closed_orderly = 0,
                      publisher_closed = 0, accepted = 0, released = 0, failed = 0, rejected = 0,
                      posts = 0, published = 0;
        std::string last_reason, last_error;
    };
    [[nodiscard]] Seen seen();

    MemoryEngine engine;
    /// Passwords: systems "omsorg" and "laege" with "hemmelig". Certificates: CN "omsorg".
    std::unique_ptr<FrontDoor> door;

private:
    void run();
    void note(const flow::Input& input);

    host::Cell<std::shared_ptr<const flow::Snapshot>> snapshot_;
    flow::BusCore core_;
    host::Inbox<flow::Input> inbox_;
    std::vector<flow::Input> batch_;
    flow::Effects effects_;
    host::Mailbox<flow::Answer> answers_;
    std::mutex mutex_;
    Seen seen_;
    std::atomic<std::int64_t> passed_ms_{0};
    std::uint16_t port_ = 0;
    std::jthread ticker_;
};

}  // namespace vera::amqp::test
