#pragma once
// What admit() decided about one event: everything the core needs that does not depend on state.
#include "bus/audit/record.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/refusal.hpp"
#include "bus/base/time.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/flow/snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::flow {

struct Plan {
    Generation generation;
    std::vector<QueueId> queues;  ///< ascending; one copy each
    std::uint64_t order_key = 0;  ///< keyed hash of the first object's canonical id; 0 = unordered
    std::uint64_t id_hash =
        0;  ///< keyed hash of system and BeskedId; 0 = no dedup (all but events)
    std::uint64_t bytes_hash =
        0;  ///< keyed hash of the message as received; 0 = no dedup: nobody compares it
    bool may_hold_protected_address = false;  ///< see event::Attributes
    bool is_sensitive = false;                ///< foelsomhed (sensitivity) 3 or 4
    Timestamp expiry;    ///< least of arrival + header.ttl and absolute-expiry-time; none = never
    Timestamp ready_at;  ///< the publisher's wish: not ready before; none = at once
    Timestamp virkning;  ///< when the registration takes effect; none if no queue of the plan asks
                         ///< for it, or if it does not say
    std::string unrouted_reason;  ///< set when `queues` is just `$unrouted`: per subscription the
                                  ///< clause that said no
    std::string audit_record;     ///< encoded vera.audit.v1.Accepted; empty for plain queues
    audit::Salt salt{};           ///< filled by the caller of admit from a drawn pool
};

/// Least of arrival + header.ttl and absolute-expiry-time; none: never.
[[nodiscard]] Timestamp expiry_of(const event::RawEvent& raw);

/// An event for `events`. Pure; any thread. Cost: one parse of kuvert and payload.
[[nodiscard]] std::variant<Plan, Refusal> admit(const Snapshot& snapshot,
                                                const event::RawEvent& raw);
/// A message for one plain queue: no schema, dedup or type.
[[nodiscard]] Plan admit_plain(const Snapshot& snapshot, QueueId queue, const event::RawEvent& raw);
/// What admit_message needs of the message's properties; either may be empty.
struct MessageProperties {
    std::string message_id;  ///< as text
    std::string_view reply_to;
};
/// A message to one system, audited. Opaque like those of plain queues, unless the inbox says what
/// it accepts: then it is a kuvert that is checked like an event, of one of these types, and if it
/// asks for a response it says where to.
[[nodiscard]] std::variant<Plan, Refusal> admit_message(const Snapshot& snapshot,
                                                        const QueueSpec& inbox,
                                                        const event::RawEvent& raw,
                                                        const MessageProperties& properties);

}  // namespace vera::flow
