#pragma once
// The kuvert's second form, protobuf-JSON: which form bytes have, and the way from JSON to Protobuf
// at the door. For people and tools there are to_json and from_json of the catalogue.
#include "bus/base/refusal.hpp"
#include "bus/base/result.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/json_reader.hpp"
#include "bus/event/protected_addresses.hpp"

#include <cstdint>
#include <optional>
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
                                                                UnknownPayloadMembers unknown,
                                                                const Catalogue& catalogue);
/// See Catalogue::without_protected_addresses. JSON is laid out anew, without space.
[[nodiscard]] Result<std::optional<std::string>> kuvert_without(const ProtectedAddresses& addresses,
                                                                std::string_view body,
                                                                std::string_view content_type,
                                                                Timestamp now,
                                                                const Catalogue& catalogue);
/// See Catalogue::to_json.
[[nodiscard]] Result<std::string> kuvert_to_json(std::string_view body,
                                                 std::string_view content_type,
                                                 bool pretty,
                                                 const Catalogue& catalogue);

}  // namespace vera::event
