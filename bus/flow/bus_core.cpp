#include "bus/flow/bus_core.hpp"

#include "bus/base/check.hpp"
#include "bus/flow/core_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace vera::flow {

namespace {

Refusal unavailable(std::string text) {
    return {Condition::unavailable, std::move(text)};
}

}  // namespace

BusCore::BusCore(CoreOptions options) : state_(std::make_unique<State>(options)) {}
BusCore::~BusCore() = default;

// ---- recovery and start
// ------------------------------------------------------------------------------------------------

void BusCore::on_queue(QueueSpec queue) {
    const std::uint32_t known = state_->shelves.find_queue(queue.id);
    if (known == no_slot) {
        state_->shelves.add_queue(std::move(queue));
        return;
    }
    state_->shelves.queue(known).spec = queue;
    state_->shelves.queue(known + 1).spec = std::move(queue);
}

void BusCore::on_ids(std::span<const RecoveredId> ids) {
    // The window has no limits before start(): those of the configuration are not known yet.
    constexpr std::size_t ahead = 16;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i + ahead < ids.size()) state_->dedup.expect(ids[i + ahead].id_hash);
        state_->dedup.insert(ids[i].id_hash, ids[i].bytes_hash, ids[i].accepted);
    }
}

void BusCore::on_event(const RecoveredEvent& event) {
    State& state = *state_;
    if (event.id_hash != 0) state.dedup.insert(event.id_hash, event.bytes_hash, event.accepted);
    if (event.copies.empty()) return;
    Event kept;
    kept.seq = event.seq.value;
    kept.leaf = event.leaf.value;
    kept.body = event.body;
    kept.set_times(event.accepted, event.expiry);
    kept.set_bytes(event.message_bytes);
    kept.order_key = event.order_key;
    kept.copies = static_cast<std::uint32_t>(event.copies.size());
    const std::uint32_t slot = state.shelves.add_event(kept, Block{}, event.unrouted_reason);
    for (const RecoveredCopy& copy : event.copies)
        state.recover(copy, slot);
}

void BusCore::start_over() {
    state_ = std::make_unique<State>(CoreOptions(state_->options));
}

void BusCore::State::recover(const RecoveredCopy& recovered, std::uint32_t event_slot) {
    VERA_CHECK(recovered.state != CopyState::settled);
    const std::uint32_t queue = shelves.find_queue(recovered.queue);
    VERA_CHECK(queue != no_slot && !vera::is_dead_letter(recovered.queue));
    const bool is_dead = recovered.state == CopyState::dead;
    const bool is_scheduled = !is_dead && recovered.ready_at > shelves.event(event_slot).accepted();
    const std::uint32_t slot =
        is_scheduled ? shelves.schedule(queue, event_slot, recovered.seq, recovered.ready_at)
                     : shelves.append(is_dead ? queue + 1 : queue, event_slot, recovered.seq);
    if (is_scheduled) recovered_schedule.push_back(slot);
    Copy& copy = shelves.copy(slot);
    copy.version = recovered.version;
    copy.attempts = recovered.attempts;
    copy.was_acquired = copy.is_acquisition_stored = recovered.was_acquired;
    if (is_dead) {
        auto death = std::make_shared<Deliver::Death>();
        death->reason = recovered.reason;
        death->error = recovered.error;
        death->at = recovered.died;
        shelves.set_death(slot, std::move(death));
    } else if (recovered.due) {
        backoffs.push_back({recovered.due, Timers::Kind::retry, slot});
    }
}

/// What backed off goes on doing so; if its time has passed meanwhile, the timer comes at once.
/// But if an older copy of its key is there again, since its settlement was lost, it is merely
/// behind that one.
void BusCore::State::resume_backoffs() {
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> oldest;
    const auto key_of = [&](std::uint32_t slot) {
        const Copy& copy = shelves.copy(slot);
        return std::pair{copy.queue, shelves.event_of(copy).order_key};
    };
    std::erase_if(backoffs, [&](const Timers::Entry& backoff) {
        return shelves.copy(backoff.slot).place == Place::scheduled;
    });
    for (const Timers::Entry& backoff : backoffs)
        oldest.emplace(key_of(backoff.slot), no_slot);
    for (std::uint32_t i = 0; i < shelves.queue_count(); i += 2) {
        const auto any = oldest.lower_bound({i, 0});
        if (any == oldest.end() || any->first.first != i) continue;
        for (std::uint32_t slot = shelves.queue(i).first; slot != no_slot;
             slot = shelves.copy(slot).next) {
            const auto of = oldest.find(key_of(slot));
            if (of != oldest.end() && of->second == no_slot) of->second = slot;
        }
    }
    for (const Timers::Entry& backoff : backoffs) {
        const auto key = key_of(backoff.slot);
        if (key.second == 0 || oldest.at(key) == backoff.slot)
            put_back_later(backoff.slot, backoff.at);
    }
    backoffs = {};
}

