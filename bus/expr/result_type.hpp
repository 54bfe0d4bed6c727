#pragma once
// What an expression gives, as far as that is known without any event.
#include "bus/expr/field.hpp"
#include "bus/expr/schema.hpp"
#include "bus/expr/syntax.hpp"
#include "bus/expr/value.hpp"

#include <optional>

namespace vera::expr {

struct ResultType {
    std::optional<Type> type;         ///< none: that depends on the event
    std::optional<FieldShape> field;  ///< of a path
    bool may_be_missing = false;      ///< null for some events
    bool may_be_many = false;         ///< the values of a repeated field
};

[[nodiscard]] ResultType result_type(const Syntax& syntax, const Schema* schema);

}  // namespace vera::expr
