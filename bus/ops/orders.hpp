#pragma once
// What operators order by `$management`, and what they ask about the schedule and the clock: a
// request to what it asks of core or clock, and the answer back to a reply. Values in, values out.
#include "bus/amqp/front_door.hpp"
#include "bus/flow/messages.hpp"
#include "bus/flow/snapshot.hpp"
#include "bus/ops/clock_keeper.hpp"

#include <nlohmann/json.hpp>
#include <variant>

namespace vera::ops {

/// READ of the clock, or ADOPT.
struct ClockOrder {
    bool adopts = false;
    std::string actor, reason;
};

/// monostate: it is no order, management.hpp answers it. A reply: it is one, and wrong.
using Order =
    std::variant<std::monostate, decltype(flow::Ask::what), ClockOrder, amqp::ManagementReply>;

/// Operations: QUERY of `schedule` (property `queue` by name, offset, count), READ of `schedule` by
/// identity; DELETE of `schedule` by identity or property `event`; PAUSE and RESUME of `queue` by
/// name or identity; READ and ADOPT of `clock`. DELETE, PAUSE, RESUME and ADOPT need `reason`.
[[nodiscard]] Order read_order(const amqp::ManagementRequest& request,
                               const flow::Snapshot& snapshot);

[[nodiscard]] amqp::ManagementReply reply_of(const amqp::ManagementRequest& request,
                                             const flow::Answer& answer);
[[nodiscard]] amqp::ManagementReply reply_of(const ClockFacts& clock);

[[nodiscard]] nlohmann::json to_json(const flow::ScheduledCopy& copy);
[[nodiscard]] nlohmann::json to_json(const ClockFacts& clock);

}  // namespace vera::ops
