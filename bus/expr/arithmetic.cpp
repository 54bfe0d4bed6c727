#include "bus/expr/arithmetic.hpp"

#include "bus/expr/casting.hpp"

#include <limits>

namespace vera::expr {
namespace {

/// False: it does not fit.
bool calculate_64(Op op, std::int64_t left, std::int64_t right, std::int64_t& result) {
    switch (op) {
        case Op::add:
            return !__builtin_add_overflow(left, right, &result);
        case Op::subtract:
            return !__builtin_sub_overflow(left, right, &result);
        case Op::multiply:
            return !__builtin_mul_overflow(left, right, &result);
        case Op::divide:
            if (right == -1) return !__builtin_sub_overflow(std::int64_t{0}, left, &result);
            result = left / right;
            return true;
        default:
            result = right == -1 ? 0 : left % right;
            return true;
    }
}

}  // namespace

Calculated calculate(Op op, const Value& left, const Value& right) {
    const bool is_wide = left.type == Type::int64 || right.type == Type::int64;
    Calculated calculated;
    calculated.value = is_wide ? Value::of_int64(0) : Value::of_integer(0);
    const auto number = [&](const Value& value) {
        if (is_wide) return to_int64(value);
        const auto narrow = to_integer(value);
        return narrow ? std::optional<std::int64_t>(*narrow) : std::nullopt;
    };
    const auto x = number(left);
    const auto y = number(right);
    if (!x || !y) {
        calculated.error = Calculated::Error::cast;
    } else if (*y == 0 && (op == Op::divide || op == Op::remainder)) {
        calculated.error = Calculated::Error::zero;
    } else {
        std::int64_t result = 0;
        const bool fits = calculate_64(op, *x, *y, result) &&
                          (is_wide || (result >= std::numeric_limits<std::int32_t>::min() &&
                                       result <= std::numeric_limits<std::int32_t>::max()));
        if (fits) {
            calculated.value.number = result;
        } else {
            calculated.error = Calculated::Error::overflow;
        }
    }
    return calculated;
}

}  // namespace vera::expr
