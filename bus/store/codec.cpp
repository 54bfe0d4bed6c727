#include "bus/store/codec.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <xxhash.h>

namespace vera::store {
namespace {

char* append(char* at, std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

bool all_zero(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

/// Texts of a transition have 16-bit lengths; they are for people, so a longer one is cut.
std::string_view cut(std::string_view text) {
    return text.substr(0, std::numeric_limits<std::uint16_t>::max());
}

/// Takes bytes off the front; remembers if there were too few.
class Taker {
public:
    explicit Taker(std::string_view bytes) : rest_(bytes) {}
    std::string_view take(std::uint64_t count) {
        if (count > rest_.size()) is_short_ = true;
        const std::string_view taken =
            rest_.substr(0, is_short_ ? 0 : static_cast<std::size_t>(count));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    template <class T>
    T number() {
        const std::string_view bytes = take(sizeof(T));
        return is_short_ ? T{} : get<T>(bytes.data());
    }
    /// Nothing is left but padding to 8.
    [[nodiscard]] bool is_done() const { return !is_short_ && rest_.size() < 8 && all_zero(rest_); }
    [[nodiscard]] bool is_short() const { return is_short_; }

private:
    std::string_view rest_;
    bool is_short_ = false;
};

/// The fields that an event and a carried event have in common; false: what must be zero is not.
bool decode_fixed(const char* at, EventView& view) {
    view.seq.value = get<std::uint64_t>(at + event::seq);
    view.leaf.value = get<std::uint64_t>(at + event::leaf);
    view.generation.value = get<std::uint64_t>(at + event::generation);
    view.accepted.ms = get<std::int64_t>(at + event::accepted);
    view.expiry.ms = get<std::int64_t>(at + event::expiry);
    view.retain_until.ms = get<std::int64_t>(at + event::retain_until);
    view.order_key = get<std::uint64_t>(at + event::order_key);
    view.id_hash = get<std::uint64_t>(at + event::id_hash);
    view.bytes_hash = get<std::uint64_t>(at + event::bytes_hash);
    std::memcpy(view.salt.data(), at + event::salt, view.salt.size());
    view.message_offset = get<std::uint32_t>(at + event::message_offset);
    view.copy_count = get<std::uint32_t>(at + event::copy_count);
    return get<std::uint32_t>(at + event::derived_count) == 0;
}

void encode_fixed(const EventView& view, std::uint32_t copies, char* at) {
    put(at + event::seq, view.seq.value);
    put(at + event::leaf, view.leaf.value);
    put(at + event::generation, view.generation.value);
    put(at + event::accepted, view.accepted.ms);
    put(at + event::expiry, view.expiry.ms);
    put(at + event::retain_until, view.retain_until.ms);
    put(at + event::order_key, view.order_key);
    put(at + event::id_hash, view.id_hash);
    put(at + event::bytes_hash, view.bytes_hash);
    std::memcpy(at + event::salt, view.salt.data(), view.salt.size());
    put(at + event::message_bytes, static_cast<std::uint32_t>(view.message.size()));
    put(at + event::copy_count, copies);
    put(at + event::unrouted_bytes, static_cast<std::uint32_t>(view.unrouted_reason.size()));
    put(at + event::audit_bytes, static_cast<std::uint32_t>(view.audit_record.size()));
    put(at + event::derived_count, std::uint32_t{0});
}

}  // namespace

std::uint64_t segment_seed(const Uuid& store, std::uint32_t segment) {
    std::array<char, 20> bytes{};
    std::memcpy(bytes.data(), store.bytes.data(), store.bytes.size());
    put(bytes.data() + 16, segment);
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t record_checksum(std::string_view record, std::uint64_t seed, std::uint64_t offset) {
    return XXH3_64bits_withSeed(
        record.data() + record::length, record.size() - record::length, seed + offset);
}

std::uint64_t page_checksum(std::string_view page, std::uint64_t seed) {
    return XXH3_64bits_withSeed(page.data() + 8, page.size() - 8, seed);
}

std::uint64_t next_chain(std::uint64_t chain, std::uint64_t checksum) {
    return XXH3_64bits_withSeed(&checksum, sizeof checksum, chain);
}

std::string version_refusal(std::uint32_t version) {
    const std::string known = std::to_string(format_version);
    const std::string what = "format version " + std::to_string(version) + ", and this program (" +
                             "it reads and writes version " + known + ") does not know it: ";
    if (version > format_version)
        return what +
               "a newer VeRA wrote it; start that one or a later one, a store is not turned "
               "back to an older format";
    return what +
           "an older VeRA wrote it; start that one, let its queues drain, then start this "
           "one on an empty folder";
}

std::uint64_t encoded_bytes(const flow::EventCommit& event) {
    return round_to_8(event::fixed_bytes + event.copies.size() * event::copy_bytes +
                      event.unrouted_reason.size() + event.audit_record.size() +
                      event.message.size());
}

std::uint64_t encoded_bytes(const flow::Transition& transition) {
    return round_to_8(transition::fixed_bytes + cut(transition.reason).size() +
                      cut(transition.error).size() + cut(transition.actor).size());
}

std::uint64_t encoded_bytes(std::span<const flow::QueueSpec> queues) {
    std::uint64_t bytes = config::fixed_bytes;
    for (const flow::QueueSpec& queue : queues)
        bytes += config::queue_fixed_bytes + queue.retry.backoff.size() * 8 +
                 cut(queue.name).size() + cut(queue.pause.actor).size() +
                 cut(queue.pause.reason).size();
    return round_to_8(bytes);
}

std::uint32_t encode(const flow::EventCommit& event, char* at) {
    EventView fixed;
    fixed.seq = event.seq;
    fixed.leaf = event.leaf;
    fixed.generation = event.generation;
    fixed.accepted = event.accepted;
    fixed.expiry = event.expiry;
    fixed.retain_until = event.retain_until;
    fixed.order_key = event.order_key;
    fixed.id_hash = event.id_hash;
    fixed.bytes_hash = event.bytes_hash;
    fixed.salt = event.salt;
    fixed.unrouted_reason = event.unrouted_reason;
    fixed.audit_record = event.audit_record;
    fixed.message = event.message.view();
    encode_fixed(fixed, static_cast<std::uint32_t>(event.copies.size()), at);
    char* end = at + event::fixed_bytes;
    for (const flow::NewCopy& copy : event.copies) {
        put(end, copy.seq.value);
        put(end + 8, copy.queue.value);
        put(end + 12, copy.ready_at.ms);
        end += event::copy_bytes;
    }
    end = append(end, event.unrouted_reason);
    end = append(end, event.audit_record);
    const auto message_offset = static_cast<std::uint32_t>(end - at);
    put(at + event::message_offset, message_offset);
    end = append(end, event.message.view());
    const auto length = static_cast<std::size_t>(end - at);
    std::memset(end, 0, static_cast<std::size_t>(round_to_8(length)) - length);
    return message_offset;
}

namespace {

std::uint8_t flags_of(bool was_acquired) {
    return was_acquired ? transition::was_acquired : std::uint8_t{0};
}

}  // namespace

void encode(const flow::Transition& transition, char* at) {
    put(at + transition::copy, transition.copy.value);
    put(at + transition::event, transition.event.value);
    put(at + transition::at, transition.at.ms);
    put(at + transition::due, transition.due.ms);
    put(at + transition::version, transition.version);
    put(at + transition::queue, transition.queue.value);
    put(at + transition::attempts, transition.attempts);
    put(at + transition::audit_bytes, std::uint32_t{0});
    put(at + transition::reason_bytes, static_cast<std::uint16_t>(cut(transition.reason).size()));
    put(at + transition::error_bytes, static_cast<std::uint16_t>(cut(transition.error).size()));
    put(at + transition::actor_bytes, static_cast<std::uint16_t>(cut(transition.actor).size()));
    put(at + transition::state, static_cast<std::uint8_t>(transition.state));
    put(at + transition::flags, flags_of(transition.was_acquired));
    char* end = at + transition::fixed_bytes;
    for (const std::string_view text :
         {cut(transition.reason), cut(transition.error), cut(transition.actor)})
        end = append(end, text);
    const auto length = static_cast<std::size_t>(end - at);
    std::memset(end, 0, static_cast<std::size_t>(round_to_8(length)) - length);
}

namespace {

char* encode(const flow::QueueSpec& queue, char* at) {
    const unsigned flags = (queue.allows_presettled ? config::allows_presettled : 0U) |
                           (queue.is_deleted ? config::is_deleted : 0U);
    put(at, queue.id.value);
    std::memcpy(at + 4, queue.uuid.bytes.data(), queue.uuid.bytes.size());
    put(at + 20, static_cast<std::uint8_t>(queue.kind));
    put(at + 21, static_cast<std::uint8_t>(flags));
    put(at + 22, static_cast<std::uint16_t>(cut(queue.name).size()));
    put(at + 24, queue.retry.max_attempts);
    put(at + 28, static_cast<std::uint32_t>(queue.retry.backoff.size()));
    put(at + 32, queue.limits.count);
    put(at + 40, queue.limits.bytes);
    put(at + 48, static_cast<std::int64_t>(queue.limits.age.count()));
    put(at + 56, static_cast<std::int64_t>(queue.ttl.count()));
    put(at + 64, queue.pause.since.ms);
    put(at + 72, static_cast<std::uint8_t>(queue.limits.overflow));
    put(at + 73, static_cast<std::uint8_t>(queue.deliver_at));
    put(at + 74, static_cast<std::uint16_t>(cut(queue.pause.actor).size()));
    put(at + 76, static_cast<std::uint16_t>(cut(queue.pause.reason).size()));
    put(at + 78, std::uint16_t{0});
    char* end = at + config::queue_fixed_bytes;
    for (const Millis wait : queue.retry.backoff) {
        put(end, static_cast<std::int64_t>(wait.count()));
        end += 8;
    }
    for (const std::string_view text :
         {cut(queue.name), cut(queue.pause.actor), cut(queue.pause.reason)})
        end = append(end, text);
    return end;
}

/// Reads one value of an enum that counts up from 0 to `last`.
template <class E>
std::optional<E> take_enum(Taker& rest, E last) {
    const auto value = rest.number<std::uint8_t>();
    if (rest.is_short() || value > static_cast<std::uint8_t>(last)) return std::nullopt;
    return static_cast<E>(value);
}

/// Nothing: a value that this program does not know. Too few bytes show in `rest`.
std::optional<flow::QueueSpec> decode_queue(Taker& rest) {
    flow::QueueSpec queue;
    queue.id.value = rest.number<std::uint32_t>();
    const std::string_view uuid = rest.take(queue.uuid.bytes.size());
    if (!rest.is_short()) std::memcpy(queue.uuid.bytes.data(), uuid.data(), uuid.size());
    const auto kind = take_enum(rest, flow::QueueKind::inbox);
    const auto flags = rest.number<std::uint8_t>();
    const auto name_bytes = rest.number<std::uint16_t>();
    queue.retry.max_attempts = rest.number<std::uint32_t>();
    const auto backoffs = rest.number<std::uint32_t>();
    queue.limits.count = rest.number<std::uint64_t>();
    queue.limits.bytes = rest.number<std::uint64_t>();
    queue.limits.age = Millis{rest.number<std::int64_t>()};
    queue.ttl = Millis{rest.number<std::int64_t>()};
    queue.pause.since.ms = rest.number<std::int64_t>();
    const auto overflow = take_enum(rest, flow::Overflow::drop_oldest);
    const auto deliver_at = take_enum(rest, flow::DeliverAt::virkning);
    const auto actor_bytes = rest.number<std::uint16_t>();
    const auto reason_bytes = rest.number<std::uint16_t>();
    const auto zero = rest.number<std::uint16_t>();
    if (!kind || !overflow || !deliver_at || zero != 0) return std::nullopt;
    queue.kind = *kind;
    queue.limits.overflow = *overflow;
    queue.deliver_at = *deliver_at;
    queue.allows_presettled = (flags & config::allows_presettled) != 0;
    queue.is_deleted = (flags & config::is_deleted) != 0;
    queue.retry.backoff.clear();
    for (std::uint32_t b = 0; b < backoffs && !rest.is_short(); ++b)
        queue.retry.backoff.emplace_back(rest.number<std::int64_t>());
    queue.name = rest.take(name_bytes);
    queue.pause.actor = rest.take(actor_bytes);
    queue.pause.reason = rest.take(reason_bytes);
    return queue;
}

}  // namespace

void encode(const ConfigHead& head, std::span<const flow::QueueSpec> queues, char* at) {
    std::memset(at + record::header_bytes, 0, encoded_bytes(queues) - record::header_bytes);
    put(at + config::last_event, head.last_event.value);
    put(at + config::last_copy, head.last_copy.value);
    put(at + config::last_leaf, head.last_leaf.value);
    put(at + config::last_stamp, head.last_stamp.ms);
    put(at + config::queue_count, static_cast<std::uint32_t>(queues.size()));
    put(at + config::is_whole, static_cast<std::uint8_t>(head.is_whole ? 1 : 0));
    char* end = at + config::fixed_bytes;
    for (const flow::QueueSpec& queue : queues)
        end = encode(queue, end);
}

flow::NewCopy EventView::copy(std::uint32_t index) const {
    const char* at = copies + std::size_t{index} * event::copy_bytes;
    return {CopySeq{get<std::uint64_t>(at)},
            QueueId{get<std::uint32_t>(at + 8)},
            Timestamp{get<std::int64_t>(at + 12)}};
}

std::optional<EventView> decode_event(std::string_view record) {
    if (record.size() < event::fixed_bytes) return std::nullopt;
    const char* at = record.data();
    EventView view;
    if (!decode_fixed(at, view)) return std::nullopt;

    Taker rest(record.substr(event::fixed_bytes));
    view.copies = rest.take(std::uint64_t{view.copy_count} * event::copy_bytes).data();
    view.unrouted_reason = rest.take(get<std::uint32_t>(at + event::unrouted_bytes));
    view.audit_record = rest.take(get<std::uint32_t>(at + event::audit_bytes));
    view.message = rest.take(get<std::uint32_t>(at + event::message_bytes));
    if (!rest.is_done() || view.message.data() != at + view.message_offset) return std::nullopt;
    return view;
}

std::uint64_t encoded_bytes(const EventView& event, std::span<const flow::RecoveredCopy> copies) {
    std::uint64_t bytes = carried::fixed_bytes + copies.size() * carried::copy_bytes +
                          event.unrouted_reason.size() + event.audit_record.size() +
                          event.message.size();
    for (const flow::RecoveredCopy& copy : copies)
        bytes += cut(copy.reason).size() + cut(copy.error).size();
    return round_to_8(bytes);
}

std::uint32_t encode(const EventView& event,
                     std::span<const flow::RecoveredCopy> copies,
                     Timestamp carried,
                     char* at) {
    encode_fixed(event, static_cast<std::uint32_t>(copies.size()), at);
    put(at + carried::carried_at, carried.ms);
    char* end = at + carried::fixed_bytes;
    for (const flow::RecoveredCopy& copy : copies) {
        put(end + carried::copy_seq, copy.seq.value);
        put(end + carried::copy_due, copy.due.ms);
        put(end + carried::copy_ready_at, copy.ready_at.ms);
        put(end + carried::copy_died, copy.died.ms);
        put(end + carried::copy_queue, copy.queue.value);
        put(end + carried::copy_version, copy.version);
        put(end + carried::copy_attempts, copy.attempts);
        put(end + carried::copy_reason_bytes, static_cast<std::uint16_t>(cut(copy.reason).size()));
        put(end + carried::copy_error_bytes, static_cast<std::uint16_t>(cut(copy.error).size()));
        put(end + carried::copy_state, static_cast<std::uint8_t>(copy.state));
        put(end + carried::copy_flags, flags_of(copy.was_acquired));
        std::memset(end + carried::copy_zero, 0, carried::copy_bytes - carried::copy_zero);
        end += carried::copy_bytes;
    }
    for (const flow::RecoveredCopy& copy : copies)
        end = append(append(end, cut(copy.reason)), cut(copy.error));
    end = append(append(end, event.unrouted_reason), event.audit_record);
    const auto message_offset = static_cast<std::uint32_t>(end - at);
    put(at + event::message_offset, message_offset);
    end = append(end, event.message);
    const auto length = static_cast<std::size_t>(end - at);
    std::memset(end, 0, static_cast<std::size_t>(round_to_8(length)) - length);
    return message_offset;
}

std::optional<CarriedView> decode_carried(std::string_view record) {
    if (record.size() < carried::fixed_bytes) return std::nullopt;
    const char* at = record.data();
    CarriedView view;
    if (!decode_fixed(at, view.event)) return std::nullopt;
    view.carried.ms = get<std::int64_t>(at + carried::carried_at);

    Taker rest(record.substr(carried::fixed_bytes));
    const std::string_view copies =
        rest.take(std::uint64_t{view.event.copy_count} * carried::copy_bytes);
    if (rest.is_short()) return std::nullopt;
    view.copies.reserve(view.event.copy_count);
    for (std::size_t i = 0; i < copies.size(); i += carried::copy_bytes) {
        const char* from = copies.data() + i;
        flow::RecoveredCopy& copy = view.copies.emplace_back();
        copy.seq.value = get<std::uint64_t>(from + carried::copy_seq);
        copy.due.ms = get<std::int64_t>(from + carried::copy_due);
        copy.ready_at.ms = get<std::int64_t>(from + carried::copy_ready_at);
        copy.died.ms = get<std::int64_t>(from + carried::copy_died);
        copy.queue.value = get<std::uint32_t>(from + carried::copy_queue);
        copy.version = get<std::uint32_t>(from + carried::copy_version);
        copy.attempts = get<std::uint32_t>(from + carried::copy_attempts);
        const auto state = get<std::uint8_t>(from + carried::copy_state);
        const auto flags = get<std::uint8_t>(from + carried::copy_flags);
        if (state > static_cast<std::uint8_t>(flow::CopyState::dead) ||
            flags > transition::was_acquired ||
            !all_zero({from + carried::copy_zero, carried::copy_bytes - carried::copy_zero}))
            return std::nullopt;
        copy.state = static_cast<flow::CopyState>(state);
        copy.was_acquired = flags != 0;
        copy.reason = rest.take(get<std::uint16_t>(from + carried::copy_reason_bytes));
        copy.error = rest.take(get<std::uint16_t>(from + carried::copy_error_bytes));
    }
    view.event.unrouted_reason = rest.take(get<std::uint32_t>(at + event::unrouted_bytes));
    view.event.audit_record = rest.take(get<std::uint32_t>(at + event::audit_bytes));
    view.event.message = rest.take(get<std::uint32_t>(at + event::message_bytes));
    if (!rest.is_done() || view.event.message.data() != at + view.event.message_offset)
        return std::nullopt;
    return view;
}

std::optional<TransitionView> decode_transition(std::string_view record) {
    if (record.size() < transition::fixed_bytes) return std::nullopt;
    const char* at = record.data();
    TransitionView view;
    view.copy.value = get<std::uint64_t>(at + transition::copy);
    view.event.value = get<std::uint64_t>(at + transition::event);
    view.at.ms = get<std::int64_t>(at + transition::at);
    view.due.ms = get<std::int64_t>(at + transition::due);
    view.version = get<std::uint32_t>(at + transition::version);
    view.queue.value = get<std::uint32_t>(at + transition::queue);
    view.attempts = get<std::uint32_t>(at + transition::attempts);
    const auto state = get<std::uint8_t>(at + transition::state);
    if (state > static_cast<std::uint8_t>(flow::CopyState::settled)) return std::nullopt;
    const auto flags = get<std::uint8_t>(at + transition::flags);
    if (flags > transition::was_acquired) return std::nullopt;
    view.was_acquired = flags != 0;
    view.state = static_cast<flow::CopyState>(state);

    Taker rest(record.substr(transition::fixed_bytes));
    view.reason = rest.take(get<std::uint16_t>(at + transition::reason_bytes));
    view.error = rest.take(get<std::uint16_t>(at + transition::error_bytes));
    view.actor = rest.take(get<std::uint16_t>(at + transition::actor_bytes));
    view.audit_part = rest.take(get<std::uint32_t>(at + transition::audit_bytes));
    if (!rest.is_done()) return std::nullopt;
    return view;
}

std::optional<ConfigView> decode_config(std::string_view record) {
    if (record.size() < config::fixed_bytes) return std::nullopt;
    const char* at = record.data();
    ConfigView view;
    view.head.last_event.value = get<std::uint64_t>(at + config::last_event);
    view.head.last_copy.value = get<std::uint64_t>(at + config::last_copy);
    view.head.last_leaf.value = get<std::uint64_t>(at + config::last_leaf);
    view.head.last_stamp.ms = get<std::int64_t>(at + config::last_stamp);
    view.head.is_whole = get<std::uint8_t>(at + config::is_whole) == 1;
    if (!all_zero(record.substr(config::zero, 3))) return std::nullopt;

    const auto count = get<std::uint32_t>(at + config::queue_count);
    Taker rest(record.substr(config::fixed_bytes));
    for (std::uint32_t i = 0; i < count && !rest.is_short(); ++i) {
        auto queue = decode_queue(rest);
        if (!queue) return std::nullopt;
        view.queues.push_back(*std::move(queue));
    }
    if (!rest.is_done()) return std::nullopt;
    return view;
}

}  // namespace vera::store
