#pragma once
// The addresses of the front door (design §5): what a target, a source or a message's `to` names in
// a configuration generation, or why it names nothing. No Proton, no sockets.
#include "bus/amqp/reply_address.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/refusal.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/flow/snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace vera::amqp {

enum class AddressUse : std::uint8_t {
    events,
    queue,  ///< any queue to receive from; queue/<name> to send to
    inbox,  ///< inbox/<system> to send to
    node,   ///< a dynamic node to send to
    management,
    per_message,  ///< the anonymous terminus: each message says in `to` where it goes
};

/// `queue` is set for AddressUse::queue and inbox; with dead_letter_bit for …/$deadletter.
struct Address {
    AddressUse use = AddressUse::events;
    QueueId queue;
    const flow::QueueSpec* spec = nullptr;  ///< lives as long as the snapshot
    ReplyAddress node;                      ///< for AddressUse::node
};

/// Where a client may send: `events`, `queue/<name>`, `inbox/<system>`, `$management`, and a
/// dynamic node, of which it is not known here whether it is there.
[[nodiscard]] std::variant<Address, Refusal> resolve_target(const flow::Snapshot& snapshot,
                                                            std::string_view address);
/// Where a message on the anonymous terminus goes (AMQP anonterm 1.0): as resolve_target, but not
/// to `$management`. An empty `to` is a missing one.
[[nodiscard]] std::variant<Address, Refusal> resolve_to(const flow::Snapshot& snapshot,
                                                        std::string_view to);
/// Where `who` may receive from: `sub/<name>`, `queue/<name>`, its own `inbox/<system>`, all with
/// `/$deadletter`, `$unrouted`, `$management`.
[[nodiscard]] std::variant<Address, Refusal> resolve_source(const flow::Snapshot& snapshot,
                                                            std::string_view address,
                                                            const event::Identity& who);

/// A peer's text for our error texts: at most 128 bytes, valid UTF-8 kept, control characters
/// replaced by '?'.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace vera::amqp
