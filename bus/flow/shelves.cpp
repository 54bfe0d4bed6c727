#include "bus/flow/shelves.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow {

namespace {

bool comes_later(const Queue::Early& a, const Queue::Early& b) {
    return static_cast<std::int32_t>(a.order - b.order) > 0;
}

}  // namespace

// ---- queues
// ------------------------------------------------------------------------------------------------------------

std::uint32_t Shelves::add_queue(QueueSpec spec) {
    VERA_CHECK(spec.id.value != 0 && !vera::is_dead_letter(spec.id) &&
               find_queue(spec.id) == no_slot);
    const std::uint32_t number = queue_count();
    numbers_.set(spec.id.value, number);
    numbers_.set(dead_letter_of(spec.id).value, number + 1);
    queues_.emplace_back().spec = spec;
    Queue& dead = queues_.emplace_back();
    dead.spec = std::move(spec);
    dead.is_dead_letter = true;
    return number;
}

std::uint32_t Shelves::find_queue(QueueId id) const {
    return numbers_.find(id.value);
}

// ---- coming
// ------------------------------------------------------------------------------------------------------------

std::uint32_t Shelves::add_event(const Event& event, Block hot, const std::string& note) {
    const std::uint32_t slot = events_.add();
    events_[slot] = event;
    events_[slot].hot = no_slot;
    if (hot) {
        events_[slot].hot = hot_.keep(std::move(hot), slot);
        for (std::uint32_t old = hot_.evict(); old != no_slot; old = hot_.evict())
            events_[old].hot = no_slot;
    }
    if (!note.empty()) {
        auto& shared = distinct_notes_[note];
        if (!shared) shared = std::make_shared<const std::string>(note);
        notes_[slot] = shared;
    }
    return slot;
}

std::uint32_t Shelves::append(std::uint32_t number, std::uint32_t event, CopySeq seq) {
    const std::uint32_t slot = create(number, event, seq);
    link(slot);
    return slot;
}

std::uint32_t Shelves::create(std::uint32_t number, std::uint32_t event, CopySeq seq) {
    const std::uint32_t slot = copies_.add();
    Copy& copy = copies_[slot];
    copy.seq = seq.value;
    copy.event = event;
    copy.queue = number;
    ++queues_[number].enqueued;
    return slot;
}

std::uint32_t Shelves::schedule(std::uint32_t number,
                                std::uint32_t event,
                                CopySeq seq,
                                Timestamp ready_at) {
    const std::uint32_t slot = create(number, event, seq);
    Copy& copy = copies_[slot];
    copy.place = Place::scheduled;
    copy.was_scheduled = true;
    ready_at_[slot] = ready_at;
    Queue& queue = queues_[number];
    ++queue.counts[static_cast<std::size_t>(Place::scheduled)];
    ++queue.size;
    queue.bytes += events_[event].bytes();
    return slot;
}

void Shelves::make_ready(std::uint32_t slot) {
    const Copy& copy = copies_[slot];
    VERA_CHECK(copy.place == Place::scheduled);
    unlink(slot);
    link(slot);
}

void Shelves::make_ready_late(std::uint32_t number, std::vector<std::uint32_t> slots) {
    const auto comes_first = [this](std::uint32_t a, std::uint32_t b) {
        const Timestamp at = ready_since(a);
        const Timestamp other = ready_since(b);
        return at < other || (at == other && copies_[a].seq < copies_[b].seq);
    };
    std::ranges::sort(slots, comes_first);
    std::vector<std::uint32_t> others;
    for (std::uint32_t slot = queues_[number].first; slot != no_slot; slot = copies_[slot].next)
        others.push_back(slot);
    for (const std::uint32_t slot : slots)
        make_ready(slot);
    std::vector<std::uint32_t> order(others.size() + slots.size());
    std::ranges::merge(others, slots, order.begin(), comes_first);
    relink(number, order);
}

void Shelves::forget_schedule(std::uint32_t slot) {
    if (std::exchange(copies_[slot].was_scheduled, false)) ready_at_.erase(slot);
}

void Shelves::link(std::uint32_t slot) {
    Copy& copy = copies_[slot];
    Queue& queue = queues_[copy.queue];
    copy.next = no_slot;
    copy.prev = queue.last;
    (queue.last == no_slot ? queue.first : copies_[queue.last].next) = slot;
    queue.last = slot;
    copy.order = queue.next_order++;
    copy.place = Place::fresh;
    if (queue.fresh == no_slot) queue.fresh = slot;
    ++queue.counts[static_cast<std::size_t>(Place::fresh)];
    ++queue.size;
    queue.bytes += events_[copy.event].bytes();
    for (const std::uint32_t looker : queue.lookers) {
        std::uint32_t& cursor = (*consumers_)[looker].cursor;
        if (cursor == no_slot) cursor = slot;
    }
}

