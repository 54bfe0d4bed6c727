#pragma once
// Makes what is new of an outgoing delivery: a header, VeRA's annotations, the publisher's
// message-annotations (without x-opt-vera-*). Behind it goes the bare message byte for byte as
// received (design §5, §15). Incoming delivery-annotations are dropped. Pure.
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vera::amqp {

struct Stamp {
    bool is_durable = true;  ///< false: it was in memory only
    bool is_first_acquirer = true;
    std::uint32_t delivery_count = 0;
    std::uint32_t ttl_ms = 0;           ///< 0: none
    std::string_view subscription;      ///< x-opt-vera-subscription (string)
    std::string_view sender;            ///< x-opt-vera-sender (string), empty: left out
    std::string_view sender_authority;  ///< x-opt-vera-sender-authority (string), as above
    EventSeq sequence;                  ///< x-opt-vera-sequence (ulong); none: left out
    LeafIndex leaf;                     ///< x-opt-vera-leaf (ulong); none: left out
    std::string_view withheld{};        ///< x-opt-vera-withheld (string), empty: left out
    std::string_view transform{};       ///< x-opt-vera-transform (string), empty: left out
    std::string_view unrouted;          ///< x-opt-vera-unrouted (string), empty: left out
    std::string_view dead_reason;  ///< non-empty: x-opt-vera-dead-reason, -error, -at, -attempts
                                   ///< and x-opt-deaths
    std::string_view dead_error;
    Timestamp dead_at;
    std::string_view dead_queue;  ///< for x-opt-deaths
};

/// The ttl to forward: what is left at `now` of a message that expires then, at least 1; 0: never.
[[nodiscard]] std::uint32_t ttl_left(Timestamp expiry, Timestamp now);

/// Appends to `out` what goes before sections.bare. The header's priority is kept.
void write_head(const Sections& sections, const Stamp& stamp, std::string& out);

/// What write_head and the sending need of a scanned message, in one number that stays with the
/// message (Block::note); 0 if it does not fit in one: the message is scanned again. Its upper half
/// is free.
[[nodiscard]] std::uint64_t note_of(const Sections& sections, std::string_view message);
/// The note of an event that was found, in that generation, to be of interest to no address
/// protection; 0 stays 0.
[[nodiscard]] std::uint64_t note_without_addresses(std::uint64_t note, Generation generation);
[[nodiscard]] bool is_without_addresses(std::uint64_t note, Generation generation);
/// The way back, as far as write_head and the sending need it. `note` is not 0.
[[nodiscard]] Sections sections_of(std::uint64_t note, std::string_view message);

}  // namespace vera::amqp
