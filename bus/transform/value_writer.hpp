#pragma once
// One value of an expression, or one text of a table, as bytes of a target's field. Private to this
// room.
#include "bus/expr/value.hpp"
#include "bus/transform/plan.hpp"

#include <string>
#include <string_view>

namespace vera::transform {

/// Appends tag and value. What is wrong with it, never the value itself; empty: nothing.
[[nodiscard]] std::string_view write_value(const FieldPlan& field,
                                           const expr::Value& value,
                                           std::string& out);

}  // namespace vera::transform
