#pragma once
// What the compiler knows of events: names and types. The room that knows descriptors implements
// it; without one, names are taken as they come and types are seen when evaluating.
#include "bus/expr/field.hpp"
#include "bus/expr/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::expr {

/// The fields of a message by the names that expressions use. Lives as long as the schema.
class MessageShape {
public:
    virtual ~MessageShape() = default;
    [[nodiscard]] virtual std::string_view full_name() const = 0;
    [[nodiscard]] virtual std::optional<FieldShape> field(std::string_view name) const = 0;
    [[nodiscard]] virtual std::vector<std::string> field_names() const = 0;
};

class Schema {
public:
    virtual ~Schema() = default;
    /// Attributes with their types; nullptr: any name may come.
    [[nodiscard]] virtual const std::vector<std::pair<std::string, Type>>* attributes() const = 0;
    /// The root of `Beskedkuvert.…`; nullptr: unknown.
    [[nodiscard]] virtual const MessageShape* kuvert() const = 0;
    /// What `data` may be; empty: unknown.
    [[nodiscard]] virtual std::vector<const MessageShape*> payloads() const = 0;
    /// Names that `LIST('…')` may have; nullptr: any.
    [[nodiscard]] virtual const std::vector<std::string>* lists() const = 0;
    /// Further names that paths may begin with, the innermost last: filters have none.
    [[nodiscard]] virtual std::vector<std::pair<std::string, const MessageShape*>> items() const {
        return {};
    }
};

}  // namespace vera::expr
