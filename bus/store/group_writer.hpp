#pragma once
// One group of records in one aligned buffer that is used again and again: what a commit writes
// with a single call.
#include "bus/store/codec.hpp"
#include "bus/store/pages.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace vera::store {

/// Where the log stands: what the next group continues.
struct LogPosition {
    std::uint64_t group_sequence = 1;   ///< of the next group
    std::uint64_t record_sequence = 1;  ///< of the next record
    std::uint64_t chain = 0;
};

/// Bytes of a group with `record_bytes` of records, with commit record and padding.
[[nodiscard]] constexpr std::uint64_t group_bytes(std::uint64_t record_bytes) {
    return round_to_page(record_bytes + commit::fixed_bytes);
}

/// Thread: commit. begin, add…, finish; the bytes are valid until the next begin.
class GroupWriter {
public:
    /// A group at `offset` of the segment, to hold exactly `record_bytes` of records.
    void begin(std::uint32_t segment,
               std::uint64_t seed,
               std::uint64_t offset,
               const LogPosition& position,
               std::uint64_t record_bytes);
    flow::BodyRef add(const flow::EventCommit& event);
    void add(const flow::Transition& transition);
    void add(const ConfigHead& head, std::span<const flow::QueueSpec> queues);
    flow::BodyRef add(const EventView& event,
                      std::span<const flow::RecoveredCopy> copies,
                      Timestamp carried);
    /// Adds the commit record and gives the whole group.
    [[nodiscard]] std::string_view finish(Timestamp stamp, std::uint64_t ticket);
    /// After finish: what the next group continues.
    [[nodiscard]] const LogPosition& position() const { return position_; }

private:
    char* next(std::uint64_t length);
    [[nodiscard]] flow::BodyRef place(std::uint64_t length, std::uint32_t message_offset) const;
    void close_record(RecordType type, std::uint64_t length);

    Pages buffer_;
    std::uint64_t capacity_ = 0;
    std::uint64_t used_ = 0;
    std::uint32_t segment_ = 0;
    std::uint64_t seed_ = 0;
    std::uint64_t offset_ = 0;
    std::uint32_t records_ = 0;
    LogPosition position_;
};

/// A segment's superblock.
void encode_superblock(std::span<char> page,
                       const Uuid& store,
                       std::uint32_t number,
                       std::uint64_t file_bytes,
                       const LogPosition& position);

}  // namespace vera::store
