#pragma once
// AMQP values to JSON and back, for the bodies of the management node. Not for traffic: it builds
// trees. Private to this room.
#include "bus/base/result.hpp"

#include <proton/codec.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace vera::amqp {

/// The value at the current node. Binary as text if it is UTF-8, else null; timestamps in
/// milliseconds; described values without their descriptor. Errc::too_large beyond 64 levels.
[[nodiscard]] Result<nlohmann::json> to_json(pn_data_t* data);
/// `bytes` is one encoded AMQP value (with or without descriptor). Errc::bad_input.
[[nodiscard]] Result<nlohmann::json> decode_value(std::string_view bytes);
/// Appends: objects as maps with string keys, arrays as lists, integers as long (ulong above its
/// range).
void put_json(pn_data_t* data, const nlohmann::json& value);

}  // namespace vera::amqp