// ---- order keys
// --------------------------------------------------------------------------------------------------------

// Queue and key in one number. Should two pairs ever meet in one, they only wait for each other
// needlessly.
std::uint64_t Shelves::key_of(const Copy& copy) const {
    const std::uint64_t key = events_[copy.event].order_key;
    if (key == 0 || queues_[copy.queue].is_dead_letter) return 0;
    const std::uint64_t mixed = key ^ (copy.queue + 1ULL) * 0xD6E8FEB86659FD93ULL;
    return mixed == 0 ? 1 : mixed;
}

void Shelves::occupy_key(std::uint32_t slot) {
    Copy& copy = copies_[slot];
    const std::uint64_t key = key_of(copy);
    if (key == 0 || copy.key_next != no_slot) return;
    const std::uint32_t tail = busy_.find(key);
    VERA_CHECK(tail == no_slot);
    copy.key_next = slot;
    busy_.set(key, slot);
}

void Shelves::block(std::uint32_t slot, std::uint64_t key, std::uint32_t tail) {
    Copy& copy = copies_[slot];
    copy.key_next = std::exchange(copies_[tail].key_next, slot);
    busy_.set(key, slot);
    set_place(copy, Place::blocked);
}

void Shelves::free_key(std::uint32_t slot) {
    Copy& copy = copies_[slot];
    if (copy.key_next == no_slot) return;
    const std::uint64_t key = key_of(copy);
    const std::uint32_t tail = busy_.find(key);
    VERA_CHECK(tail != no_slot && copies_[tail].key_next == slot);
    const std::uint32_t next = std::exchange(copy.key_next, no_slot);
    if (tail == slot) {
        busy_.erase(key);
        return;
    }
    copies_[tail].key_next = next;
    push_early(next);
}

// ---- places
// ------------------------------------------------------------------------------------------------------------

void Shelves::set_place(Copy& copy, Place place) {
    Queue& queue = queues_[copy.queue];
    --queue.counts[static_cast<std::size_t>(copy.place)];
    ++queue.counts[static_cast<std::size_t>(place)];
    copy.place = place;
}

void Shelves::push_early(std::uint32_t slot) {
    Copy& copy = copies_[slot];
    set_place(copy, Place::early);
    auto& early = queues_[copy.queue].early;
    early.push_back({copy.order, slot});
    std::push_heap(early.begin(), early.end(), comes_later);
}

std::uint32_t Shelves::next_ready(std::uint32_t number, std::uint32_t& budget) {
    Queue& queue = queues_[number];
    if (!queue.early.empty()) return queue.early.front().copy;
    while (queue.fresh != no_slot) {
        const std::uint32_t slot = queue.fresh;
        Copy& copy = copies_[slot];
        if (copy.place == Place::fresh) {
            const std::uint64_t key = key_of(copy);
            if (key == 0) return slot;
            const std::uint32_t tail = busy_.find(key);
            if (tail == no_slot) return slot;
            if (budget == 0) return no_slot;
            --budget;
            block(slot, key, tail);
        }
        queue.fresh = copy.next;
    }
    return no_slot;
}

std::uint32_t Shelves::head(std::uint32_t number) {
    Queue& queue = queues_[number];
    if (!queue.early.empty()) return queue.early.front().copy;
    while (queue.fresh != no_slot && copies_[queue.fresh].place != Place::fresh)
        queue.fresh = copies_[queue.fresh].next;
    return queue.fresh;
}

// Takes a ready copy from where next_ready has found it, or one in hands from there.
void Shelves::leave_place(std::uint32_t slot) {
    const Copy& copy = copies_[slot];
    Queue& queue = queues_[copy.queue];
    switch (copy.place) {
        case Place::fresh:
            VERA_CHECK(queue.fresh == slot);
            queue.fresh = copy.next;
            return;
        case Place::early:
            VERA_CHECK(queue.early.front().copy == slot);
            std::pop_heap(queue.early.begin(), queue.early.end(), comes_later);
            queue.early.pop_back();
            return;
        case Place::held:
            held_.erase(copy.seq);
            return;
        case Place::delayed:
        case Place::scheduled:
            return;
        case Place::blocked:
            break;
    }
    VERA_CHECK(copy.place != Place::blocked);
}

void Shelves::hold(std::uint32_t slot) {
    leave_place(slot);
    occupy_key(slot);
    set_place(copies_[slot], Place::held);
    held_.set(copies_[slot].seq, slot);
}

void Shelves::put_back(std::uint32_t slot) {
    leave_place(slot);
    push_early(slot);
}

