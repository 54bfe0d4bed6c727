// What time does to copies: those that back off or are scheduled become ready, those that nobody
// took in time expire.
#include "bus/base/check.hpp"
#include "bus/flow/core_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace vera::flow {

namespace {
/// Scheduled copies that become ready in one step; the rest follow in the next.
constexpr std::size_t steps_per_finish = 8192;
}  // namespace

// ---- schedules
// ---------------------------------------------------------------------------------------------------------

std::vector<Timestamp> BusCore::State::ready_times(const Plan& plan) const {
    std::vector<Timestamp> times;
    if (!plan.ready_at && !plan.virkning) return times;
    bool has_any = static_cast<bool>(plan.ready_at);
    for (const QueueId id : plan.queues) {
        Timestamp at = plan.ready_at;
        const QueueSpec& spec = shelves.queue(shelves.find_queue(id)).spec;
        if (spec.deliver_at == DeliverAt::virkning && plan.virkning) {
            at = std::max(at, plan.virkning);
            has_any = true;
        }
        times.push_back(at);
    }
    if (!has_any) times.clear();
    return times;
}

/// It is looked at when its time has come, or before that if it expires.
void BusCore::State::add_scheduled(std::uint32_t slot) {
    Timestamp at = shelves.ready_since(slot);
    if (const Timestamp expiry = expiry_of(slot); expiry && !ledger.is_sealed())
        at = std::min(at, expiry);
    schedule.add({at, shelves.copy(slot).seq, slot});
}

void BusCore::State::resume_schedule(Timestamp now) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> late;
    for (const std::uint32_t slot : std::exchange(recovered_schedule, {})) {
        if (shelves.ready_since(slot) <= now) {
            late[shelves.copy(slot).queue].push_back(slot);
        } else {
            add_scheduled(slot);
        }
    }
    for (auto& [queue, slots] : late)
        shelves.make_ready_late(queue, std::move(slots));
}

// Events accepted before a copy is ready come before it. Those that are on their way to the disk
// are accepted already: so the order is the one that recovery makes of the same times.
void BusCore::State::run_schedule(Timestamp now) {
    const Timestamp under_way = ledger.accepted_under_way();
    const Timestamp until = under_way ? std::min(now, under_way) : now;
    for (std::size_t step = 0; step < steps_per_finish; ++step) {
        const auto entry = schedule.pop(until);
        if (!entry) return;
        mark(shelves.copy(entry->slot).queue);
        if (is_expired(entry->slot, now)) {
            expire(entry->slot, now);
        } else if (shelves.ready_since(entry->slot) > now) {
            add_scheduled(entry->slot);  // it would have expired, but the store is sealed
        } else {
            shelves.make_ready(entry->slot);
        }
    }
}

std::optional<Timestamp> BusCore::State::schedule_wakes_at() const {
    const auto earliest = schedule.earliest();
    const Timestamp under_way = ledger.accepted_under_way();
    // The commit's outcome comes first.
    if (earliest && under_way && *earliest > under_way) return std::nullopt;
    return earliest;
}

// ---- time
// --------------------------------------------------------------------------------------------------------------

void BusCore::State::run_timers(Timestamp now) {
    run_schedule(now);
    while (const auto entry = timers.pop(now)) {
        switch (entry->kind) {
            case Timers::Kind::retry:
                VERA_CHECK(shelves.copy(entry->slot).place == Place::delayed);
                put_back(entry->slot);
                break;
            case Timers::Kind::expiry:
                if (shelves.queue(entry->slot).expiry_timer != entry->at) break;
                shelves.queue(entry->slot).expiry_timer = Timestamp{};
                mark(entry->slot);
                break;
        }
    }
}

Timestamp BusCore::State::expiry_of(std::uint32_t slot) const {
    const Copy& copy = shelves.copy(slot);
    const Queue& queue = shelves.queue(copy.queue);
    const Event& event = shelves.event_of(copy);
    if (queue.is_dead_letter) return Timestamp{};
    if (!queue.has_dead_letters()) return event.accepted() + snapshot->limits.unrouted_retention;
    const Timestamp expiry = event.expiry();
    if (queue.spec.ttl.count() == 0) return expiry;
    const Timestamp by_ttl = shelves.ready_since(slot) + queue.spec.ttl;
    return expiry ? std::min(expiry, by_ttl) : by_ttl;
}

bool BusCore::State::is_expired(std::uint32_t slot, Timestamp now) const {
    const Timestamp expiry = expiry_of(slot);
    return expiry && expiry <= now && !ledger.is_sealed();
}

void BusCore::State::expire(std::uint32_t slot, Timestamp now) {
    Queue& queue = shelves.queue(shelves.copy(slot).queue);
    ++queue.expired;
    if (queue.has_dead_letters()) return die(slot, "expired", "", LinkId{}, now);
    PendingTransition change = transition(slot, CopyState::settled, LinkId{}, now);
    auto death = std::make_shared<Deliver::Death>();
    death->reason = "expired";
    change.death = std::move(death);
    ledger.add_transition(std::move(change));
    shelves.remove(slot);
}

void BusCore::State::set_expiry_timer(std::uint32_t number) {
    Queue& queue = shelves.queue(number);
    if (queue.is_dead_letter || ledger.is_sealed()) return;
    const std::uint32_t head = shelves.head(number);
    if (head == no_slot) return;
    const Timestamp expiry = expiry_of(head);
    if (!expiry || (queue.expiry_timer && queue.expiry_timer <= expiry)) return;
    queue.expiry_timer = expiry;
    timers.add({expiry, Timers::Kind::expiry, number});
}

}  // namespace vera::flow
