#pragma once
// What can be said of an expression before any event comes: wrong types, names that nothing has,
// what is always false, and what is likely to mean something else than it looks like.
#include "bus/expr/compiler.hpp"
#include "bus/expr/program.hpp"
#include "bus/expr/syntax.hpp"

#include <vector>

namespace vera::expr {

void check(const Syntax& syntax,
           const CompileOptions& options,
           std::vector<Diagnostic>& diagnostics);

/// Parts that read nothing of an event, and conditions that exclude each other: always false,
/// always true.
void check_constant(const Program& program,
                    const Syntax& syntax,
                    std::vector<Diagnostic>& diagnostics);

/// The error of a call that fits no function.
[[nodiscard]] Diagnostic no_such_function(const Node& node);

}  // namespace vera::expr
