#pragma once
// Text into a syntax tree: the grammar of CESQL 1.0.0 §2 with the precedence of §3.6, and the
// extensions of README.md. Words of extensions are not reserved: an attribute may be called
// `between`.
#include "bus/expr/limits.hpp"
#include "bus/expr/syntax.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace vera::expr {

/// The tree, or the first error: of kind parse, at the place where the expression stops making
/// sense. `items`: words that paths may begin with besides data and Beskedkuvert.
[[nodiscard]] std::variant<Syntax, Diagnostic> parse(std::string_view expression,
                                                     const Limits& limits,
                                                     std::span<const std::string> items = {});

}  // namespace vera::expr
