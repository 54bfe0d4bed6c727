#include "tests/support/memory_store.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow::test {

std::vector<BodyRef> MemoryStore::apply(const Batch& batch) {
    std::vector<BodyRef> bodies;
    for (const QueueSpec& queue : batch.queues)
        queues_.insert_or_assign(queue.id.value, queue);
    for (const EventCommit& commit : batch.events) {
        VERA_CHECK(commit.seq.value == ++last_event_);
        VERA_CHECK(!commit.leaf || commit.leaf.value == ++last_leaf_);
        VERA_CHECK(commit.leaf.value == 0 || !commit.audit_record.empty());
        StoredEvent stored{commit, std::string(commit.message.view()), {}};
        stored.commit.message = Block{};
        for (const NewCopy& copy : commit.copies) {
            VERA_CHECK(copy.seq.value == ++last_copy_);
            VERA_CHECK(queues_.contains(copy.queue.value) && !is_dead_letter(copy.queue));
            StoredCopy waiting;
            waiting.queue = copy.queue;
            waiting.ready_at = copy.ready_at;
            stored.copies.emplace(copy.seq.value, std::move(waiting));
            event_of_.emplace(copy.seq.value, commit.seq.value);
        }
        events_.emplace(commit.seq.value, std::move(stored));
        bodies.push_back({commit.seq.value, static_cast<std::uint32_t>(commit.message.size()), 7});
    }
    for (const Transition& change : batch.transitions) {
        const auto event = event_of_.find(change.copy.value);
        if (event == event_of_.end()) continue;  // retired
        VERA_CHECK(event->second == change.event.value);
        StoredCopy& copy = events_.at(event->second).copies.at(change.copy.value);
        VERA_CHECK(copy.queue == change.queue && change.version != 0);
        if (change.version <= copy.version) continue;
        copy.version = change.version;
        copy.state = change.state;
        copy.attempts = change.attempts;
        copy.due = change.due;
        copy.was_acquired = change.was_acquired;
        if (change.state == CopyState::dead) {
            copy.died = change.at;
            copy.reason = change.reason;
            copy.error = change.error;
        }
    }
    last_stamp_ = std::max(last_stamp_, batch.now);
    return bodies;
}

Recovery MemoryStore::recover(RecoverySink& sink) {
    for (const auto& [id, queue] : queues_)
        sink.on_queue(queue);
    for (const auto& [seq, stored] : events_) {
        RecoveredEvent event;
        event.seq = EventSeq{seq};
        event.leaf = stored.commit.leaf;
        event.accepted = stored.commit.accepted;
        event.expiry = stored.commit.expiry;
        event.order_key = stored.commit.order_key;
        event.id_hash = stored.commit.id_hash;
        event.bytes_hash = stored.commit.bytes_hash;
        event.body = {seq, static_cast<std::uint32_t>(stored.message.size()), 7};
        event.message_bytes = static_cast<std::uint32_t>(stored.message.size());
        event.unrouted_reason = stored.commit.unrouted_reason;
        for (const auto& [copy_seq, stored_copy] : stored.copies) {
            if (stored_copy.state == CopyState::settled) continue;
            RecoveredCopy copy;
            copy.seq = CopySeq{copy_seq};
            copy.queue = stored_copy.queue;
            copy.state = stored_copy.state;
            copy.version = stored_copy.version;
            copy.attempts = stored_copy.attempts;
            copy.due = stored_copy.due;
            copy.ready_at = stored_copy.ready_at;
            copy.died = stored_copy.died;
            copy.reason = stored_copy.reason;
            copy.error = stored_copy.error;
            copy.was_acquired = stored_copy.was_acquired;
            event.copies.push_back(std::move(copy));
        }
        sink.on_event(std::move(event));
    }
    Recovery recovery;
    recovery.hash_seed = 42;
    recovery.last_event = EventSeq{last_event_};
    recovery.last_copy = CopySeq{last_copy_};
    recovery.last_leaf = LeafIndex{last_leaf_};
    recovery.last_stamp = last_stamp_;
    for (const auto& [seq, stored] : events_)
        recovery.last_generation = std::max(recovery.last_generation, stored.commit.generation);
    recovery.was_clean = was_clean_;
    if (!was_clean_) maybe_acquired_ = recovery.last_copy;
    recovery.maybe_acquired = maybe_acquired_;
    return recovery;
}

const std::string* MemoryStore::message(const BodyRef& body) const {
    const auto at = events_.find(body.a);
    return at == events_.end() ? nullptr : &at->second.message;
}

void MemoryStore::retire(Timestamp now) {
    std::erase_if(events_, [&](const auto& entry) {
        const StoredEvent& event = entry.second;
        const bool is_done = std::ranges::all_of(
            event.copies, [](const auto& copy) { return copy.second.state == CopyState::settled; });
        if (!is_done || event.commit.retain_until > now) return false;
        for (const auto& [seq, copy] : event.copies)
            event_of_.erase(seq);
        return true;
    });
}

const MemoryStore::StoredCopy* MemoryStore::copy(CopySeq seq) const {
    const auto event = event_of_.find(seq.value);
    return event == event_of_.end() ? nullptr : &events_.at(event->second).copies.at(seq.value);
}

}  // namespace vera::flow::test
