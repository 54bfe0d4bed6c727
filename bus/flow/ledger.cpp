#include "bus/flow/ledger.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vera::flow {

namespace {

/// Bounds of one batch, so that the engine can write it as one: at least one event goes whatever
/// its size.
constexpr std::size_t max_batch_bytes = 8U << 20U;
constexpr std::size_t max_batch_transitions = 16'384;
/// While space is short, at most: so few that they fit into what is left of a reserve.
constexpr std::size_t max_short_batch_transitions = 256;
/// How long transitions wait after they were refused by themselves, unless something succeeds
/// before.
constexpr Millis retry_interval{500};
/// Numbers of pending events go round below no_slot.
constexpr std::uint32_t number_mask = 0x7FFFFFFFU;

}  // namespace

void Ledger::start(const Recovery& recovery) {
    last_event_ = recovery.last_event;
    last_copy_ = recovery.last_copy;
    last_leaf_ = recovery.last_leaf;
}

std::uint32_t Ledger::actor(const std::string& system) {
    if (system.empty()) return 0;
    const auto [at, is_new] =
        actor_numbers_.try_emplace(system, static_cast<std::uint32_t>(actors_.size()));
    if (is_new) actors_.push_back(system);
    return at->second;
}

// ---- gathering
// ---------------------------------------------------------------------------------------------------------

void Ledger::add_event(PendingEvent event) {
    const auto number = static_cast<std::uint32_t>(first_number_ + events_.size()) & number_mask;
    if (event.plan.id_hash != 0) pending_ids_.set(event.plan.id_hash, number);
    events_.push_back(std::move(event));
}

PendingEvent* Ledger::find_pending(std::uint64_t id_hash) {
    const std::uint32_t number = pending_ids_.find(id_hash);
    if (number == no_slot) return nullptr;
    return &events_[(number - first_number_) & number_mask];
}

void Ledger::add_transition(PendingTransition transition) {
    if (!is_sealed_) transitions_.push_back(std::move(transition));
}

void Ledger::add_queue(const QueueSpec& spec) {
    queues_.insert_or_assign(spec.id, spec);
    has_new_queues_ = true;
}

// ---- submitting
// --------------------------------------------------------------------------------------------------------

void Ledger::submit_event(PendingEvent& event, Timestamp now, Batch& batch) const {
    event.accepted = now;
    EventCommit& commit = batch.events.emplace_back();
    commit.seq = event.seq;
    commit.leaf = event.leaf;
    commit.generation = event.plan.generation;
    commit.accepted = now;
    commit.expiry = event.plan.expiry;
    // Opaque messages of plain queues have no record and nothing to replay: they may go when they
    // are settled.
    const Millis kept = event.plan.is_sensitive
                            ? std::min(limits_.sensitive_retention, limits_.retention)
                            : limits_.retention;
    commit.retain_until =
        event.plan.audit_record.empty() ? now : now + std::max(kept, limits_.dedup_window);
    commit.order_key = event.plan.order_key;
    commit.id_hash = event.plan.id_hash;
    commit.bytes_hash = event.plan.bytes_hash;
    commit.message = event.message;
    commit.copies.reserve(event.plan.queues.size());
    std::uint64_t seq = event.first_copy.value;
    for (std::size_t i = 0; i < event.plan.queues.size(); ++i)
        commit.copies.push_back({CopySeq{seq++}, event.plan.queues[i], event.ready_at_of(i)});
    commit.unrouted_reason = event.plan.unrouted_reason;
    commit.audit_record = std::move(event.plan.audit_record);
    commit.salt = event.plan.salt;
}

