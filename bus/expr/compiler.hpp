#pragma once
// Text into a program, and what is wrong with it. With a schema, fields and types are checked too.
#include "bus/expr/limits.hpp"
#include "bus/expr/program.hpp"
#include "bus/expr/schema.hpp"
#include "bus/expr/syntax.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace vera::expr {

struct Compiled {
    std::optional<Program> program;       ///< none if there is an error among the diagnostics
    std::vector<Diagnostic> diagnostics;  ///< errors and warnings in the order of the text

    /// The first error; nullptr: it compiled.
    [[nodiscard]] const Diagnostic* error() const;
};

struct CompileOptions {
    const Schema* schema = nullptr;
    Limits limits;
    /// False: a call that fits no function is left to evaluation, which gives false and
    /// missingFunction (CESQL 1.0.0 §3.5).
    bool unknown_function_is_error = true;
};

[[nodiscard]] Compiled compile(std::string_view expression, const CompileOptions& options);

}  // namespace vera::expr
