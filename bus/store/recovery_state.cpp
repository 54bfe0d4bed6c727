#include "bus/store/recovery_state.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vera::store {
namespace {

/// Payload is gone at most this long after its retention, if it is settled.
constexpr Millis longest_overdue{86'400'000};

}  // namespace

Timestamp overdue_at(Timestamp accepted, Timestamp retain_until, Timestamp carried) {
    if (retain_until <= accepted) return {};
    if (retain_until > carried) return retain_until + longest_overdue;
    // It was carried because somebody had not settled it: later and later, or a slow subscriber's
    // copies would be written again every day.
    return carried + std::max(longest_overdue, (carried - accepted) / 4);
}

void note_event(SegmentUse& use, const EventView& event, Timestamp carried) {
    use.retain_until = std::max(use.retain_until, event.retain_until);
    const Timestamp at = overdue_at(event.accepted, event.retain_until, carried);
    if (at && (!use.overdue_at || at < use.overdue_at)) use.overdue_at = at;
}

void RecoveryState::stand_on(Generation last_generation) {
    has_base_ = true;
    last_generation_ = last_generation;
}

void RecoveryState::on_segment(std::uint32_t number) {
    segments_.push_back({number, 0, {}, {}});
}

void RecoveryState::on_stamp(Timestamp stamp) {
    last_.stamp = std::max(last_.stamp, stamp);
    while (ids_.size() > id_limits_.count ||
           (!ids_.empty() && last_.stamp - ids_.front().accepted >= id_limits_.window))
        ids_.pop_front();
}

