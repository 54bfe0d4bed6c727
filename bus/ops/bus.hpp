#pragma once
// The shell around the core: lets one thread at a time into it, carries its effects out, keeps its
// time. It knows ports and functions, no concrete engine and no door; daemon.cpp puts them
// together.
#include "bus/flow/bus_core.hpp"
#include "bus/flow/engine.hpp"
#include "bus/flow/messages.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/mailbox.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace vera::ops {

/// What the bus asks of its surroundings. None of these may call back into the bus before it
/// returns, except post().
struct BusOutside {
    /// On a thread that may run the core; at once if the caller is on one.
    std::function<void(std::function<void()>)> run_soon;
    std::function<void(flow::Effects&)> carry_out;  ///< what concerns links
    std::function<void(std::string)>
        on_sealed;  ///< once, when the engine has sealed itself: the reason
};

/// Lives between the engine's recovery and its stop(). Whoever finds the inbox idle asks an outside
/// thread to run the core; a run lasts a few milliseconds and is then queued again, so that no
/// thread is held for ever. A throw inside the core ends the process: its state would be half
/// changed.
class Bus final : public flow::BusPort, public flow::EngineListener {
public:
    /// `core`, `engine` and `clock` outlive it.
    Bus(flow::BusCore& core,
        flow::Engine& engine,
        const host::VeraClock& clock,
        BusOutside outside);
    ~Bus() override;

    /// Starts core and time with the first generation. Once, after engine.start(), before any
    /// input; on the caller's thread.
    void start(std::shared_ptr<const flow::Snapshot> snapshot, const flow::Recovery& recovery);

    // BusPort and EngineListener. Any thread.
    void post(std::vector<flow::Input> inputs) override;
    [[nodiscard]] std::shared_ptr<const flow::Snapshot> snapshot() override {
        return snapshot_.get();
    }
    [[nodiscard]] Timestamp now() override { return clock_.now(); }
    void on_outcome(flow::Outcome outcome) override;

    /// Asks or orders; `done` is called once with the core's answer, on the thread that runs the
    /// core. Any thread.
    void ask(decltype(flow::Ask::what) what, std::function<void(flow::Answer&)> done);
    /// The core's counts.
    void ask(std::function<void(const flow::Counts&)> done);

    /// After the outside threads have ended: runs the core on the caller's thread until nothing is
    /// left to do, no commit is under way and nothing is held back for lack of room. false: `wait`
    /// was not enough, and the store lacks something.
    [[nodiscard]] bool finish(Millis wait);

private:
    struct Question {
        std::uint64_t token = 0;
        std::function<void(flow::Answer&)> done;
    };

    void wake();
    void run() noexcept;
    void step();
    void look_at(const flow::Input& input);
    void answer(std::vector<flow::Answer>& answers);
    void set_alarm(std::optional<Timestamp> wake_at, Timestamp now);
    void keep_time();

    flow::BusCore& core_;
    flow::Engine& engine_;
    const host::VeraClock& clock_;
    const BusOutside outside_;
    host::Cell<std::shared_ptr<const flow::Snapshot>> snapshot_{nullptr};
    host::Inbox<flow::Input> inbox_;
    host::Mailbox<Question> questions_;
    /// For the timer: a tick at that time; none: the rest of a run that was cut.
    host::Mailbox<Timestamp> alarms_;
    host::Mailbox<char> pokes_;  ///< something to do for finish()
    std::atomic<std::uint64_t> last_token_{0};
    std::atomic<bool> is_finishing_{false};

    // Touched only by the thread that runs the core.
    std::vector<flow::Input> inputs_;
    flow::Effects effects_;
    std::vector<Question> asked_;
    std::optional<Timestamp> alarm_;
    Timestamp last_retire_;
    std::uint64_t commits_under_way_ = 0;
    std::string seal_reason_;
    bool is_full_ = false;
    bool is_sealed_ = false;
    bool is_seal_told_ = false;

    std::jthread timer_;
};

}  // namespace vera::ops
