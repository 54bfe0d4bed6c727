#pragma once
// Why VeRA refuses a publisher's delivery: the closed list of conditions (design §5) and a text
// that names the field.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vera {

/// `rejected` is the sender's fault; `unavailable` is ours and becomes the outcome `released`: try
/// again.
enum class Condition : std::uint8_t {
    decode_error,        // amqp:decode-error
    not_found,           // amqp:not-found
    not_implemented,     // amqp:not-implemented
    not_allowed,         // amqp:not-allowed
    precondition,        // amqp:precondition-failed
    unauthorized,        // amqp:unauthorized-access: the address is others' to use
    invalid_field,       // amqp:invalid-field
    resource_limit,      // amqp:resource-limit-exceeded
    schema_unknown,      // vera:schema-unknown
    schema_invalid,      // vera:schema-invalid
    attribute_mismatch,  // vera:attribute-mismatch
    not_authorized,      // vera:not-authorized
    too_large,           // vera:too-large
    id_reused,           // vera:id-reused
    unavailable,         // not a condition on the wire: outcome `released`
};

/// The condition's symbol on the wire, e.g. "vera:schema-invalid".
[[nodiscard]] std::string_view symbol(Condition condition);

/// Text: starts small, names the field (path in the kuvert, section, property), never holds payload
/// or CPR numbers.
struct Refusal {
    Condition condition = Condition::unavailable;
    std::string text;
};

}  // namespace vera
