#pragma once
// + - * / % over integers: 32 bits, 64 if a field of 64 bits takes part.
#include "bus/expr/program.hpp"
#include "bus/expr/value.hpp"

#include <cstdint>

namespace vera::expr {

struct Calculated {
    enum class Error : std::uint8_t { none, cast, zero, overflow };
    Value value;
    Error error = Error::none;
};

/// Neither is null. Division rounds towards 0, a remainder has the sign of `left` (CESQL 1.0.0
/// §3.4.2).
[[nodiscard]] Calculated calculate(Op op, const Value& left, const Value& right);

}  // namespace vera::expr
