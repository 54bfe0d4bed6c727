#pragma once
// What `$management` answers (AMQP Management, working draft 11): the types `queue` and `bus`, read
// only. Values in, values out.
#include "bus/amqp/front_door.hpp"
#include "bus/flow/messages.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::ops {

/// One listener as it is now.
struct ListenerFacts {
    std::string address;
    std::uint16_t port = 0;
    bool has_tls = false;
    bool asks_for_certificate = false, requires_certificate = false;
    bool allows_plain = false, allows_anonymous = false;
    std::vector<amqp::TlsCertificate> certificates;
};
/// Whole milliseconds since 1970.
[[nodiscard]] Timestamp timestamp_of(std::chrono::system_clock::time_point time);

/// What there is to tell about the bus besides the core's counts.
struct BusFacts {
    std::string node;
    std::string version;
    bool is_pilot = false;
    std::string digest;  ///< of the configuration
    std::string store_path;
    Timestamp started;
    amqp::DoorCounters door;
    std::vector<ListenerFacts> listeners;  ///< in the order of the configuration
};

/// Operations: QUERY and READ of `queue` and `bus`, GET-TYPES, GET-ATTRIBUTES, GET-OPERATIONS,
/// GET-MGMT-NODES. 400: a property is missing or malformed; 404: no such type or object; 501: no
/// such operation.
[[nodiscard]] amqp::ManagementReply manage(const amqp::ManagementRequest& request,
                                           const flow::Counts& counts,
                                           const BusFacts& facts);

}  // namespace vera::ops
