#pragma once
// Paths of an expression, looked up in the schema.
#include "bus/expr/property_reader.hpp"
#include "bus/expr/schema.hpp"
#include "bus/expr/syntax.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace vera::expr {

/// One per node of kind path, in the order of the nodes. A path that no type has is an error with
/// the nearest name of a field.
[[nodiscard]] std::vector<FieldPath> resolve_paths(const Syntax& syntax,
                                                   const Schema* schema,
                                                   std::vector<Diagnostic>& diagnostics);

/// The last field of a path; none without a schema, if no type has it, or if it is of another kind
/// in one than in another.
[[nodiscard]] std::optional<FieldShape> shape_of(const FieldPath& path, const Schema* schema);
/// What paths may begin with beside data and Beskedkuvert.
[[nodiscard]] std::vector<std::string> item_names(const Schema* schema);
[[nodiscard]] FieldPath split_path(std::string_view text);

}  // namespace vera::expr