bool Shelves::delay(std::uint32_t slot) {
    Copy& copy = copies_[slot];
    if (copy.place == Place::held) leave_place(slot);
    if (copy.key_next == no_slot) {
        const std::uint64_t key = key_of(copy);
        const std::uint32_t tail = key == 0 ? no_slot : busy_.find(key);
        if (tail != no_slot) {
            block(slot, key, tail);
            return false;
        }
        occupy_key(slot);
    }
    set_place(copy, Place::delayed);
    return true;
}

// ---- going
// -------------------------------------------------------------------------------------------------------------

void Shelves::unlink(std::uint32_t slot) {
    const Copy& copy = copies_[slot];
    Queue& queue = queues_[copy.queue];
    --queue.counts[static_cast<std::size_t>(copy.place)];
    --queue.size;
    queue.bytes -= events_[copy.event].bytes();
    if (copy.place == Place::scheduled) return;  // in no order yet
    for (const std::uint32_t looker : queue.lookers) {
        std::uint32_t& cursor = (*consumers_)[looker].cursor;
        if (cursor == slot) cursor = copy.next;
    }
    (copy.prev == no_slot ? queue.first : copies_[copy.prev].next) = copy.next;
    (copy.next == no_slot ? queue.last : copies_[copy.next].prev) = copy.prev;
    if (queue.fresh == slot) queue.fresh = copy.next;
}

void Shelves::remove(std::uint32_t slot) {
    leave_place(slot);
    free_key(slot);
    unlink(slot);
    forget_schedule(slot);
    const Copy copy = copies_[slot];
    ++queues_[copy.queue].settled;
    if (queues_[copy.queue].is_dead_letter) deaths_.erase(slot);
    copies_.remove(slot);
    release_event(copy.event);
}

void Shelves::bury(std::uint32_t slot, std::shared_ptr<const Deliver::Death> death) {
    VERA_CHECK(!queues_[copies_[slot].queue].is_dead_letter);
    leave_place(slot);
    free_key(slot);
    unlink(slot);
    forget_schedule(slot);
    deaths_[slot] = std::move(death);
    ++copies_[slot].queue;
    link(slot);
}

void Shelves::release_event(std::uint32_t slot) {
    Event& event = events_[slot];
    if (--event.copies != 0) return;
    if (event.hot != no_slot) hot_.drop(event.hot);
    if (!notes_.empty()) {
        const auto note = notes_.find(slot);
        if (note != notes_.end()) {
            const std::shared_ptr<const std::string> text = std::move(note->second);
            notes_.erase(note);
            if (text.use_count() == 2) distinct_notes_.erase(*text);
        }
    }
    events_.remove(slot);
}

void Shelves::set_death(std::uint32_t slot, std::shared_ptr<const Deliver::Death> death) {
    deaths_[slot] = std::move(death);
}

void Shelves::relink(std::uint32_t number, const std::vector<std::uint32_t>& order) {
    Queue& queue = queues_[number];
    queue.next_order = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        Copy& copy = copies_[order[i]];
        copy.prev = i == 0 ? no_slot : order[i - 1];
        copy.next = i + 1 == order.size() ? no_slot : order[i + 1];
        copy.order = queue.next_order++;
    }
    queue.first = queue.fresh = order.front();
    queue.last = order.back();
}

void Shelves::sort_dead_letters() {
    for (std::uint32_t number = 1; number < queue_count(); number += 2) {
        const Queue& queue = queues_[number];
        if (queue.size < 2) continue;
        std::vector<std::uint32_t> order;
        order.reserve(queue.size);
        for (std::uint32_t slot = queue.first; slot != no_slot; slot = copies_[slot].next)
            order.push_back(slot);
        std::ranges::stable_sort(
            order, {}, [&](std::uint32_t slot) { return deaths_.at(slot)->at; });
        relink(number, order);
    }
}

Timestamp Shelves::oldest(std::uint32_t queue) const {
    const std::uint32_t first = queues_[queue].first;
    return first == no_slot ? Timestamp{} : events_[copies_[first].event].accepted();
}

Timestamp Shelves::ready_since(std::uint32_t slot) const {
    const Copy& copy = copies_[slot];
    const Timestamp accepted = events_[copy.event].accepted();
    return copy.was_scheduled ? std::max(accepted, ready_at_.at(slot)) : accepted;
}

// ---- what belongs to a copy
// --------------------------------------------------------------------------------------------

std::shared_ptr<const Deliver::Death> Shelves::death_of(std::uint32_t slot) const {
    const auto at = deaths_.find(slot);
    return at == deaths_.end() ? nullptr : at->second;
}

std::shared_ptr<const std::string> Shelves::note_of(const Copy& copy) const {
    const auto at = notes_.find(copy.event);
    return at == notes_.end() ? nullptr : at->second;
}

Block Shelves::hot_of(const Copy& copy) const {
    const std::uint32_t hot = events_[copy.event].hot;
    return hot == no_slot ? Block{} : hot_.at(hot);
}

}  // namespace vera::flow
