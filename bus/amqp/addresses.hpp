#pragma once
// The addresses of the front door (design §5): what a target or a source names in a configuration
// generation, or why it names nothing. No Proton, no sockets.
#include "bus/base/ids.hpp"
#include "bus/flow/snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace vera::amqp {

enum class AddressUse : std::uint8_t { events, queue, management };

/// `queue` is set for AddressUse::queue; with dead_letter_bit for …/$deadletter.
struct Address {
    AddressUse use = AddressUse::events;
    QueueId queue;
    const flow::QueueSpec* spec = nullptr;  ///< lives as long as the snapshot
};

struct AddressRefusal {
    std::string_view condition;  ///< "amqp:not-found", "amqp:not-allowed", …
    std::string text;
};

/// Where a client may send: `events`, `queue/<name>`, `$management`.
[[nodiscard]] std::variant<Address, AddressRefusal> resolve_target(const flow::Snapshot& snapshot,
                                                                   std::string_view address);
/// Where a client may receive from: `sub/<name>`, `queue/<name>`, both with `/$deadletter`,
/// `$unrouted`, `$management`.
[[nodiscard]] std::variant<Address, AddressRefusal> resolve_source(const flow::Snapshot& snapshot,
                                                                   std::string_view address);

/// A peer's text for our error texts: at most 128 bytes, valid UTF-8 kept, control characters
/// replaced by '?'.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace vera::amqp
