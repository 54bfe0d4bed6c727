#pragma once
// What a client of VeRA sends and receives: plain values, nothing of the AMQP library behind them.
#include "bus/base/time.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace vera::kit {

/// A message to send. Sent durable unless told otherwise.
struct Message {
    std::string body;          ///< bytes of the one data section
    std::string content_type;  ///< "application/protobuf", "application/json"; empty: left out
    std::string id;            ///< properties.message-id; empty: left out
    std::string subject;
    std::string reply_to;
    std::string correlation_id;
    /// application-properties: an object whose values are strings, booleans, integers or floating
    /// point numbers.
    nlohmann::json properties = nlohmann::json::object();
    /// If not null the body is this as an amqp-value (object = map, array = list) and `body` is not
    /// sent.
    nlohmann::json value;
    bool is_durable = true;
    Millis ttl{0};  ///< 0: none
};

/// What became of a sent message.
enum class Verdict : std::uint8_t {
    accepted,
    rejected,  ///< the receiver will never take it: see condition and text
    released,  ///< not taken now, and the kit has tried as often as it may
    modified,  ///< as released, but the receiver says that delivery failed
};

struct Confirmation {
    std::uint64_t ticket = 0;  ///< as given by Publisher::send
    Verdict verdict = Verdict::accepted;
    std::string condition;       ///< rejected: e.g. "vera:schema-invalid"
    std::string text;            ///< rejected: names the field
    std::uint32_t attempts = 1;  ///< how often it was sent, over all connections
};

[[nodiscard]] std::string_view name_of(Verdict verdict);

/// What a consumer makes of a received message.
enum class Outcome : std::uint8_t {
    accept,       ///< done
    release,      ///< back to the queue, not counted as an attempt
    retry,        ///< back with backoff, counted
    dead_letter,  ///< give up now
};

struct Settlement {
    Outcome outcome = Outcome::accept;
    std::string reason;  ///< dead_letter: a text for those who look at it later; no personal data
};

/// A received message. `properties` and `annotations` are objects; AMQP types that JSON lacks
/// become text (timestamps RFC 3339, binary hexadecimal, UUIDs in their usual form).
struct Received {
    std::uint64_t token = 0;  ///< for Subscriber::settle
    std::string body;      ///< bytes of the data section, or of an amqp-value of binary or string
    nlohmann::json value;  ///< an amqp-value of any other type, else null
    bool is_data = false;  ///< the body was a data section
    std::string content_type;
    std::string id;
    std::string subject;
    std::string reply_to;
    std::string correlation_id;
    nlohmann::json properties = nlohmann::json::object();
    nlohmann::json annotations = nlohmann::json::object();
    std::uint32_t delivery_count = 0;
    bool is_first_acquirer = true;
    bool is_durable = false;
    bool is_settled = false;  ///< came presettled (browsing): needs no settle
    Millis ttl{0};

    /// VeRA's annotations (design: x-opt-vera-…); empty or 0 if absent.
    [[nodiscard]] std::string subscription() const;
    [[nodiscard]] std::uint64_t sequence() const;
    [[nodiscard]] std::uint64_t leaf() const;
    [[nodiscard]] std::string sender() const;  ///< of a message to an inbox: the system
    [[nodiscard]] std::string unrouted() const;
    [[nodiscard]] std::string dead_reason() const;
    [[nodiscard]] std::string dead_error() const;
    [[nodiscard]] std::string dead_at() const;
};

}  // namespace vera::kit
