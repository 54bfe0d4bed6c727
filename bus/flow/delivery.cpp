// Who gets what, and what becomes of it: the half of the core that has to do with consumers.
#include "bus/base/check.hpp"
#include "bus/flow/core_state.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow {

namespace {

/// Steps of one queue before the next has its turn, and of all of them in one finish(). What is
/// left goes on in the next step.
constexpr std::uint32_t steps_per_turn = 1024;
constexpr std::uint32_t steps_per_finish = 8192;
constexpr std::size_t max_error_bytes = 1024;
/// What nobody wanted and what cannot die does not come again sooner.
constexpr Millis least_pause{1000};

/// At most `max` bytes, cut between characters.
std::string cut_utf8(std::string text, std::size_t max) {
    if (text.size() <= max) return text;
    std::size_t end = max;
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    text.resize(end);
    return text;
}

Millis backoff(const RetryPolicy& policy, std::uint32_t attempts) {
    if (policy.backoff.empty() || attempts == 0) return Millis{0};
    return policy.backoff[std::min<std::size_t>(attempts, policy.backoff.size()) - 1];
}

}  // namespace

void BusCore::State::mark(std::uint32_t number) {
    Queue& queue = shelves.queue(number);
    if (queue.is_dirty) return;
    queue.is_dirty = true;
    dirty.push_back(number);
}

// ---- outcomes
// ----------------------------------------------------------------------------------------------------------

PendingTransition BusCore::State::transition(std::uint32_t slot,
                                             CopyState to,
                                             LinkId waits,
                                             Timestamp now) {
    Copy& copy = shelves.copy(slot);
    PendingTransition change;
    change.copy = CopySeq{copy.seq};
    change.event = EventSeq{shelves.event_of(copy).seq};
    change.version = ++copy.version;
    Queue& queue = shelves.queue(copy.queue);
    change.queue = queue.spec.id;
    change.was_acquired = copy.was_acquired;
    if (copy.was_acquired && !std::exchange(copy.is_acquisition_stored, true))
        --queue.unstored_acquisitions;
    change.attempts = copy.attempts;
    change.actor = copy.holder == no_slot ? 0 : consumers[copy.holder].actor;
    change.state = to;
    change.at = now;
    change.waits = waits;
    return change;
}

// A copy that failed or died has a transition anyway; one that was released, or is in hands still,
// has none before the end: it would cost a write for each delivery that is let go.
void BusCore::State::store_acquisitions(std::uint32_t number, Timestamp now) {
    const Queue& queue = shelves.queue(number);
    for (std::uint32_t slot = queue.first; slot != no_slot && queue.unstored_acquisitions != 0;
         slot = shelves.copy(slot).next) {
        const Copy& copy = shelves.copy(slot);
        if (!copy.was_acquired || copy.is_acquisition_stored) continue;
        PendingTransition change = transition(
            slot, queue.is_dead_letter ? CopyState::dead : CopyState::waiting, LinkId{}, now);
        change.actor = 0;
        if (queue.is_dead_letter) {
            change.death = shelves.death_of(slot);
            change.at = change.death->at;
        }
        ledger.add_transition(std::move(change));
    }
}

void BusCore::State::leave_hands(std::uint32_t slot) {
    if (shelves.copy(slot).holder != no_slot) consumers.take(slot);
    mark(shelves.copy(slot).queue);
}

void BusCore::State::put_back(std::uint32_t slot) {
    leave_hands(slot);
    shelves.put_back(slot);
}

void BusCore::State::put_back_later(std::uint32_t slot, Timestamp due) {
    leave_hands(slot);
    if (shelves.delay(slot)) timers.add({due, Timers::Kind::retry, slot});
}

void BusCore::State::die(
    std::uint32_t slot, std::string reason, std::string error, LinkId waits, Timestamp now) {
    auto death = std::make_shared<Deliver::Death>();
    death->reason = std::move(reason);
    death->error = cut_utf8(std::move(error), max_error_bytes);
    death->at = now;
    PendingTransition change = transition(slot, CopyState::dead, waits, now);
    change.death = death;
    ledger.add_transition(std::move(change));
    leave_hands(slot);
    shelves.bury(slot, std::move(death));
    mark(shelves.copy(slot).queue);
}

