// What becomes of copies that come to a full queue.
#include "bus/base/check.hpp"
#include "bus/flow/core_state.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow {

namespace {
/// Old copies that one new one may drop: a limit that was lowered is reached again step by step.
constexpr std::size_t max_drops = 64;
}  // namespace

std::string BusCore::State::reached_limit(std::uint32_t number,
                                          std::uint64_t copies,
                                          std::uint64_t bytes,
                                          Timestamp oldest,
                                          Timestamp now) const {
    const QueueLimits& limits = shelves.queue(number).spec.limits;
    if (limits.count != 0 && copies > limits.count) return "count " + std::to_string(limits.count);
    if (limits.bytes != 0 && bytes > limits.bytes) return "bytes " + std::to_string(limits.bytes);
    if (limits.age.count() != 0 && oldest && now - oldest > limits.age)
        return "age " + to_text(limits.age);
    return {};
}

std::optional<Refusal> BusCore::State::overflow(const Published& input, Timestamp now) const {
    if (!has_refusing_queue) return std::nullopt;
    const std::uint64_t bytes = input.raw.message.size();
    for (const QueueId id : input.plan.queues) {
        const std::uint32_t number = shelves.find_queue(id);
        VERA_CHECK(number != no_slot);
        const Queue& queue = shelves.queue(number);
        if (queue.spec.limits.is_none() || queue.spec.limits.overflow != Overflow::refuse) continue;
        const std::string reached = reached_limit(number,
                                                  queue.size + queue.arriving + 1,
                                                  queue.bytes + queue.arriving_bytes + bytes,
                                                  shelves.oldest(number),
                                                  now);
        // Who subscribes is not the publisher's to know.
        if (!reached.empty())
            return Refusal{Condition::resource_limit,
                           (queue.spec.kind == QueueKind::subscription ? "a subscription's queue"
                                                                       : queue.spec.name) +
                               " is full: limit of " + reached};
    }
    return std::nullopt;
}

std::string BusCore::State::make_room(std::uint32_t number, std::uint32_t bytes, Timestamp now) {
    const Queue& queue = shelves.queue(number);
    const QueueLimits& limits = queue.spec.limits;
    // Refusing was decided at the door; what is accepted is kept.
    if (limits.is_none() || limits.overflow == Overflow::refuse) return {};
    const bool drops = limits.overflow == Overflow::drop_oldest && !ledger.is_sealed();
    for (std::size_t dropped = 0;; ++dropped) {
        const std::uint32_t head = drops ? shelves.head(number) : no_slot;
        Timestamp oldest = shelves.oldest(number);
        if (drops)
            oldest =
                head == no_slot ? Timestamp{} : shelves.event_of(shelves.copy(head)).accepted();
        std::string reached =
            reached_limit(number, queue.size + 1, queue.bytes + bytes, oldest, now);
        if (reached.empty() || dropped == max_drops) return {};
        // In hands, backing off, behind another or scheduled: none of these can go.
        if (head == no_slot) return reached;
        ++shelves.queue(number).limited;
        die(head, "limit", "limit of " + reached, LinkId{}, now);
    }
}

void BusCore::State::place(
    std::uint32_t number, std::uint32_t event, CopySeq seq, Timestamp ready_at, Timestamp now) {
    mark(number);
    Queue& queue = shelves.queue(number);
    const std::string reached = make_room(number, shelves.event(event).bytes(), now);
    if (!reached.empty()) {
        const std::uint32_t slot = shelves.append(number + 1, event, seq);
        ++queue.enqueued;
        ++queue.limited;
        auto death = std::make_shared<Deliver::Death>();
        death->reason = "limit";
        death->error = "limit of " + reached;
        death->at = now;
        PendingTransition change = transition(slot, CopyState::dead, LinkId{}, now);
        change.death = death;
        ledger.add_transition(std::move(change));
        shelves.set_death(slot, std::move(death));
        mark(number + 1);
    } else if (ready_at) {
        add_scheduled(shelves.schedule(number, event, seq, ready_at));
    } else {
        shelves.append(number, event, seq);
    }
}

}  // namespace vera::flow
