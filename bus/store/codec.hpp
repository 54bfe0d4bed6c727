#pragma once
// Records to bytes and back. Knows bytes, not files; layout in format.hpp and FORMAT.md.
#include "bus/flow/engine.hpp"
#include "bus/store/format.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vera::store {

template <class T>
void put(char* at, T value) {
    std::memcpy(at, &value, sizeof value);
}

template <class T>
[[nodiscard]] T get(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// Seed of all checksums of one segment.
[[nodiscard]] std::uint64_t segment_seed(const Uuid& store, std::uint32_t segment);
/// Checksum of a whole record (its own checksum field left out) that begins at `offset` of its
/// file.
[[nodiscard]] std::uint64_t record_checksum(std::string_view record,
                                            std::uint64_t seed,
                                            std::uint64_t offset);
/// Checksum of a superblock or manifest: all but the first 8 bytes.
[[nodiscard]] std::uint64_t page_checksum(std::string_view page, std::uint64_t seed);
[[nodiscard]] std::uint64_t next_chain(std::uint64_t chain, std::uint64_t checksum);

[[nodiscard]] std::uint64_t encoded_bytes(const flow::EventCommit& event);
[[nodiscard]] std::uint64_t encoded_bytes(const flow::Transition& transition);
[[nodiscard]] std::uint64_t encoded_bytes(std::span<const flow::QueueSpec> queues);

/// Why a file of another format version is not read, and what to do about it.
[[nodiscard]] std::string version_refusal(std::uint32_t version);

/// What a Config record says beside its queues.
struct ConfigHead {
    EventSeq last_event;
    CopySeq last_copy;
    LeafIndex last_leaf;
    Timestamp last_stamp;
    bool is_whole = false;
};

/// Each fills `encoded_bytes` at `at`, which is zeroed behind the header's type; header and
/// checksum are the group's to write. encode(EventCommit) gives the message's offset in the record.
std::uint32_t encode(const flow::EventCommit& event, char* at);
void encode(const flow::Transition& transition, char* at);
void encode(const ConfigHead& head, std::span<const flow::QueueSpec> queues, char* at);

/// Views into a record whose checksum holds.
struct EventView {
    EventSeq seq;
    LeafIndex leaf;
    Generation generation;
    Timestamp accepted, expiry, retain_until;
    std::uint64_t order_key = 0, id_hash = 0, bytes_hash = 0;
    audit::Salt salt{};
    std::uint32_t copy_count = 0;
    const char* copies = nullptr;
    std::string_view unrouted_reason, audit_record, message;
    std::uint32_t message_offset = 0;

    [[nodiscard]] flow::NewCopy copy(std::uint32_t index) const;
};

/// An event that was carried forward, with its copies as they were then.
struct CarriedView {
    EventView event;
    Timestamp carried;
    std::vector<flow::RecoveredCopy> copies;  ///< those that were not settled, ascending
};

struct TransitionView {
    CopySeq copy;
    EventSeq event;
    Timestamp at, due;
    std::uint32_t version = 0;
    QueueId queue;
    std::uint32_t attempts = 0;
    flow::CopyState state = flow::CopyState::waiting;
    bool was_acquired = false;
    std::string_view reason, error, actor, audit_part;
};

struct ConfigView {
    ConfigHead head;
    std::vector<flow::QueueSpec> queues;
};

/// Of a carried record for the event with these copies.
[[nodiscard]] std::uint64_t encoded_bytes(const EventView& event,
                                          std::span<const flow::RecoveredCopy> copies);
/// As encode(EventCommit): gives the message's offset in the record.
std::uint32_t encode(const EventView& event,
                     std::span<const flow::RecoveredCopy> copies,
                     Timestamp carried,
                     char* at);

/// Nothing: the lengths inside do not fit the record, or what must be zero is not.
[[nodiscard]] std::optional<EventView> decode_event(std::string_view record);
[[nodiscard]] std::optional<CarriedView> decode_carried(std::string_view record);
[[nodiscard]] std::optional<TransitionView> decode_transition(std::string_view record);
[[nodiscard]] std::optional<ConfigView> decode_config(std::string_view record);

}  // namespace vera::store