std::vector<QueueSpec> BusCore::known_queues() const {
    std::vector<QueueSpec> known;
    for (std::uint32_t i = 0; i < state_->shelves.queue_count(); i += 2)
        known.push_back(state_->shelves.queue(i).spec);
    std::ranges::sort(known, {}, &QueueSpec::id);
    return known;
}

void BusCore::start(std::shared_ptr<const Snapshot> snapshot,
                    const Recovery& recovery,
                    Timestamp now,
                    Effects& out) {
    State& state = *state_;
    VERA_CHECK(!state.snapshot);
    state.maybe_acquired = recovery.maybe_acquired;
    state.ledger.start(recovery);
    state.shelves.sort_dead_letters();
    for (std::uint32_t i = 0; i < state.shelves.queue_count(); ++i) {
        state.shelves.queue(i).enqueued = 0;
        state.mark(i);
    }
    state.apply(std::move(snapshot));
    state.resume_schedule(now);
    state.resume_backoffs();
    finish(now, out);
}

// ---- one step
// ----------------------------------------------------------------------------------------------------------

void BusCore::on(Input&& input, Timestamp now, Effects& out) {
    VERA_CHECK(state_->snapshot);
    std::visit([&](auto& what) { state_->on(std::move(what), now, out); }, input);
}

void BusCore::finish(Timestamp now, Effects& out) {
    State& state = *state_;
    state.dedup.trim(now);
    state.run_timers(now);
    state.deliver_all(now, out);
    // A batch of an earlier step that was not taken yet stays as it is; this one's work goes with
    // the next.
    if (!out.has_commit()) state.ledger.close_batch(now, out.commit);

    out.wake_at = state.timers.earliest();
    const auto sooner = [&](Timestamp at) {
        out.wake_at = out.wake_at ? std::min(*out.wake_at, at) : at;
    };
    if (const auto at = state.ledger.retry_at()) sooner(*at);
    if (const auto at = state.schedule_wakes_at()) sooner(*at);
    if (!state.dirty.empty()) sooner(now);
}

bool BusCore::has_unsubmitted() const {
    return state_->ledger.has_unsubmitted();
}

// ---- publishing
// --------------------------------------------------------------------------------------------------------

void BusCore::State::refuse(DeliveryRef to, Refusal why, Effects& out) {
    ++(why.condition == Condition::unavailable ? released : refused);
    out.refusals.push_back({to, std::move(why)});
}

bool BusCore::State::readmit(Published& input, Effects& out) {
    if (input.is_plain) {
        VERA_CHECK(!input.plan.queues.empty());
        const std::uint32_t queue = shelves.find_queue(input.plan.queues.front());
        if (queue == no_slot || shelves.queue(queue).spec.is_deleted) {
            refuse(input.from, {Condition::not_found, "the queue was deleted"}, out);
            return false;
        }
        // What the audit record of a message says stays true: the older generation decided.
        if (input.plan.audit_record.empty()) input.plan.generation = snapshot->generation;
        return true;
    }
    auto again = options.admit(*snapshot, input.raw);
    if (auto* refusal = std::get_if<Refusal>(&again)) {
        refuse(input.from, std::move(*refusal), out);
        return false;
    }
    const audit::Salt salt = input.plan.salt;
    input.plan = std::move(*std::get_if<Plan>(&again));
    input.plan.salt = salt;
    return true;
}

bool BusCore::State::is_repeat(const Published& input, Timestamp now, Effects& out) {
    const Plan& plan = input.plan;
    if (plan.id_hash == 0) return false;
    if (PendingEvent* pending = ledger.find_pending(plan.id_hash)) {
        pending->waiters.push_back({input.from, pending->plan.bytes_hash == plan.bytes_hash});
        return true;
    }
    const auto known = dedup.find(plan.id_hash, now);
    if (!known) return false;
    if (*known == plan.bytes_hash) {
        ++duplicates;
        out.accepts.push_back({input.from, true});
    } else {
        refuse(input.from, {Condition::id_reused, "BeskedId was used for another message"}, out);
    }
    return true;
}