std::optional<std::string> RecoveryState::on_record(std::string_view record, std::uint64_t offset) {
    const auto length = static_cast<std::uint32_t>(record.size());
    switch (static_cast<RecordType>(get<std::uint8_t>(record.data() + record::type))) {
        case RecordType::event:
            if (const auto event = decode_event(record)) return add(*event, offset, length);
            return "the lengths in the event record do not fit";
        case RecordType::carried:
            if (auto carried = decode_carried(record))
                return add(*std::move(carried), offset, length);
            return "the lengths in the carried event's record do not fit";
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

RecoveryState::Event RecoveryState::as_event(const EventView& event,
                                             std::uint64_t offset,
                                             std::uint32_t length) const {
    const flow::BodyRef body{
        std::uint64_t{segments_.back().number} << 32U | offset, length, event.message_offset};
    return {event.seq,
            event.leaf,
            event.accepted,
            event.expiry,
            event.order_key,
            body,
            copies_.size(),
            event.copy_count,
            static_cast<std::uint32_t>(event.message.size())};
}

void RecoveryState::note_id(const EventView& event) {
    if (event.id_hash != 0) ids_.push_back({event.id_hash, event.bytes_hash, event.accepted});
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
    note_event(segments_.back(), event, {});
    events_.push_back(as_event(event, offset, length));
    last_generation_ = std::max(last_generation_, event.generation);
    if (!event.unrouted_reason.empty() && event.copy_count != 0)
        unrouted_.emplace(event.seq, &*reasons_.emplace(event.unrouted_reason).first);
    for (std::uint32_t i = 0; i < event.copy_count; ++i) {
        const flow::NewCopy copy = event.copy(i);
        copies_.push_back({copy.seq, {}, copy.queue});
        if (copy.ready_at) scheduled_.emplace(copy.seq, copy.ready_at);
        last_.copy = std::max(last_.copy, copy.seq);
    }
    note_id(event);
    return std::nullopt;
}

/// Its copies are the newest that was known when it was carried; its place is here from now on.
std::optional<std::string> RecoveryState::add(CarriedView carried,
                                              std::uint64_t offset,
                                              std::uint32_t length) {
    const EventView& event = carried.event;
    if (event.seq > last_.event) return "the carried event was never accepted";
    note_event(segments_.back(), event, carried.carried);
    last_generation_ = std::max(last_generation_, event.generation);
    Event* const known = find(event.seq);
    if (!has_base_ && known == nullptr) {
        if (event.leaf) ++leaves_;
        note_id(event);
    }
    // Without copies it is there for its retention alone, and says nothing about where copies are.
    if (carried.copies.empty()) return std::nullopt;
    Event moved = as_event(event, offset, length);
    if (known != nullptr) {
        known->body = moved.body;
        known->message_bytes = moved.message_bytes;
        return std::nullopt;  // its copies were read with it
    }
    moved_.push_back({moved, std::move(carried.copies), std::string(event.unrouted_reason)});
    return std::nullopt;
}

RecoveryState::Event* RecoveryState::find(EventSeq seq) {
    if (events_.empty() || seq < events_.front().seq || seq > events_.back().seq) return nullptr;
    // The numbers have hardly ever gaps.
    const std::uint64_t guess = seq.value - events_.front().seq.value;
    if (guess < events_.size() && events_[guess].seq == seq) return &events_[guess];
    const auto at = std::ranges::lower_bound(events_, seq, {}, &Event::seq);
    return at == events_.end() || at->seq != seq ? nullptr : &*at;
}

void RecoveryState::keep_death(CopySeq copy,
                               Timestamp at,
                               std::string_view reason,
                               std::string_view error) {
    deaths_.insert_or_assign(copy, Death{at, std::string(reason), std::string(error)});
}

void RecoveryState::apply(
    Copy& to, const Copy& from, Timestamp at, std::string_view reason, std::string_view error) {
    if (from.version <= to.version) return;
    if (to.state == flow::CopyState::dead) deaths_.erase(to.seq);
    to = from;
    if (to.state == flow::CopyState::settled) scheduled_.erase(to.seq);
    if (to.state == flow::CopyState::dead) keep_death(to.seq, at, reason, error);
}

void RecoveryState::apply(const TransitionView& transition) {
    ++transitions_;
    const Copy copy{transition.copy,
                    transition.due,
                    transition.queue,
                    transition.version,
                    transition.attempts,
                    transition.state,
                    transition.was_acquired};
    const Event* event = find(transition.event);
    if (event == nullptr) {
        // Of the base, of a carried event, or of one that is gone with its segment: that copy was
        // settled long ago.
        changes_.push_back({transition.event, copy});
        if (copy.state == flow::CopyState::dead)
            keep_death(copy.seq, transition.at, transition.reason, transition.error);
        return;
    }
    for (std::uint32_t i = 0; i < event->copy_count; ++i) {
        Copy& known = copies_[event->first_copy + i];
        if (known.seq != transition.copy) continue;
        apply(known, copy, transition.at, transition.reason, transition.error);
        return;
    }
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
}

void RecoveryState::finish() {
    std::ranges::stable_sort(moved_, {}, [](const Moved& moved) { return moved.event.seq; });
    // Of one event's carried records the last counts.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < moved_.size(); ++i) {
        if (i + 1 < moved_.size() && moved_[i + 1].event.seq == moved_[i].event.seq) continue;
        if (kept != i) moved_[kept] = std::move(moved_[i]);
        ++kept;
    }
    moved_.resize(kept);
    const auto order = [](const Change& change) {
        return std::tuple(change.event, change.copy.seq, change.copy.version);
    };
    std::ranges::sort(changes_, {}, order);
    // Carried ones come out of their order.
    if (!std::ranges::is_sorted(ids_, {}, &flow::RecoveredId::accepted))
        std::ranges::stable_sort(ids_, {}, &flow::RecoveredId::accepted);
}

// ---- what it all adds up to
// --------------------------------------------------------------------------------------------

void RecoveryState::fill(const Event& event, flow::RecoveredEvent& out) const {
    out.seq = event.seq;
    out.leaf = event.leaf;
    out.accepted = event.accepted;
    out.expiry = event.expiry;
    out.order_key = event.order_key;
    out.body = event.body;
    out.message_bytes = event.message_bytes;
    out.unrouted_reason.clear();
    out.copies.clear();
}

void RecoveryState::spell_out(const Copy& copy, flow::RecoveredCopy& out) const {
    out.seq = copy.seq;
    out.queue = copy.queue;
    out.state = copy.state;
    out.version = copy.version;
    out.attempts = copy.attempts;
    out.was_acquired = copy.was_acquired;
    out.due = copy.due;
    out.died = {};
    out.reason.clear();
    out.error.clear();
    if (copy.state != flow::CopyState::dead) return;
    const auto death = deaths_.find(copy.seq);
    if (death == deaths_.end()) return;
    out.died = death->second.at;
    out.reason = death->second.reason;
    out.error = death->second.error;
}

void RecoveryState::spell_out(const Event& event, flow::RecoveredEvent& out) const {
    fill(event, out);
    for (std::uint32_t i = 0; i < event.copy_count; ++i) {
        const Copy& copy = copies_[event.first_copy + i];
        if (copy.state == flow::CopyState::settled) continue;
        spell_out(copy, out.copies.emplace_back());
        if (scheduled_.empty()) continue;
        if (const auto ready = scheduled_.find(copy.seq); ready != scheduled_.end())
            out.copies.back().ready_at = ready->second;
    }
    if (out.copies.empty() || unrouted_.empty()) return;
    if (const auto reason = unrouted_.find(event.seq); reason != unrouted_.end())
        out.unrouted_reason = *reason->second;
}

/// Applies what is known of the event's copies beyond what it says itself.
void RecoveryState::change(flow::RecoveredEvent& event,
                           std::vector<Change>::const_iterator& at) const {
    while (at != changes_.end() && at->event < event.seq)
        ++at;
    bool has_settled = false;
    for (; at != changes_.end() && at->event == event.seq; ++at) {
        const auto next = std::next(at);
        if (next != changes_.end() && next->event == at->event && next->copy.seq == at->copy.seq)
            continue;  // a higher version follows
        for (flow::RecoveredCopy& copy : event.copies) {
            if (copy.seq != at->copy.seq || at->copy.version <= copy.version) continue;
            spell_out(at->copy, copy);
            has_settled = has_settled || copy.state == flow::CopyState::settled;
        }
    }
    if (has_settled)
        std::erase_if(event.copies, [](const flow::RecoveredCopy& copy) {
            return copy.state == flow::CopyState::settled;
        });
}

Result<void> RecoveryState::each_event(const Base& base, const Visit& visit) const {
    flow::RecoveredEvent from_base, other;
    auto moved = moved_.begin();
    auto changed = changes_.cbegin();
    const auto next_of_base = [&]() -> Result<bool> {
        if (!base) return false;
        return base(from_base);
    };
    auto has_base = next_of_base();
    while (has_base && (*has_base || moved != moved_.end())) {
        const bool is_moved =
            moved != moved_.end() && (!*has_base || moved->event.seq <= from_base.seq);
        if (is_moved) {
            fill(moved->event, other);
            other.copies = moved->copies;
            other.unrouted_reason = moved->unrouted_reason;
        }
        flow::RecoveredEvent& event = is_moved ? other : from_base;
        change(event, changed);
        if (!event.copies.empty()) visit(event);
        const bool is_both = is_moved && *has_base && from_base.seq == moved->event.seq;
        if (is_moved) ++moved;
        if (!is_moved || is_both) has_base = next_of_base();
    }
    if (!has_base) return fail(has_base.error().code, has_base.error().text);
    for (const Event& event : events_) {
        spell_out(event, other);
        if (!other.copies.empty()) visit(other);
    }
    return {};
}

}  // namespace vera::store
