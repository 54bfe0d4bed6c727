#pragma once
// The kuvert's second form, protobuf-JSON: which form bytes have, and the way from JSON to Protobuf
// at the door. The public functions for people and tools, kuvert_to_json and kuvert_from_json, are
// declared in catalogue.hpp.
#include "bus/base/refusal.hpp"
#include "bus/event/json_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace vera::event {

enum class KuvertForm : std::uint8_t { protobuf, json };

/// By content-type where that is one of the two; otherwise (missing, octet-stream, text …) by the
/// first bytes.
[[nodiscard]] KuvertForm form_of(std::string_view body, std::string_view content_type);

/// The kuvert in Protobuf. Refusals as of read_json: decode_error, schema_unknown, schema_invalid
/// with line and field.
[[nodiscard]] std::variant<std::string, Refusal> kuvert_of_json(std::string_view json,
                                                                UnknownPayloadMembers unknown);

}  // namespace vera::event
