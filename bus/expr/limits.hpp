#pragma once
// What an expression may cost. Expressions come from strangers: each bound is checked when
// compiling, or counted when evaluating.
#include <cstddef>
#include <cstdint>

namespace vera::expr {

struct Limits {
    std::size_t length_bytes = 4096;  ///< of the whole expression
    std::size_t depth = 32;  ///< parentheses, function calls and unary operators inside each other
    std::size_t nodes = 1024;            ///< operators, operands and list elements together
    std::size_t pattern_bytes = 256;     ///< of one LIKE pattern
    std::size_t pattern_wildcards = 16;  ///< `%` in one LIKE pattern; runs of them count once
    std::uint32_t steps =
        100'000;  ///< of one evaluation: instructions, list elements, and characters looked at
    std::size_t text_bytes = std::size_t{1}
                             << 20U;  ///< made by the functions of one evaluation, all together
};

}  // namespace vera::expr
