#pragma once
// The layout of the store's files, drawn in FORMAT.md: constants shared by writer and reader. No
// code that touches files.
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vera::store {

static_assert(std::endian::native == std::endian::little,
              "fields are little endian and copied as they are");

constexpr std::uint32_t format_version = 3;  ///< written, and the only one read
constexpr std::uint64_t page_bytes = 4096;   ///< groups begin and end at multiples of this
constexpr std::uint64_t round_to_page(std::uint64_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}
constexpr std::uint64_t round_to_8(std::uint64_t bytes) {
    return (bytes + 7) / 8 * 8;
}

enum class RecordType : std::uint8_t {
    event = 1,
    transition = 2,
    range = 3,  ///< reserved: purge or move of many copies
    config = 4,
    erase = 5,  ///< reserved: an event whose contents were erased
    commit = 6,
    carried = 7,  ///< an event of an older segment, moved forward with its copies as they are
};

namespace record {
constexpr std::size_t checksum = 0;   // u64
constexpr std::size_t length = 8;     // u32
constexpr std::size_t type = 12;      // u8
constexpr std::size_t flags = 13;     // u8
constexpr std::size_t zero = 14;      // u16
constexpr std::size_t sequence = 16;  // u64
constexpr std::size_t header_bytes = 24;
constexpr std::uint8_t first_of_group = 1;
}  // namespace record

namespace event {
constexpr std::size_t seq = 24;              // u64
constexpr std::size_t leaf = 32;             // u64
constexpr std::size_t generation = 40;       // u64
constexpr std::size_t accepted = 48;         // i64
constexpr std::size_t expiry = 56;           // i64
constexpr std::size_t retain_until = 64;     // i64
constexpr std::size_t order_key = 72;        // u64
constexpr std::size_t id_hash = 80;          // u64
constexpr std::size_t bytes_hash = 88;       // u64
constexpr std::size_t salt = 96;             // 16 bytes
constexpr std::size_t message_offset = 112;  // u32
constexpr std::size_t message_bytes = 116;   // u32
constexpr std::size_t copy_count = 120;      // u32
constexpr std::size_t unrouted_bytes = 124;  // u32
constexpr std::size_t audit_bytes = 128;     // u32
constexpr std::size_t derived_count = 132;   // u32
constexpr std::size_t fixed_bytes = 136;
constexpr std::size_t copy_bytes = 20;  // u64 seq, u32 queue, i64 ready at
}  // namespace event

// A carried event has the fixed fields of an event, then these.
namespace carried {
constexpr std::size_t carried_at = event::fixed_bytes;  // i64
constexpr std::size_t fixed_bytes = event::fixed_bytes + 8;
constexpr std::size_t copy_seq = 0;            // u64
constexpr std::size_t copy_due = 8;            // i64
constexpr std::size_t copy_ready_at = 16;      // i64
constexpr std::size_t copy_died = 24;          // i64
constexpr std::size_t copy_queue = 32;         // u32
constexpr std::size_t copy_version = 36;       // u32
constexpr std::size_t copy_attempts = 40;      // u32
constexpr std::size_t copy_reason_bytes = 44;  // u16
constexpr std::size_t copy_error_bytes = 46;   // u16
constexpr std::size_t copy_state = 48;         // u8
constexpr std::size_t copy_flags = 49;         // u8, as a transition's
constexpr std::size_t copy_zero = 50;          // 6 bytes
constexpr std::size_t copy_bytes = 56;
}  // namespace carried

namespace transition {
constexpr std::size_t copy = 24;          // u64
constexpr std::size_t event = 32;         // u64
constexpr std::size_t at = 40;            // i64
constexpr std::size_t due = 48;           // i64
constexpr std::size_t version = 56;       // u32
constexpr std::size_t queue = 60;         // u32
constexpr std::size_t attempts = 64;      // u32
constexpr std::size_t audit_bytes = 68;   // u32
constexpr std::size_t reason_bytes = 72;  // u16
constexpr std::size_t error_bytes = 74;   // u16
constexpr std::size_t actor_bytes = 76;   // u16
constexpr std::size_t state = 78;         // u8
constexpr std::size_t flags = 79;         // u8
constexpr std::size_t fixed_bytes = 80;
constexpr std::uint8_t was_acquired = 1;
}  // namespace transition

namespace config {
constexpr std::size_t last_event = 24;   // u64
constexpr std::size_t last_copy = 32;    // u64
constexpr std::size_t last_leaf = 40;    // u64
constexpr std::size_t last_stamp = 48;   // i64
constexpr std::size_t queue_count = 56;  // u32
constexpr std::size_t is_whole = 60;     // u8
constexpr std::size_t zero = 61;         // 3 bytes
constexpr std::size_t fixed_bytes = 64;
// Then per queue, without padding in between: u32 id, 16 bytes uuid, u8 kind, u8 flags, u16 name
// bytes, u32 max attempts, u32 backoff count, u64 most copies, u64 most bytes, i64 greatest age,
// i64 ttl, i64 paused since, u8 overflow, u8 deliver at, u16 pause actor bytes, u16 pause reason
// bytes, u16 zero; then i64 per backoff, name, pause actor, pause reason.
constexpr std::size_t queue_fixed_bytes = 80;
constexpr std::uint8_t allows_presettled = 1;
constexpr std::uint8_t is_deleted = 2;
}  // namespace config

namespace commit {
constexpr std::size_t group_sequence = 24;  // u64
constexpr std::size_t chain = 32;           // u64
constexpr std::size_t stamp = 40;           // i64
constexpr std::size_t ticket = 48;          // u64
constexpr std::size_t record_count = 56;    // u32
constexpr std::size_t group_bytes = 60;     // u32
constexpr std::size_t fixed_bytes = 64;
}  // namespace commit

namespace superblock {
constexpr std::size_t checksum = 0;          // u64
constexpr std::size_t magic = 8;             // 8 bytes
constexpr std::size_t version = 16;          // u32
constexpr std::size_t number = 20;           // u32
constexpr std::size_t store = 24;            // 16 bytes
constexpr std::size_t file_bytes = 40;       // u64
constexpr std::size_t chain_before = 48;     // u64
constexpr std::size_t group_sequence = 56;   // u64
constexpr std::size_t record_sequence = 64;  // u64
constexpr std::size_t fixed_bytes = 72;
constexpr char magic_text[9] = "VERAsegm";
}  // namespace superblock

namespace manifest {
constexpr std::size_t checksum = 0;          // u64
constexpr std::size_t magic = 8;             // 8 bytes
constexpr std::size_t version = 16;          // u32
constexpr std::size_t file_bytes = 20;       // u32
constexpr std::size_t store = 24;            // 16 bytes
constexpr std::size_t hash_seed = 40;        // u64
constexpr std::size_t sequence = 48;         // u64
constexpr std::size_t is_clean = 56;         // u8
constexpr std::size_t zero = 57;             // 3 bytes
constexpr std::size_t segment_count = 60;    // u32
constexpr std::size_t last_number = 64;      // u32
constexpr std::size_t snapshot_count = 68;   // u32
constexpr std::size_t last_snapshot = 72;    // u32
constexpr std::size_t kind = 76;             // u32: 0 a store, 1 a backup, 2 restored
constexpr std::size_t instance = 80;         // 16 bytes
constexpr std::size_t origin = 96;           // 16 bytes
constexpr std::size_t origin_time = 112;     // i64
constexpr std::size_t maybe_acquired = 120;  // u64
constexpr std::size_t fixed_bytes = 128;
constexpr std::size_t entry_number = 0;         // u32
constexpr std::size_t entry_is_closed = 4;      // u32
constexpr std::size_t entry_chain_before = 8;   // u64
constexpr std::size_t entry_end = 16;           // u64
constexpr std::size_t entry_chain = 24;         // u64
constexpr std::size_t entry_retain_until = 32;  // i64
constexpr std::size_t entry_overdue_at = 40;    // i64
constexpr std::size_t entry_bytes = 48;
constexpr std::size_t file_kind = 0;      // u32
constexpr std::size_t file_number = 4;    // u32
constexpr std::size_t file_first = 8;     // u32
constexpr std::size_t file_last = 12;     // u32
constexpr std::size_t file_size = 16;     // u64
constexpr std::size_t file_entries = 24;  // u64
constexpr std::size_t file_hash = 32;     // u64
constexpr std::size_t file_until = 40;    // i64
constexpr std::size_t snapshot_file_bytes = 48;
constexpr char magic_text[9] = "VERAmani";
}  // namespace manifest

namespace snapshot {
constexpr std::size_t checksum = 0;     // u64
constexpr std::size_t magic = 8;        // 8 bytes
constexpr std::size_t version = 16;     // u32
constexpr std::size_t kind = 20;        // u32
constexpr std::size_t store = 24;       // 16 bytes
constexpr std::size_t number = 40;      // u32
constexpr std::size_t first = 44;       // u32
constexpr std::size_t last = 48;        // u32
constexpr std::size_t zero = 52;        // u32
constexpr std::size_t file_bytes = 56;  // u64
constexpr std::size_t entries = 64;     // u64
constexpr std::size_t hash = 72;        // u64
constexpr std::size_t generation = 80;  // u64
constexpr std::size_t until = 88;       // i64
constexpr std::size_t fixed_bytes = 96;
constexpr char magic_text[9] = "VERAsnap";

constexpr std::size_t chunk_checksum = 0;  // u64
constexpr std::size_t chunk_bytes = 8;     // u32
constexpr std::size_t chunk_entries = 12;  // u32
constexpr std::size_t chunk_fixed_bytes = 16;

// One event of a live file, then its copies, then the unrouted reason, zeros to 8.
constexpr std::size_t event_seq = 0;              // u64
constexpr std::size_t event_leaf = 8;             // u64
constexpr std::size_t event_accepted = 16;        // i64
constexpr std::size_t event_expiry = 24;          // i64
constexpr std::size_t event_order_key = 32;       // u64
constexpr std::size_t event_segment = 40;         // u32
constexpr std::size_t event_offset = 44;          // u32
constexpr std::size_t event_record_bytes = 48;    // u32
constexpr std::size_t event_message_offset = 52;  // u32
constexpr std::size_t event_message_bytes = 56;   // u32
constexpr std::size_t event_copies = 60;          // u32
constexpr std::size_t event_unrouted_bytes = 64;  // u32
constexpr std::size_t event_zero = 68;            // u32
constexpr std::size_t event_bytes = 72;
constexpr std::size_t copy_seq = 0;        // u64
constexpr std::size_t copy_queue = 8;      // u32
constexpr std::size_t copy_version = 12;   // u32
constexpr std::size_t copy_attempts = 16;  // u32
constexpr std::size_t copy_flags = 20;     // u32
constexpr std::size_t copy_bytes = 24;     // then, as the flags say: i64 due; i64 ready at; i64
                                           // died, u16 bytes of reason, u16 of error, u32 zero,
                                           // both, zeros to 8
constexpr std::uint32_t copy_is_dead = 1;
constexpr std::uint32_t copy_has_due = 2;
constexpr std::uint32_t copy_has_ready_at = 4;
constexpr std::uint32_t copy_was_acquired = 8;
constexpr std::size_t death_bytes = 16;
// One id of an ids file: u64 id, u64 bytes hash, i64 accepted.
constexpr std::size_t id_bytes = 24;
}  // namespace snapshot

}  // namespace vera::store
