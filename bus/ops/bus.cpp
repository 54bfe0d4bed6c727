#include "bus/ops/bus.hpp"

#include "bus/host/log.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace vera::ops {
namespace {

using namespace std::chrono_literals;

/// A run is cut after this, so that the I/O thread that carries it comes to its sockets.
constexpr std::chrono::milliseconds longest_run{2};
constexpr Millis tick_at_least_every{10'000};
/// Short, so that segments come back while their pages are in memory.
constexpr Millis retire_every{1'000};

}  // namespace

Bus::Bus(flow::BusCore& core,
         flow::Engine& engine,
         const host::VeraClock& clock,
         BusOutside outside)
    : core_(core),
      engine_(engine),
      clock_(clock),
      outside_(std::move(outside)) {}

Bus::~Bus() {
    alarms_.close();
}

void Bus::start(std::shared_ptr<const flow::Snapshot> snapshot, const flow::Recovery& recovery) {
    const Timestamp now = clock_.now();
    last_retire_ = now;
    snapshot_.set(snapshot);
    core_.start(std::move(snapshot), recovery, now, effects_);
    core_.finish(now, effects_);
    if (effects_.has_commit()) {
        ++commits_under_way_;
        engine_.submit(std::move(effects_.commit));
    }
    set_alarm(effects_.wake_at, now);
    timer_ = std::jthread([this] { keep_time(); });
}

void Bus::post(std::vector<flow::Input> inputs) {
    if (!inputs.empty() && inbox_.put(std::move(inputs))) wake();
}

void Bus::on_outcome(flow::Outcome outcome) {
    std::vector<flow::Input> inputs;
    inputs.emplace_back(std::move(outcome));
    post(std::move(inputs));
}

void Bus::ask(std::function<void(const flow::Counts&)> done) {
    ask(flow::AskCounts{}, [done = std::move(done)](flow::Answer& answer) {
        if (const auto* counts = std::get_if<flow::Counts>(&answer.what)) done(*counts);
    });
}

void Bus::ask(decltype(flow::Ask::what) what, std::function<void(flow::Answer&)> done) {
    const std::uint64_t token = last_token_.fetch_add(1) + 1;
    questions_.put({token, std::move(done)});  // before the question: the answer must find it
    std::vector<flow::Input> inputs;
    inputs.emplace_back(flow::Ask{token, std::move(what)});
    post(std::move(inputs));
}

void Bus::wake() {
    if (is_finishing_)
        pokes_.put(0);
    else
        outside_.run_soon([this] { run(); });
}

void Bus::run() noexcept {
    const auto until = std::chrono::steady_clock::now() + longest_run;
    while (inbox_.take(inputs_)) {
        step();
        // By way of the timer: the outside may run a job at once on the caller's stack.
        if (std::chrono::steady_clock::now() >= until && !is_finishing_) return alarms_.put({});
    }
}

void Bus::step() {
    const Timestamp now = clock_.now();
    effects_.clear();
    for (flow::Input& input : inputs_) {
        look_at(input);
        std::shared_ptr<const flow::Snapshot> next;
        if (const auto* reloaded = std::get_if<flow::Reloaded>(&input)) next = reloaded->snapshot;
        core_.on(std::move(input), now, effects_);
        // Doors see a generation only when the core has it: a plan is never newer than the core.
        if (next != nullptr) snapshot_.set(std::move(next));
    }
    inputs_.clear();
    core_.finish(now, effects_);
    if (effects_.has_commit()) {
        ++commits_under_way_;
        engine_.submit(std::move(effects_.commit));
    }
    if (!is_finishing_) outside_.carry_out(effects_);
    answer(effects_.answers);
    set_alarm(effects_.wake_at, now);
    if (now - last_retire_ >= retire_every) {
        last_retire_ = now;
        engine_.retire(now);
    }
    if (is_sealed_ && !std::exchange(is_seal_told_, true)) outside_.on_sealed(seal_reason_);
}

void Bus::look_at(const flow::Input& input) {
    if (std::holds_alternative<flow::Tick>(input)) alarm_.reset();
    const auto* outcome = std::get_if<flow::Outcome>(&input);
    if (outcome == nullptr) return;
    --commits_under_way_;
    if (outcome->ok) {
        // Transitions alone go into a reserve, and say nothing about room.
        if (!outcome->bodies.empty() && std::exchange(is_full_, false))
            host::log::info("store has room again");
        return;
    }
    if (outcome->error.code == Errc::unavailable) {
        if (std::exchange(is_full_, true)) return;
        host::log::warn("store has no room: publishers get released until there is",
                        {{"reason", outcome->error.text}});
    } else if (outcome->error.code == Errc::io && !is_sealed_) {
        is_sealed_ = true;
        seal_reason_ = outcome->error.text;
    }
}

void Bus::answer(std::vector<flow::Answer>& answers) {
    if (answers.empty()) return;
    std::vector<Question> fresh;
    questions_.take(fresh, 0ms);
    std::ranges::move(fresh, std::back_inserter(asked_));
    for (flow::Answer& one : answers) {
        const auto at = std::ranges::find(asked_, one.token, &Question::token);
        if (at == asked_.end()) continue;
        const Question question = std::move(*at);
        asked_.erase(at);
        question.done(one);
    }
}

void Bus::set_alarm(std::optional<Timestamp> wake_at, Timestamp now) {
    if (!wake_at) return;  // an alarm that is set may ring for nothing
    const Timestamp at = std::max(*wake_at, now + 1ms);
    if (alarm_ && *alarm_ <= at) return;
    alarm_ = at;
    alarms_.put(at);
}

void Bus::keep_time() {
    std::vector<Timestamp> asked;
    Timestamp due;  // none: no alarm is set
    Timestamp last_tick = clock_.now();
    for (;;) {
        const Timestamp now = clock_.now();
        const Timestamp latest = last_tick + tick_at_least_every;
        const Timestamp next = due ? std::min(due, latest) : latest;
        if (next <= now) {
            due = Timestamp{};
            last_tick = now;
            std::vector<flow::Input> inputs;
            inputs.emplace_back(flow::Tick{});
            post(std::move(inputs));
        } else {
            if (!alarms_.take(asked, next - now)) return;
            for (const Timestamp at : asked) {
                if (!at)
                    wake();
                else
                    due = due ? std::min(due, at) : at;
            }
        }
    }
}

bool Bus::finish(Millis wait) {
    is_finishing_ = true;
    alarms_.close();
    if (timer_.joinable()) timer_.join();
    const auto deadline = std::chrono::steady_clock::now() + wait;
    std::vector<char> pokes;
    bool is_told = false;
    for (;;) {
        // The outside threads are gone, and with them perhaps one that was asked to run: this
        // thread is the only one left.
        while (inbox_.take(inputs_))
            step();
        if (!std::exchange(is_told, true)) {
            inputs_.emplace_back(flow::Stopping{});
            step();
        }
        if (commits_under_way_ == 0) {
            // What storage had no room for is tried again when the core says so.
            if (core_.has_unsubmitted()) {
                inputs_.emplace_back(flow::Tick{});
                step();
            }
            if (commits_under_way_ == 0 && !core_.has_unsubmitted()) return true;
        }
        if (std::chrono::steady_clock::now() >= deadline) return false;
        pokes_.take(pokes, 10ms);
    }
}

}  // namespace vera::ops
