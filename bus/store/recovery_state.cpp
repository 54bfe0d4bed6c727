#include "bus/store/recovery_state.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {

SegmentUse* find_use(std::deque<SegmentUse>& uses, EventSeq event) {
    // Of segments without events several may begin at the same sequence: the last of them is the
    // one that has it.
    const auto behind = std::ranges::upper_bound(uses, event.value, {}, &SegmentUse::first_event);
    return behind == uses.begin() ? nullptr : &*std::prev(behind);
}

void RecoveryState::on_segment(std::uint32_t number) {
    segments_.push_back({number, last_.event.value + 1, 0, {}});
}

void RecoveryState::on_stamp(Timestamp stamp) {
    last_.stamp = std::max(last_.stamp, stamp);
}

std::optional<std::string> RecoveryState::on_record(std::string_view record, std::uint64_t offset) {
    switch (static_cast<RecordType>(get<std::uint8_t>(record.data() + record::type))) {
        case RecordType::event:
            if (const auto event = decode_event(record))
                return add(*event, offset, static_cast<std::uint32_t>(record.size()));
            return "the lengths in the event record do not fit";
        case RecordType::transition:
            if (const auto transition = decode_transition(record)) {
                apply(*transition);
                return std::nullopt;
            }
            return "the lengths in the transition record do not fit";
        case RecordType::config:
            if (auto config = decode_config(record)) {
                apply(*std::move(config));
                return std::nullopt;
            }
            return "the lengths in the config record do not fit";
        case RecordType::range:
        case RecordType::erase:
        case RecordType::commit:
            break;
    }
    return std::nullopt;
}

std::optional<std::string> RecoveryState::add(const EventView& event,
                                              std::uint64_t offset,
                                              std::uint32_t length) {
    if (event.seq <= last_.event) return "the event's sequence does not rise";
    if (event.leaf) {
        if (event.leaf <= last_.leaf) return "the event's leaf index does not rise";
        last_.leaf = event.leaf;
        ++leaves_;
    }
    last_.event = event.seq;
    SegmentUse& segment = segments_.back();
    segment.retain_until = std::max(segment.retain_until, event.retain_until);
    const flow::BodyRef body{
        std::uint64_t{segment.number} << 32U | offset, length, event.message_offset};
    events_.push_back({event.seq,
                       event.leaf,
                       event.accepted,
                       event.expiry,
                       event.retain_until,
                       event.order_key,
                       event.id_hash,
                       event.bytes_hash,
                       body,
                       copies_.size(),
                       event.copy_count,
                       static_cast<std::uint32_t>(event.message.size())});
    last_generation_ = std::max(last_generation_, event.generation);
    if (!event.unrouted_reason.empty() && event.copy_count != 0)
        unrouted_.emplace(event.seq, &*reasons_.emplace(event.unrouted_reason).first);
    for (std::uint32_t i = 0; i < event.copy_count; ++i) {
        const flow::NewCopy copy = event.copy(i);
        copies_.push_back({copy.seq, {}, copy.queue});
        if (copy.ready_at) scheduled_.emplace(copy.seq, copy.ready_at);
        last_.copy = std::max(last_.copy, copy.seq);
    }
    return std::nullopt;
}

void RecoveryState::apply(const TransitionView& transition) {
    ++transitions_;
    // Events of segments that are gone: the copy was settled long ago.
    const auto event = std::ranges::lower_bound(events_, transition.event, {}, &Event::seq);
    if (event == events_.end() || event->seq != transition.event) return;
    const auto begin = copies_.begin() + static_cast<std::ptrdiff_t>(event->first_copy);
    const auto end = begin + event->copy_count;
    const auto copy =
        std::find_if(begin, end, [&](const Copy& c) { return c.seq == transition.copy; });
    if (copy == end || transition.version <= copy->version) return;
    if (copy->state == flow::CopyState::dead) deaths_.erase(copy->seq);
    copy->version = transition.version;
    copy->state = transition.state;
    copy->attempts = transition.attempts;
    copy->due = transition.due;
    copy->queue = transition.queue;
    if (copy->state == flow::CopyState::settled) scheduled_.erase(copy->seq);
    if (copy->state == flow::CopyState::dead)
        deaths_.insert_or_assign(
            copy->seq,
            Death{transition.at, std::string(transition.reason), std::string(transition.error)});
}

void RecoveryState::apply(ConfigView config) {
    if (config.head.is_whole) queues_.clear();
    for (flow::QueueSpec& queue : config.queues) {
        const QueueId id = queue.id;
        queues_.insert_or_assign(id, std::move(queue));
    }
    last_.event = std::max(last_.event, config.head.last_event);
    last_.copy = std::max(last_.copy, config.head.last_copy);
    last_.leaf = std::max(last_.leaf, config.head.last_leaf);
    on_stamp(config.head.last_stamp);
    // A whole one opens a segment: events of the segments before it may be gone with them.
    if (config.head.is_whole) segments_.back().first_event = last_.event.value + 1;
}

std::map<QueueId, QueueTally> RecoveryState::tally() const {
    std::map<QueueId, QueueTally> tallies;
    for (const Copy& copy : copies_) {
        if (copy.state == flow::CopyState::waiting) ++tallies[copy.queue].waiting;
        if (copy.state == flow::CopyState::dead) ++tallies[copy.queue].dead;
    }
    return tallies;
}

std::deque<SegmentUse> RecoveryState::uses() const {
    std::deque<SegmentUse> uses(segments_.begin(), segments_.end());
    auto use = uses.begin();
    for (const Event& event : events_) {
        while (use->number != event.body.a >> 32U)
            ++use;
        for (std::uint32_t i = 0; i < event.copy_count; ++i)
            if (copies_[event.first_copy + i].state != flow::CopyState::settled) ++use->live_copies;
    }
    return uses;
}

void RecoveryState::hand_over(flow::RecoverySink& sink) const {
    for (const auto& [id, queue] : queues_)
        sink.on_queue(queue);
    for (const Event& event : events_) {
        flow::RecoveredEvent known{event.seq,
                                   event.leaf,
                                   event.accepted,
                                   event.expiry,
                                   event.order_key,
                                   event.id_hash,
                                   event.bytes_hash,
                                   event.body,
                                   event.message_bytes,
                                   {},
                                   {}};
        for (std::uint32_t i = 0; i < event.copy_count; ++i) {
            const Copy& copy = copies_[event.first_copy + i];
            if (copy.state == flow::CopyState::settled) continue;
            flow::RecoveredCopy& left = known.copies.emplace_back();
            left.seq = copy.seq;
            left.queue = copy.queue;
            left.state = copy.state;
            left.version = copy.version;
            left.attempts = copy.attempts;
            left.due = copy.due;
            if (const auto at = scheduled_.find(copy.seq); at != scheduled_.end())
                left.ready_at = at->second;
            if (const auto death = deaths_.find(copy.seq); death != deaths_.end()) {
                left.died = death->second.at;
                left.reason = death->second.reason;
                left.error = death->second.error;
            }
        }
        if (known.copies.empty() && known.id_hash == 0) continue;
        if (!known.copies.empty())
            if (const auto reason = unrouted_.find(event.seq); reason != unrouted_.end())
                known.unrouted_reason = *reason->second;
        sink.on_event(std::move(known));
    }
}

}  // namespace vera::store
