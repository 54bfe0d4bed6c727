#pragma once
// An object's message as LoRa's JSON: the inverse of object_reader.
#include "adapters/oio/json_tree.hpp"
#include "adapters/oio/model.hpp"

namespace vera::oio {

/// `id`, if not nullptr, stands outside: it is not said again. Errc::bad_input, with the field's
/// path: LoRa's JSON cannot say what the message does (a field that its schema does not know, a
/// time beyond year 9999), or what was kept aside has no place.
[[nodiscard]] Result<JsonValue> write_object(const ObjectClass& type,
                                             const google::protobuf::Message& message,
                                             const JsonValue* id);

}  // namespace vera::oio
