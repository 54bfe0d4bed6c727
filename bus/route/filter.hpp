#pragma once
// What a subscription wants: lists of types, authorities and objects, and an expression. All must
// hold.
#include "bus/expr/program.hpp"
#include "bus/expr/requirements.hpp"
#include "bus/expr/schema.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::route {

/// Immutable; any thread. Made by FilterCompiler.
struct Expression {
    expr::Program program;
    std::shared_ptr<const expr::Schema> schema;  ///< the program looks at its names
};

/// One subscription's filter. All given clauses must hold.
struct Filter {
    std::vector<std::string>
        types;  ///< full names, or "vera.sag.v1.*" for a package; empty: every type
    std::vector<std::string> authorities;  ///< CVR numbers; empty: every authority
    std::vector<std::string> objects;  ///< canonical object ids, matched against any object of the
                                       ///< event; empty: every object
    std::optional<Expression> expression{};  ///< none: every event
};

[[nodiscard]] bool holds_type(const Filter& filter, std::string_view type);
[[nodiscard]] bool holds_authority(const Filter& filter, std::string_view authority);

/// False: no event of that type passes, by what is asked of the type itself.
[[nodiscard]] bool lets_pass_type(const Filter& filter, std::string_view type);
/// False: no event of that type passes, whatever else it has; it may lack the fields.
[[nodiscard]] bool may_match_type(const Filter& filter, std::string_view type);

/// The attributes that an index can look up.
[[nodiscard]] const expr::Indexable& indexable();

}  // namespace vera::route
