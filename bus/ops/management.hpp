#pragma once
// What `$management` answers about the types `queue` and `bus` (AMQP Management, working draft 11).
// Values in, values out. What it orders, and the schedule, is orders.hpp.
#include "bus/amqp/front_door.hpp"
#include "bus/flow/messages.hpp"
#include "bus/ops/clock_keeper.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
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
    ClockFacts clock;
};

/// A reply that says no, with a status of HTTP's kind.
[[nodiscard]] amqp::ManagementReply refuse(int status, std::string text);
/// A property of the request, empty if absent.
[[nodiscard]] std::string property(const amqp::ManagementRequest& request, const std::string& key);
/// An optional property that is a count; nothing: malformed.
[[nodiscard]] std::optional<std::uint64_t> count_property(const amqp::ManagementRequest& request,
                                                          const std::string& key,
                                                          std::uint64_t absent);
/// RFC 3339, or null.
[[nodiscard]] nlohmann::json time_or_null(Timestamp time);
/// WD11 §4.2.2: the answer to QUERY, a table of the attributes asked for; `all` is given for an
/// empty list of names.
[[nodiscard]] amqp::ManagementReply table_of(const amqp::ManagementRequest& request,
                                             const std::vector<nlohmann::json>& objects,
                                             nlohmann::json all);

/// Operations: QUERY and READ of `queue` and `bus`, GET-TYPES, GET-ATTRIBUTES, GET-OPERATIONS,
/// GET-MGMT-NODES. 400: a property is missing or malformed; 404: no such type or object; 501: no
/// such operation.
[[nodiscard]] amqp::ManagementReply manage(const amqp::ManagementRequest& request,
                                           const flow::Counts& counts,
                                           const BusFacts& facts);

}  // namespace vera::ops
