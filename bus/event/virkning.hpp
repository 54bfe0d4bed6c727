#pragma once
// When what an event tells about takes effect (OIO: Virkning).
#include "bus/base/time.hpp"
#include "bus/event/message_rules.hpp"

#include <string_view>

namespace vera::event {

/// The latest FraTidspunkt of all Virkning in a payload that keeps its rules: from then on all of
/// the registration holds. None: it has none, or only such without a beginning.
[[nodiscard]] Timestamp latest_virkning(const MessageRules& rules, std::string_view payload);

}  // namespace vera::event
