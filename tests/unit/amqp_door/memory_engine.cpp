#include "tests/unit/amqp_door/memory_engine.hpp"

namespace vera::amqp::test {

Result<flow::Recovery> MemoryEngine::recover(flow::RecoverySink& /*sink*/) {
    flow::Recovery recovery;
    recovery.hash_seed = 42;
    return recovery;
}

void MemoryEngine::submit(flow::Batch batch) {
    {
        const std::lock_guard lock(mutex_);
        if (holds_commits_) {
            held_.push_back(std::move(batch));
            return;
        }
    }
    report(batch);
}

void MemoryEngine::report(const flow::Batch& batch) {
    flow::Outcome outcome;
    outcome.ticket = batch.ticket;
    {
        const std::lock_guard lock(mutex_);
        outcome.ok = !fails_;
        if (outcome.ok) {
            for (const flow::EventCommit& event : batch.events) {
                outcome.bodies.push_back({.a = bodies_.size(), .b = 0, .c = 0});
                bodies_.push_back(event.message);
            }
            for (const flow::Transition& transition : batch.transitions)
                ++transitions_[transition.state];
        } else {
            outcome.error = {Errc::unavailable, "no space"};
        }
    }
    listener_->on_outcome(std::move(outcome));
}

Result<Body> MemoryEngine::read(const flow::BodyRef& ref) {
    if (damages_) {
        const Block damaged = Block::copy_of("\xff\xff\xff");
        return Body{.block = damaged, .offset = 0, .length = 3};
    }
    const Block& block = bodies_.at(ref.a);
    return Body{.block = block, .offset = 0, .length = static_cast<std::uint32_t>(block.size())};
}

std::optional<Result<Body>> MemoryEngine::fetch_now(const flow::BodyRef& ref) {
    const std::lock_guard lock(mutex_);
    if (is_cold_) return std::nullopt;
    return read(ref);
}

void MemoryEngine::fetch(const flow::BodyRef& ref, std::function<void(Result<Body>)> done) {
    std::optional<Result<Body>> body;
    {
        const std::lock_guard lock(mutex_);
        if (holds_fetches_) {
            fetches_.emplace_back(ref, std::move(done));
            return;
        }
        body = read(ref);
    }
    done(std::move(*body));
}

void MemoryEngine::hold_commits(bool hold) {
    std::vector<flow::Batch> held;
    {
        const std::lock_guard lock(mutex_);
        holds_commits_ = hold;
        if (!hold) held.swap(held_);
    }
    for (const flow::Batch& batch : held)
        report(batch);
}

void MemoryEngine::make_cold(bool cold) {
    const std::lock_guard lock(mutex_);
    is_cold_ = cold;
}

// Released in the opposite order: the outlet must put them right.
void MemoryEngine::hold_fetches(bool hold) {
    std::vector<std::pair<flow::BodyRef, std::function<void(Result<Body>)>>> held;
    {
        const std::lock_guard lock(mutex_);
        holds_fetches_ = hold;
        if (!hold) held.swap(fetches_);
    }
    for (auto at = held.rbegin(); at != held.rend(); ++at) {
        std::optional<Result<Body>> body;
        {
            const std::lock_guard lock(mutex_);
            body = read(at->first);
        }
        at->second(std::move(*body));
    }
}

void MemoryEngine::damage_bodies(bool damage) {
    const std::lock_guard lock(mutex_);
    damages_ = damage;
}

void MemoryEngine::fail_commits(bool fail) {
    const std::lock_guard lock(mutex_);
    fails_ = fail;
}

std::size_t MemoryEngine::transitions_to(flow::CopyState state) const {
    const std::lock_guard lock(mutex_);
    const auto at = transitions_.find(state);
    return at == transitions_.end() ? 0 : at->second;
}

}  // namespace vera::amqp::test
