#pragma once
// An event as it came in at a door: the received bytes with the places the scanner found in them,
// who sent it, and when. The door (bus/amqp) fills it, event/ and flow/ read it.
#include "bus/base/block.hpp"
#include "bus/base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// Who sent it: the result of authentication. One per connection, shared by all its events.
struct Identity {
    std::string
        system;  ///< name of the system in the configuration; "anonymous" for SASL ANONYMOUS
    std::string authority;  ///< CVR number of the system's authority, 8 digits; empty if unknown
    std::string mechanism;  ///< "ANONYMOUS", "PLAIN"
};

/// What the message body is, as found by the section scanner (AMQP 1.0 §3.2.6–3.2.8).
enum class BodyKind : std::uint8_t { none, data, value_binary, value_string, other };

/// Views point into `message`, which keeps them alive.
struct RawEvent {
    Block message;  ///< the whole received message: every section, byte for byte
    std::shared_ptr<const Identity> identity;
    Timestamp arrival;  ///< VeRA time

    BodyKind body_kind = BodyKind::none;
    std::string_view body;  ///< contents of the data section, or of the amqp-value
    Block joined;           ///< of several data sections `body` is here, one behind the other
    std::string_view content_type;  ///< properties.content-type, empty if absent
    std::uint32_t ttl_ms = 0;       ///< header.ttl, 0 if absent
    Timestamp absolute_expiry;      ///< properties.absolute-expiry-time, none if absent
    Timestamp ready_at;             ///< not to be delivered before; none: at once
    /// application-properties that begin with `cloudEvents_` or `cloudEvents:`, prefix cut off;
    /// value of a string or symbol as it stands, of a timestamp as RFC 3339, of an integer as
    /// decimal digits.
    std::vector<std::pair<std::string_view, std::string>> cloud_events;
};

}  // namespace vera::event