void BusCore::State::on(Published&& input, Timestamp now, Effects& out) {
    if (ledger.is_sealed()) return refuse(input.from, unavailable("storage is sealed"), out);
    if (input.plan.generation != snapshot->generation && !readmit(input, out)) return;
    if (is_repeat(input, now, out)) return;
    if (auto why = overflow(input, now)) return refuse(input.from, *std::move(why), out);
    PendingEvent event;
    event.from = input.from;
    event.plan = std::move(input.plan);
    event.ready_at = ready_times(event.plan);
    event.message = std::move(input.raw.message);
    note_arrivals(event, true);
    ledger.add_event(std::move(event));
}

void BusCore::State::note_arrivals(const PendingEvent& event, bool is_coming) {
    const std::uint64_t bytes = event.message.size();
    for (const QueueId id : event.plan.queues) {
        const std::uint32_t number = shelves.find_queue(id);
        VERA_CHECK(number != no_slot);
        Queue& queue = shelves.queue(number);
        if (is_coming) {
            ++queue.arriving;
            queue.arriving_bytes += bytes;
        } else {
            --queue.arriving;
            queue.arriving_bytes -= bytes;
            mark(number);
        }
    }
}

void BusCore::State::on(const PublisherClosed& /*input*/, Timestamp /*now*/, Effects& /*out*/) {
    // What it published goes on; answers to a link that is gone are the door's to drop.
}

// ---- commits
// -----------------------------------------------------------------------------------------------------------

void BusCore::State::on(Outcome&& input, Timestamp now, Effects& out) {
    Concluded done = ledger.conclude(std::move(input), now);
    for (std::size_t i = 0; i < done.events.size(); ++i) {
        if (done.ok) {
            shelve(done.events[i], done.bodies[i], now, out);
        } else {
            give_up(done.events[i], out);
        }
    }
    for (const PendingEvent& event : done.given_up)
        give_up(event, out);
    for (const SettleDurable& durable : done.durable)
        if (!note_durable(durable, out)) out.durable.push_back(durable);
    answer_orders(out);
}

void BusCore::State::shelve(PendingEvent& pending,
                            const BodyRef& body,
                            Timestamp now,
                            Effects& out) {
    const Plan& plan = pending.plan;
    ++accepted;
    out.accepts.push_back({pending.from, false});
    for (const Waiter& waiter : pending.waiters) {
        if (waiter.has_same_bytes) {
            ++duplicates;
            out.accepts.push_back({waiter.to, true});
        } else {
            refuse(waiter.to, {Condition::id_reused, "BeskedId was used for another message"}, out);
        }
    }
    if (plan.id_hash != 0) dedup.insert(plan.id_hash, plan.bytes_hash, pending.accepted);
    if (plan.queues.empty()) return;
    Event event;
    event.seq = pending.seq.value;
    event.leaf = pending.leaf.value;
    event.body = body;
    event.set_times(pending.accepted, plan.expiry);
    event.set_bytes(static_cast<std::uint32_t>(pending.message.size()));
    event.order_key = plan.order_key;
    event.copies = static_cast<std::uint32_t>(plan.queues.size());
    note_arrivals(pending, false);
    const std::uint32_t slot =
        shelves.add_event(event, std::move(pending.message), plan.unrouted_reason);
    CopySeq seq = pending.first_copy;
    for (std::size_t i = 0; i < plan.queues.size(); ++i) {
        place(shelves.find_queue(plan.queues[i]), slot, seq, pending.ready_at_of(i), now);
        ++seq.value;
    }
}

void BusCore::State::give_up(const PendingEvent& event, Effects& out) {
    refuse(event.from, unavailable("could not be stored"), out);
    for (const Waiter& waiter : event.waiters)
        refuse(waiter.to, unavailable("could not be stored"), out);
    note_arrivals(event, false);
}

// ---- consumers
// ---------------------------------------------------------------------------------------------------------

void BusCore::State::on(const ConsumerOpened& input, Timestamp /*now*/, Effects& out) {
    const std::uint32_t queue = shelves.find_queue(input.queue);
    if (queue == no_slot) {
        out.closes.push_back({input.consumer, Condition::not_found, "no such queue"});
        return;
    }
    if (consumers.open(input, queue, ledger.actor(input.system))) mark(queue);
}

void BusCore::State::on(const Credit& input, Timestamp /*now*/, Effects& /*out*/) {
    const std::uint32_t slot = consumers.find(input.consumer);
    if (slot == no_slot) return;
    consumers.set_credit(slot, input.limit, input.is_draining);
    mark(consumers[slot].queue);
}