void Ledger::submit_events(Timestamp now, Batch& batch) {
    std::size_t bytes = 0;
    EventSeq seq = last_event_;
    CopySeq copy = last_copy_;
    LeafIndex leaf = last_leaf_;
    batch.events.reserve(events_.size());
    for (PendingEvent& event : events_) {
        bytes += event.message.size() + event.plan.audit_record.size() +
                 event.plan.unrouted_reason.size();
        if (on_their_way_ != 0 && bytes > max_batch_bytes) return;
        event.seq = EventSeq{++seq.value};
        event.first_copy = CopySeq{copy.value + 1};
        copy.value += event.plan.queues.size();
        if (!event.plan.audit_record.empty()) event.leaf = LeafIndex{++leaf.value};
        submit_event(event, now, batch);
        ++on_their_way_;
    }
}

void Ledger::take_oldest(std::size_t count, std::vector<PendingTransition>& to) {
    refused_transitions_ -= std::min(refused_transitions_, count);
    if (first_transition_ == 0 && count == transitions_.size()) {
        to.swap(transitions_);
        return;
    }
    const auto from = transitions_.begin() + static_cast<std::ptrdiff_t>(first_transition_);
    const auto end = from + static_cast<std::ptrdiff_t>(count);
    to.assign(std::make_move_iterator(from), std::make_move_iterator(end));
    first_transition_ += count;
    if (first_transition_ * 2 >= transitions_.size()) {
        transitions_.erase(transitions_.begin(), end);
        first_transition_ = 0;
    }
}

/// Before what came later, behind what was refused before.
void Ledger::take_back(std::vector<PendingTransition>& refused) {
    const auto at = transitions_.begin() +
                    static_cast<std::ptrdiff_t>(first_transition_ + refused_transitions_);
    transitions_.insert(
        at, std::make_move_iterator(refused.begin()), std::make_move_iterator(refused.end()));
    refused_transitions_ += refused.size();
}

void Ledger::submit_transitions(std::size_t count, Submitted& submitted, Batch& batch) {
    if (!spare_.empty()) {
        submitted.transitions = std::move(spare_.back());
        spare_.pop_back();
    }
    take_oldest(count, submitted.transitions);
    bool is_waited_for = false;
    batch.transitions.reserve(count);
    for (const PendingTransition& transition : submitted.transitions) {
        batch.transitions.push_back(spell_out(transition));
        is_waited_for = is_waited_for || transition.waits;
    }
    batch.is_urgent = batch.events.empty() && is_waited_for;
}

Ledger::Load Ledger::next_load(Timestamp now) const {
    Load load;
    load.has_events = !events_.empty() && on_their_way_ == 0;
    if (!is_short_) {
        if (on_their_way_ != 0) return load;
        load.transitions = std::min(waiting_transitions(), max_batch_transitions);
        load.has_queues = load.has_events ? !queues_.empty() : has_new_queues_;
        return load;
    }
    const bool is_held = now < hold_until_;
    const bool has_others = !is_held && (waiting_transitions() != 0 || has_new_queues_);
    if (has_others && !is_events_turn_) load.has_events = false;
    if (load.has_events) {
        load.has_queues = !queues_.empty();
    } else if (has_others) {
        load.transitions = std::min(waiting_transitions(), short_batch_transitions_);
        load.has_queues = has_new_queues_;
    }
    return load;
}

void Ledger::close_batch(Timestamp now, Batch& batch) {
    if (is_sealed_) return;
    const Load load = next_load(now);
    if (!load.has_events && !load.has_queues && load.transitions == 0) return;
    is_events_turn_ = !load.has_events;
    if (!load.has_events) hold_until_ = Timestamp{};

    Submitted& submitted = submitted_.emplace_back();
    submitted.ticket = batch.ticket = ++last_ticket_;
    batch.now = now;
    if (load.has_queues) {
        for (const auto& [id, spec] : queues_)
            submitted.queues.push_back(spec);
        batch.queues = submitted.queues;
        has_new_queues_ = false;
    }
    if (load.has_events) {
        submit_events(now, batch);
        submitted.events = on_their_way_;
    }
    submit_transitions(load.transitions, submitted, batch);
}

