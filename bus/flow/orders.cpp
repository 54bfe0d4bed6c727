// What operators ask and order: the schedule, cancelling, pausing.
#include "bus/flow/core_state.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vera::flow {

namespace {

/// Who waits for a cancelled copy: beyond all I/O threads, so no link has it.
constexpr std::uint64_t order_bits = std::uint64_t{0xFF} << 56U;

LinkId waiter_of(std::uint64_t token) {
    return LinkId{order_bits | token};
}

/// Assigned, not built from: g++ 12 takes the variant's other members for uninitialised.
template <class What>
void answer(std::uint64_t token, What what, Effects& out) {
    Answer& one = out.answers.emplace_back();
    one.token = token;
    one.what = std::move(what);
}

OrderDone failed(Errc code, std::string text) {
    OrderDone done;
    done.error = Error{code, std::move(text)};
    return done;
}

OrderDone sealed() {
    return failed(Errc::unavailable, "the store is sealed");
}

}  // namespace

void BusCore::State::carry_out(std::uint64_t token,
                               const AskCounts& /*what*/,
                               Timestamp /*now*/,
                               Effects& out) {
    Counts counts;
    count(counts);
    answer(token, std::move(counts), out);
}

void BusCore::State::carry_out(std::uint64_t token,
                               const AskSchedule& what,
                               Timestamp /*now*/,
                               Effects& out) {
    std::vector<std::uint32_t> slots;
    for (const Schedule::Entry& entry : schedule.entries()) {
        const Copy& copy = shelves.copy(entry.slot);
        if (what.queue && shelves.queue(copy.queue).spec.id != what.queue) continue;
        if (what.copy && copy.seq != what.copy.value) continue;
        slots.push_back(entry.slot);
    }
    ScheduleList list;
    list.total = slots.size();
    const std::size_t begin = std::min(what.skip, slots.size());
    const std::size_t end = begin + std::min(what.most, slots.size() - begin);
    const auto is_earlier = [this](std::uint32_t a, std::uint32_t b) {
        return std::tuple(shelves.ready_since(a), shelves.copy(a).seq) <
               std::tuple(shelves.ready_since(b), shelves.copy(b).seq);
    };
    std::partial_sort(
        slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(end), slots.end(), is_earlier);
    for (std::size_t i = begin; i < end; ++i) {
        const Copy& copy = shelves.copy(slots[i]);
        const Event& event = shelves.event_of(copy);
        const QueueSpec& queue = shelves.queue(copy.queue).spec;
        list.copies.push_back({CopySeq{copy.seq},
                               EventSeq{event.seq},
                               queue.id,
                               queue.name,
                               shelves.ready_since(slots[i]),
                               event.accepted(),
                               event.expiry(),
                               event.bytes()});
    }
    answer(token, std::move(list), out);
}

void BusCore::State::carry_out(std::uint64_t token,
                               const Cancel& what,
                               Timestamp now,
                               Effects& out) {
    if (ledger.is_sealed()) return answer(token, sealed(), out);
    std::vector<std::uint32_t> slots;
    for (const Schedule::Entry& entry : schedule.entries()) {
        const Copy& copy = shelves.copy(entry.slot);
        const bool is_meant = what.copy ? copy.seq == what.copy.value
                                        : shelves.event_of(copy).seq == what.event.value;
        if (is_meant) slots.push_back(entry.slot);
    }
    if (slots.empty()) return answer(token, failed(Errc::not_found, "no such scheduled copy"), out);
    std::ranges::sort(slots);
    schedule.remove(slots);
    auto why = std::make_shared<Deliver::Death>();
    why->reason = "cancelled";
    why->error = what.reason;
    why->at = now;
    for (const std::uint32_t slot : slots) {
        PendingTransition change = transition(slot, CopyState::settled, waiter_of(token), now);
        change.actor = ledger.actor(what.actor);
        change.death = why;
        ledger.add_transition(std::move(change));
        mark(shelves.copy(slot).queue);
        shelves.remove(slot);
    }
    orders.cancelling.push_back({token, slots.size(), slots.size()});
}

void BusCore::State::carry_out(std::uint64_t token,
                               const SetPause& what,
                               Timestamp now,
                               Effects& out) {
    if (ledger.is_sealed()) return answer(token, sealed(), out);
    const std::uint32_t number = shelves.find_queue(main_queue_of(what.queue));
    if (number == no_slot) return answer(token, failed(Errc::not_found, "no such queue"), out);
    Queue& queue = shelves.queue(number);
    if (queue.is_paused() != what.is_paused) {
        queue.spec.pause = {what.is_paused ? now : Timestamp{}, what.actor, what.reason};
        shelves.queue(number + 1).spec.pause = queue.spec.pause;
        ledger.add_queue(queue.spec);
        mark(number);
    }
    orders.pausing.push_back({token, queue.spec.id});
    answer_orders(out);
}

void BusCore::State::on(const Ask& input, Timestamp now, Effects& out) {
    std::visit([&](const auto& what) { carry_out(input.token, what, now, out); }, input.what);
}

bool BusCore::State::note_durable(const SettleDurable& what, Effects& out) {
    if ((what.consumer.value & order_bits) != order_bits) return false;
    const std::uint64_t token = what.consumer.value & ~order_bits;
    const auto order = std::ranges::find(orders.cancelling, token, &Orders::Cancelling::token);
    if (order == orders.cancelling.end() || --order->left != 0) return true;
    OrderDone done;
    done.copies = order->copies;
    orders.cancelling.erase(order);
    answer(token, std::move(done), out);
    return true;
}

void BusCore::State::answer_orders(Effects& out) {
    std::erase_if(orders.pausing, [&](const Orders::Pausing& order) {
        if (!ledger.is_sealed() && ledger.is_under_way(order.queue)) return false;
        answer(order.token, ledger.is_sealed() ? sealed() : OrderDone{}, out);
        return true;
    });
    if (!ledger.is_sealed()) return;
    for (const Orders::Cancelling& order : std::exchange(orders.cancelling, {}))
        answer(order.token, sealed(), out);
}

}  // namespace vera::flow