void BusCore::State::on(Settled&& input, Timestamp now, Effects& out) {
    const std::uint32_t slot = shelves.find_held(input.copy);
    if (slot == no_slot || consumers[shelves.copy(slot).holder].id != input.consumer) return;
    const bool is_stored = settle(slot, input, now);
    // Nothing to store: it is as durable as it was.
    if (input.wants_durable && !is_stored) out.durable.push_back({input.consumer, input.copy});
}

void BusCore::State::on(const ConsumerClosed& input, Timestamp now, Effects& /*out*/) {
    const std::uint32_t slot = consumers.find(input.consumer);
    if (slot != no_slot) close_consumer(slot, input.counts_as_failure, now);
}

// ---- configuration and questions
// ---------------------------------------------------------------------------------------

void BusCore::State::apply(std::shared_ptr<const Snapshot> next) {
    VERA_CHECK(next != nullptr);
    snapshot = std::move(next);
    ledger.set_limits(snapshot->limits);
    dedup.set_limits(snapshot->limits.dedup_window, snapshot->limits.dedup_ids);
    const auto take = [&](QueueSpec spec) {
        std::uint32_t number = shelves.find_queue(spec.id);
        if (number == no_slot) {
            spec.pause = Pause{};
            number = shelves.add_queue(spec);
        } else {
            spec.pause = shelves.queue(number).spec.pause;
            if (shelves.queue(number).spec == spec) return;
        }
        shelves.queue(number).spec = spec;
        shelves.queue(number + 1).spec = spec;
        ledger.add_queue(spec);
        mark(number);
        mark(number + 1);
    };
    for (const QueueSpec& spec : snapshot->queues)
        take(spec);
    has_refusing_queue = std::ranges::any_of(snapshot->queues, [](const QueueSpec& spec) {
        return !spec.limits.is_none() && spec.limits.overflow == Overflow::refuse;
    });
    // A queue that the snapshot leaves out is deleted: it keeps what it has.
    for (std::uint32_t i = 0; i < shelves.queue_count(); i += 2) {
        QueueSpec spec = shelves.queue(i).spec;
        if (spec.is_deleted ||
            std::ranges::binary_search(snapshot->queues, spec.id, {}, &QueueSpec::id))
            continue;
        spec.is_deleted = true;
        take(spec);
    }
}

void BusCore::State::on(Reloaded&& input, Timestamp /*now*/, Effects& /*out*/) {
    apply(std::move(input.snapshot));
}

void BusCore::State::on(const Tick& /*input*/, Timestamp /*now*/, Effects& /*out*/) {
    // finish() runs the timers in any case.
}

void BusCore::State::on(const Stopping& /*input*/, Timestamp now, Effects& /*out*/) {
    is_stopping = true;
    for (std::uint32_t i = 0; i < shelves.queue_count(); ++i)
        store_acquisitions(i, now);
}

void BusCore::State::count(Counts& counts) const {
    counts.accepted = accepted;
    counts.duplicates = duplicates;
    counts.refused = refused;
    counts.released = released;
    counts.dedup_ids = dedup.size();
    counts.generation = snapshot->generation;
    counts.is_sealed = ledger.is_sealed();
    counts.seal_reason = ledger.seal_reason();
    for (std::uint32_t i = 0; i < shelves.queue_count(); i += 2) {
        const Queue& queue = shelves.queue(i);
        QueueCounts& of = counts.queues.emplace_back();
        of.queue = queue.spec.id;
        of.name = queue.spec.name;
        of.ready = queue.in(Place::fresh) + queue.in(Place::early);
        of.in_flight = queue.in(Place::held);
        of.delayed = queue.in(Place::delayed);
        of.blocked = queue.in(Place::blocked);
        of.scheduled = queue.in(Place::scheduled);
        of.bytes = queue.bytes;
        of.dead = shelves.queue(i + 1).size;
        of.consumers = static_cast<std::uint32_t>(queue.consumers.size());
        of.enqueued = queue.enqueued;
        of.settled = queue.settled;
        of.redelivered = queue.redelivered;
        of.expired = queue.expired;
        of.limited = queue.limited;
        of.pause = queue.spec.pause;
        of.oldest = shelves.oldest(i);
        of.is_deleted = queue.spec.is_deleted;
    }
    std::ranges::sort(counts.queues, {}, &QueueCounts::queue);
}

}  // namespace vera::flow