Transition Ledger::spell_out(const PendingTransition& pending) const {
    Transition transition;
    transition.copy = pending.copy;
    transition.event = pending.event;
    transition.version = pending.version;
    transition.queue = pending.queue;
    transition.state = pending.state;
    transition.attempts = pending.attempts;
    transition.at = pending.at;
    transition.due = pending.due;
    if (pending.death) {
        transition.reason = pending.death->reason;
        transition.error = pending.death->error;
    }
    transition.actor = actors_[pending.actor];
    transition.was_acquired = pending.was_acquired;
    return transition;
}

// ---- outcomes
// ----------------------------------------------------------------------------------------------------------

PendingEvent Ledger::take_front() {
    PendingEvent event = std::move(events_.front());
    events_.pop_front();
    first_number_ = (first_number_ + 1) & number_mask;
    if (event.plan.id_hash != 0) pending_ids_.erase(event.plan.id_hash);
    return event;
}

Concluded Ledger::conclude(Outcome outcome, Timestamp now) {
    VERA_CHECK(!submitted_.empty() && submitted_.front().ticket == outcome.ticket);
    Submitted submitted = std::move(submitted_.front());
    submitted_.pop_front();

    Concluded done;
    done.ok = outcome.ok;
    done.error = std::move(outcome.error);
    done.bodies = std::move(outcome.bodies);
    done.events.reserve(submitted.events);
    for (std::size_t i = 0; i < submitted.events; ++i)
        done.events.push_back(take_front());
    on_their_way_ -= submitted.events;

    if (done.ok) {
        note_success(submitted, done);
        submitted.transitions.clear();
        if (spare_.size() < 4) spare_.push_back(std::move(submitted.transitions));
        return done;
    }
    if (done.error.code == Errc::io) {
        seal(done.error.text, done);
        return done;
    }
    is_short_ = true;
    if (submitted.events == 0) {
        hold_until_ = now + retry_interval;
        short_batch_transitions_ = std::clamp<std::size_t>(
            submitted.transitions.size() / 2, 1, max_short_batch_transitions);
    }
    // Another batch may have made them durable meanwhile.
    if (!submitted.queues.empty()) has_new_queues_ = !queues_.empty();
    take_back(submitted.transitions);
    return done;
}

void Ledger::note_success(const Submitted& submitted, Concluded& done) {
    hold_until_ = Timestamp{};
    short_batch_transitions_ = std::min(short_batch_transitions_ * 2, max_short_batch_transitions);
    if (!done.events.empty()) {
        is_short_ = false;
        VERA_CHECK(done.bodies.size() == done.events.size());
        const PendingEvent& last = done.events.back();
        last_event_ = last.seq;
        last_copy_ = CopySeq{last.first_copy.value + last.plan.queues.size() - 1};
        for (const PendingEvent& event : done.events)
            if (event.leaf) last_leaf_ = event.leaf;
    }
    for (const PendingTransition& transition : submitted.transitions)
        if (transition.waits) done.durable.push_back({transition.waits, transition.copy});
    for (const QueueSpec& spec : submitted.queues) {
        const auto at = queues_.find(spec.id);
        if (at != queues_.end() && at->second == spec) queues_.erase(at);
    }
    if (queues_.empty()) has_new_queues_ = false;
}

void Ledger::seal(const std::string& reason, Concluded& done) {
    if (is_sealed_) return;
    is_sealed_ = true;
    seal_reason_ = reason;
    transitions_.clear();
    first_transition_ = refused_transitions_ = 0;
    while (events_.size() > on_their_way_) {
        PendingEvent& event = events_[on_their_way_];
        if (event.plan.id_hash != 0) pending_ids_.erase(event.plan.id_hash);
        done.given_up.push_back(std::move(event));
        events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(on_their_way_));
    }
}

bool Ledger::has_unsubmitted() const {
    return !is_sealed_ &&
           (events_.size() > on_their_way_ || !transitions_.empty() || has_new_queues_);
}

std::optional<Timestamp> Ledger::retry_at() const {
    if (is_sealed_ || !hold_until_ || (waiting_transitions() == 0 && !has_new_queues_))
        return std::nullopt;
    return hold_until_;
}

}  // namespace vera::flow
