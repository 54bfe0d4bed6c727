#pragma once
// The audit record of an accepted event and the log entry made of it (design §10). The record is
// private and stored in the same write as the event; the entry, version ‖ SHA-256(salt ‖ record),
// says nothing about anybody and can be public.
#include "bus/base/ids.hpp"
#include "bus/base/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::audit {

using Salt = std::array<std::uint8_t, 16>;
using Sha256 = std::array<std::uint8_t, 32>;
/// version (0x01) ‖ SHA-256(salt ‖ record): 33 bytes.
using Entry = std::array<std::uint8_t, 33>;

/// "accepted": what was decided about one event, or about one message to a system. Encoded as
/// vera.audit.v1.Accepted.
struct Accepted {
    std::string_view event_id;   ///< of a message: its message-id
    std::string_view type;       ///< of an event
    std::string_view system;     ///< authenticated publisher
    std::string_view authority;  ///< its CVR number
    std::string_view receiver;   ///< of a message: the system that it is addressed to
    Timestamp at;
    Generation generation;
    Sha256 message_sha256;  ///< of the bytes as received
    const std::vector<QueueId>* queues = nullptr;
};

[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(const Sha256& hash);
/// The record's bytes: they are what is hashed and stored; never re-encoded for comparison.
[[nodiscard]] std::string encode(const Accepted& record);
[[nodiscard]] Entry make_entry(const Salt& salt, std::string_view record);

}  // namespace vera::audit
