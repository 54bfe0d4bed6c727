#pragma once
// The table of `vera queue ls`, made of the management node's answer. Pure.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vera::cli {

/// {"attributeNames":[…],"results":[[…]]} as a list of objects. Errc::bad_input if the answer has
/// another shape.
[[nodiscard]] Result<nlohmann::json> to_objects(const nlohmann::json& answer);
/// One row per queue, sorted by name, and a row of totals. `now` is for the ages.
[[nodiscard]] std::string queue_table(const nlohmann::json& queues, Timestamp now);

}  // namespace vera::cli
