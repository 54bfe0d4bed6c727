#pragma once
// protobuf-JSON into a message. Strict where it matters to what is kept: unknown fields, a field
// twice, two members of a oneof, wrong types and values out of range are errors; every error names
// line and field and never a value.
#include "bus/base/refusal.hpp"
#include "bus/event/message_types.hpp"

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::event {

/// What happens to members of a payload (the inside of a google.protobuf.Any) that its schema does
/// not know. Outside it is an error.
enum class UnknownPayloadMembers : std::uint8_t { refused, ignored };

/// Fills `message`, which is empty. A google.protobuf.Any of an unknown type is taken if it has but
/// "@type" and "value" (base64). Refusals: decode_error (no JSON), schema_unknown (type of an Any),
/// schema_invalid.
[[nodiscard]] std::optional<Refusal> read_json(std::string_view json,
                                               UnknownPayloadMembers unknown,
                                               const MessageTypes& types,
                                               google::protobuf::Message& message);

}  // namespace vera::event
