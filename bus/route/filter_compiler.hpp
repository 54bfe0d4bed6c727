#pragma once
// Expressions of filters, compiled against the types of one catalogue (design §7).
#include "bus/event/catalogue.hpp"
#include "bus/expr/compiler.hpp"
#include "bus/route/filter.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace vera::route {

/// Thread: one at a time. What it compiled keeps what it needs of it.
class FilterCompiler {
public:
    explicit FilterCompiler(std::shared_ptr<const event::Catalogue> catalogue);
    ~FilterCompiler();
    FilterCompiler(const FilterCompiler&) = delete;
    FilterCompiler& operator=(const FilterCompiler&) = delete;

    /// Fills `filter.expression`, unless there is an error among what is returned. Fields of `data`
    /// are those of the types that the filter's other clauses and the expression itself let pass: a
    /// field that none of them has is an error.
    [[nodiscard]] std::vector<expr::Diagnostic> compile(std::string_view text,
                                                        Filter& filter) const;

private:
    struct Types;
    std::shared_ptr<const Types> types_;
};

/// "offset 12: vera.sag.v1.SagOprettet has no field x; did you mean `data.y`?"
[[nodiscard]] std::string to_text(const expr::Diagnostic& diagnostic);

}  // namespace vera::route