void BusCore::State::fail_attempt(
    std::uint32_t slot, bool backs_off, std::string error, LinkId waits, Timestamp now) {
    Copy& copy = shelves.copy(slot);
    const Queue& queue = shelves.queue(copy.queue);
    ++copy.attempts;
    if (queue.has_dead_letters() && copy.attempts >= queue.spec.retry.max_attempts)
        return die(slot, "max-attempts", std::move(error), waits, now);
    Millis wait = backs_off ? backoff(queue.spec.retry, copy.attempts) : Millis{0};
    if (backs_off && !queue.has_dead_letters()) wait = std::max(wait, least_pause);
    PendingTransition change = transition(slot, CopyState::waiting, waits, now);
    if (wait.count() > 0) change.due = now + wait;
    const Timestamp due = change.due;
    ledger.add_transition(std::move(change));
    if (due) {
        put_back_later(slot, due);
    } else {
        put_back(slot);
    }
}

bool BusCore::State::settle(std::uint32_t slot, Settled& input, Timestamp now) {
    const Queue& queue = shelves.queue(shelves.copy(slot).queue);
    const LinkId waits = input.wants_durable ? input.consumer : LinkId{};
    switch (input.outcome) {
        case ConsumerOutcome::accepted:
            ledger.add_transition(transition(slot, CopyState::settled, waits, now));
            leave_hands(slot);
            shelves.remove(slot);
            return true;
        case ConsumerOutcome::released:
            put_back(slot);
            return false;
        case ConsumerOutcome::failed:
            if (!queue.is_dead_letter) {
                fail_attempt(slot, true, std::move(input.error), waits, now);
                return true;
            }
            // A dead letter has no attempts to count; it only must not come again at once.
            put_back_later(slot, now + std::max(backoff(queue.spec.retry, 1), least_pause));
            return false;
        case ConsumerOutcome::rejected:
            if (queue.has_dead_letters()) {
                die(slot, std::move(input.reason), std::move(input.error), waits, now);
                return true;
            }
            put_back_later(slot, now + std::max(backoff(queue.spec.retry, 1), least_pause));
            return false;
    }
    return false;
}

void BusCore::State::close_consumer(std::uint32_t number, bool counts_as_failure, Timestamp now) {
    // What a presettled consumer still holds was never sent.
    const bool counts = counts_as_failure && !consumers[number].is_presettled &&
                        !shelves.queue(consumers[number].queue).is_dead_letter;
    while (consumers[number].held_first != no_slot) {
        const std::uint32_t slot = consumers[number].held_first;
        if (counts) {
            fail_attempt(slot, false, "the consumer went away", LinkId{}, now);
        } else {
            put_back(slot);
        }
    }
    mark(consumers[number].queue);
    consumers.close(number);
}

// ---- delivering
// --------------------------------------------------------------------------------------------------------

void BusCore::State::deliver_all(Timestamp now, Effects& out) {
    std::uint32_t left = steps_per_finish;
    while (!dirty.empty() && left != 0) {
        const std::uint32_t number = dirty.front();
        dirty.pop_front();
        shelves.queue(number).is_dirty = false;
        const std::uint32_t given = std::min(left, steps_per_turn);
        std::uint32_t turn = given;
        const bool is_done = serve(number, turn, now, out);
        left -= given - turn;
        if (!is_done) mark(number);
    }
}

bool BusCore::State::serve(std::uint32_t number, std::uint32_t& turn, Timestamp now, Effects& out) {
    Queue& queue = shelves.queue(number);
    give_out(number, turn, now, out);
    show(number, turn, out);
    const bool is_cut_short = turn == 0;
    if (!queue.draining.empty()) answer_drains(queue, is_cut_short, out);
    set_expiry_timer(number);
    close_if_done(number, out);
    return !is_cut_short;
}

