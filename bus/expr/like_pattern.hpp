#pragma once
// The pattern of LIKE (CESQL 1.0.0 §3.4.3): `%` any characters, `_` one character, `\%` and `\_`
// themselves. Bounded: at most length of text times length of pattern, and no more than the steps
// that are left.
#include "bus/expr/limits.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace vera::expr {

class LikePattern {
public:
    enum class Shape : std::uint8_t { exact, prefix, suffix, contains, general };

    /// The pattern, or why it is refused.
    [[nodiscard]] static std::variant<LikePattern, std::string> make(std::string_view pattern,
                                                                     const Limits& limits);

    /// Takes what it cost from `steps`; false when they run out, and then `steps` is 0.
    [[nodiscard]] bool matches(std::string_view text, std::uint32_t& steps) const;

    [[nodiscard]] Shape shape() const { return shape_; }
    /// What is literal in all shapes but general; of general what is before the first wildcard.
    [[nodiscard]] std::string_view literal() const { return literal_; }

private:
    [[nodiscard]] bool matches_general(std::string_view text, std::uint32_t& steps) const;

    std::string code_;  ///< pattern with the wildcards as bytes that UTF-8 never has
    std::string literal_;
    Shape shape_ = Shape::exact;
};

}  // namespace vera::expr
