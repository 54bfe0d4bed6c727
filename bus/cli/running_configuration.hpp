#pragma once
// The configuration node of a running bus, as verbs ask it.
#include "bus/base/result.hpp"
#include "bus/cli/connecting.hpp"
#include "bus/ops/effective.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vera::cli {

/// READ or RELOAD; the answer's body, an object.
[[nodiscard]] Result<nlohmann::json> ask_running(const ConnectFlags& flags,
                                                 const std::string& operation);
/// What READ told, as effective() gives it.
[[nodiscard]] std::vector<ops::EffectiveOption> options_of(const nlohmann::json& reply);

}  // namespace vera::cli