void BusCore::State::give_out(std::uint32_t number,
                              std::uint32_t& turn,
                              Timestamp now,
                              Effects& out) {
    Queue& queue = shelves.queue(number);
    while (turn != 0) {
        const bool is_wanted = queue.hungry_first != no_slot && !ledger.is_sealed() &&
                               !queue.is_paused() && !is_stopping;
        const std::uint32_t slot =
            is_wanted ? shelves.next_ready(number, turn) : shelves.head(number);
        if (slot == no_slot || turn == 0) return;
        if (is_expired(slot, now)) {
            expire(slot, now);
        } else if (is_wanted) {
            deliver(consumers.next_hungry(queue), slot, out);
        } else {
            return;
        }
        --turn;
    }
}

Deliver& BusCore::State::describe(std::uint32_t number, std::uint32_t slot, Effects& out) {
    const Copy& copy = shelves.copy(slot);
    const Event& event = shelves.event_of(copy);
    const Queue& queue = shelves.queue(copy.queue);
    Deliver& deliver = out.deliveries.emplace_back();
    deliver.consumer = consumers[number].id;
    deliver.copy = CopySeq{copy.seq};
    deliver.event = EventSeq{event.seq};
    deliver.leaf = LeafIndex{event.leaf};
    deliver.queue = queue.id();
    deliver.body = event.body;
    deliver.hot = shelves.hot_of(copy);
    deliver.accepted = event.accepted();
    // What has died, or waits for an operator, does not expire any more.
    if (queue.has_dead_letters()) deliver.expiry = expiry_of(slot);
    deliver.attempts = copy.attempts;
    deliver.is_first_acquirer =
        !copy.was_acquired && copy.attempts == 0 && copy.seq > maybe_acquired.value;
    if (queue.spec.kind == QueueKind::unrouted) deliver.note = shelves.note_of(copy);
    if (queue.is_dead_letter) deliver.death = shelves.death_of(slot);
    return deliver;
}

void BusCore::State::deliver(std::uint32_t number, std::uint32_t slot, Effects& out) {
    Deliver& delivery = describe(number, slot, out);
    Copy& copy = shelves.copy(slot);
    Queue& queue = shelves.queue(copy.queue);
    if (!delivery.is_first_acquirer) ++queue.redelivered;
    if (!std::exchange(copy.was_acquired, true)) ++queue.unstored_acquisitions;
    consumers.count_delivery(number);
    delivery.is_presettled = consumers[number].is_presettled;
    shelves.hold(slot);
    consumers.give(number, slot);
}

void BusCore::State::show(std::uint32_t number, std::uint32_t& turn, Effects& out) {
    if (ledger.is_sealed()) return;
    for (const std::uint32_t looker : shelves.queue(number).lookers) {
        while (turn != 0 && consumers[looker].has_credit() && consumers[looker].cursor != no_slot) {
            const std::uint32_t slot = consumers[looker].cursor;
            describe(looker, slot, out).is_presettled = true;
            consumers[looker].cursor = shelves.copy(slot).next;
            consumers.count_delivery(looker);
            --turn;
        }
    }
}

void BusCore::State::answer_drains(Queue& queue, bool is_cut_short, Effects& out) {
    for (std::size_t i = queue.draining.size(); i-- > 0;) {
        const std::uint32_t number = queue.draining[i];
        if (is_cut_short && consumers[number].has_credit()) continue;
        out.drained.push_back({consumers[number].id});
        consumers.drain(number);
    }
}

void BusCore::State::close_if_done(std::uint32_t number, Effects& out) {
    Queue& queue = shelves.queue(number);
    if (!queue.spec.is_deleted || queue.size != 0) return;
    const Queue& partner = shelves.queue(number ^ 1U);
    if (queue.is_dead_letter) {
        if (partner.size != 0 || partner.arriving != 0) return;
    } else {
        if (queue.arriving != 0) return;
        mark(number ^ 1U);
    }
    while (!queue.consumers.empty()) {
        const std::uint32_t consumer = queue.consumers.back();
        out.closes.push_back(
            {consumers[consumer].id, Condition::not_found, "the queue was deleted"});
        consumers.close(consumer);
    }
}

}  // namespace vera::flow
