#pragma once
// The kinds of error, by the names that the CESQL conformance suite gives them (CESQL 1.0.0 §3.3).
#include <cstdint>
#include <string_view>

namespace vera::expr {

enum class ErrorKind : std::uint8_t {
    parse,
    math,
    cast,
    missing_attribute,
    missing_function,
    function_evaluation,
    generic
};

[[nodiscard]] constexpr std::string_view name_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::parse:
            return "parse";
        case ErrorKind::math:
            return "math";
        case ErrorKind::cast:
            return "cast";
        case ErrorKind::missing_attribute:
            return "missingAttribute";
        case ErrorKind::missing_function:
            return "missingFunction";
        case ErrorKind::function_evaluation:
            return "functionEvaluation";
        case ErrorKind::generic:
            return "generic";
    }
    return "generic";
}

}  // namespace vera::expr
