#include "bus/flow/consumers.hpp"

#include "bus/base/check.hpp"

#include <algorithm>

namespace vera::flow {

std::uint32_t Consumers::find(LinkId link) const {
    const auto at = by_link_.find(link);
    return at == by_link_.end() ? no_slot : at->second;
}

bool Consumers::open(const ConsumerOpened& opened,
                     std::uint32_t queue_number,
                     std::uint32_t actor) {
    if (by_link_.contains(opened.consumer)) return false;
    std::uint32_t slot = static_cast<std::uint32_t>(all_.size());
    if (unused_.empty()) {
        all_.emplace_back();
    } else {
        slot = unused_.back();
        unused_.pop_back();
    }
    Queue& queue = shelves_.queue(queue_number);
    Consumer& consumer = all_[slot];
    consumer = Consumer{};
    consumer.id = opened.consumer;
    consumer.queue = queue_number;
    consumer.actor = actor;
    consumer.mode = opened.mode;
    consumer.is_presettled = opened.is_presettled;
    consumer.position = static_cast<std::uint32_t>(queue.consumers.size());
    queue.consumers.push_back(slot);
    if (consumer.mode == ConsumeMode::look) {
        consumer.cursor = queue.first;
        queue.lookers.push_back(slot);
    }
    by_link_.emplace(opened.consumer, slot);
    return true;
}

void Consumers::close(std::uint32_t slot) {
    Consumer& consumer = all_[slot];
    VERA_CHECK(consumer.held_first == no_slot);
    Queue& queue = shelves_.queue(consumer.queue);
    stop_draining(slot);
    consumer.limit = consumer.delivered;
    update_hunger(slot);
    const std::uint32_t moved = queue.consumers.back();
    queue.consumers[consumer.position] = moved;
    all_[moved].position = consumer.position;
    queue.consumers.pop_back();
    if (consumer.mode == ConsumeMode::look) std::erase(queue.lookers, slot);
    by_link_.erase(consumer.id);
    consumer = Consumer{};
    unused_.push_back(slot);
}

void Consumers::set_credit(std::uint32_t slot, std::uint64_t limit, bool is_draining) {
    Consumer& consumer = all_[slot];
    consumer.limit = limit;
    if (is_draining && !consumer.is_draining) {
        consumer.is_draining = true;
        shelves_.queue(consumer.queue).draining.push_back(slot);
    } else if (!is_draining) {
        stop_draining(slot);
    }
    update_hunger(slot);
}

void Consumers::stop_draining(std::uint32_t slot) {
    Consumer& consumer = all_[slot];
    if (!consumer.is_draining) return;
    consumer.is_draining = false;
    std::erase(shelves_.queue(consumer.queue).draining, slot);
}

void Consumers::drain(std::uint32_t slot) {
    all_[slot].limit = std::min(all_[slot].limit, all_[slot].delivered);
    stop_draining(slot);
    update_hunger(slot);
}

void Consumers::count_delivery(std::uint32_t slot) {
    ++all_[slot].delivered;
    if (!all_[slot].has_credit()) update_hunger(slot);
}

std::uint32_t Consumers::next_hungry(Queue& queue) {
    const std::uint32_t slot = queue.hungry_first;
    if (slot == no_slot || slot == queue.hungry_last) return slot;
    Consumer& consumer = all_[slot];
    queue.hungry_first = consumer.hungry_next;
    all_[queue.hungry_first].hungry_prev = no_slot;
    consumer.hungry_next = no_slot;
    consumer.hungry_prev = queue.hungry_last;
    all_[queue.hungry_last].hungry_next = slot;
    queue.hungry_last = slot;
    return slot;
}

void Consumers::update_hunger(std::uint32_t slot) {
    Consumer& consumer = all_[slot];
    const bool is_hungry = consumer.mode == ConsumeMode::take && consumer.has_credit();
    if (is_hungry == consumer.is_hungry) return;
    consumer.is_hungry = is_hungry;
    Queue& queue = shelves_.queue(consumer.queue);
    if (is_hungry) {
        consumer.hungry_prev = queue.hungry_last;
        consumer.hungry_next = no_slot;
        (queue.hungry_last == no_slot ? queue.hungry_first : all_[queue.hungry_last].hungry_next) =
            slot;
        queue.hungry_last = slot;
        return;
    }
    const std::uint32_t prev = consumer.hungry_prev;
    const std::uint32_t next = consumer.hungry_next;
    (prev == no_slot ? queue.hungry_first : all_[prev].hungry_next) = next;
    (next == no_slot ? queue.hungry_last : all_[next].hungry_prev) = prev;
    consumer.hungry_prev = consumer.hungry_next = no_slot;
}

void Consumers::give(std::uint32_t slot, std::uint32_t copy_slot) {
    Consumer& consumer = all_[slot];
    Copy& copy = shelves_.copy(copy_slot);
    copy.holder = slot;
    copy.held_prev = consumer.held_last;
    copy.held_next = no_slot;
    (consumer.held_last == no_slot ? consumer.held_first
                                   : shelves_.copy(consumer.held_last).held_next) = copy_slot;
    consumer.held_last = copy_slot;
}

void Consumers::take(std::uint32_t copy_slot) {
    Copy& copy = shelves_.copy(copy_slot);
    Consumer& consumer = all_[copy.holder];
    (copy.held_prev == no_slot ? consumer.held_first : shelves_.copy(copy.held_prev).held_next) =
        copy.held_next;
    (copy.held_next == no_slot ? consumer.held_last : shelves_.copy(copy.held_next).held_prev) =
        copy.held_prev;
    copy.holder = copy.held_next = copy.held_prev = no_slot;
}

}  // namespace vera::flow
