#pragma once
// Received messages as people and scripts see them: the kuvert decoded, personal data masked.
#include "adapters/kit/message.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vera::cli {

/// The kuvert of the message as JSON; any other JSON body as it stands; else {"bytes": n, "text":
/// …} or {"bytes": n, "hex": first 64}.
[[nodiscard]] nlohmann::json decoded_body(const kit::Received& message,
                                          const event::Catalogue& catalogue);

/// What a listing says of a message beside its body; empty members are left out.
[[nodiscard]] nlohmann::json facts_of(const kit::Received& message);

/// What the kuvert's UUIDs are called, by UUID: of its type, sender, first object's type and
/// action, and sensitivity, as far as they are known.
[[nodiscard]] nlohmann::json names_of(const nlohmann::json& body, const event::UuidNames& names);

/// "seq 12  2026-11-23 15:30:05.123+01:00  vera.sag.v1.SagOprettet  29189382  <object>", the names
/// of its UUIDs beside them as far as they are known, the reason of a dead letter or an unrouted
/// event; then the body over many lines. `body` is already masked or not as the caller wants it.
[[nodiscard]] std::string pretty(const kit::Received& message,
                                 const nlohmann::json& body,
                                 const event::UuidNames& names,
                                 bool is_masked);

}  // namespace vera::cli
