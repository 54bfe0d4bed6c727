#pragma once
// What `$management` answers (AMQP Management, working draft 11): the types `queue` and `bus`, read
// only. Values in, values out.
#include "bus/amqp/front_door.hpp"
#include "bus/flow/messages.hpp"

#include <cstdint>
#include <string>

namespace vera::ops {

/// What there is to tell about the bus besides the core's counts.
struct BusFacts {
    std::string node;
    std::string version;
    bool is_pilot = false;
    std::string digest;  ///< of the configuration
    std::string store_path;
    Timestamp started;
    amqp::DoorCounters door;
};

/// Operations: QUERY and READ of `queue` and `bus`, GET-TYPES, GET-ATTRIBUTES, GET-OPERATIONS,
/// GET-MGMT-NODES. 400: a property is missing or malformed; 404: no such type or object; 501: no
/// such operation.
[[nodiscard]] amqp::ManagementReply manage(const amqp::ManagementRequest& request,
                                           const flow::Counts& counts,
                                           const BusFacts& facts);

}  // namespace vera::ops
