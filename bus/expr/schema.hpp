#pragma once
// What the compiler knows of events: names and types. The room that knows descriptors implements
// it; without one, names are taken as they come and types are seen when evaluating.
#include "bus/expr/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

class MessageShape;

/// Names of an enum.
class EnumShape {
public:
    virtual ~EnumShape() = default;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

enum class FieldKind : std::uint8_t {
    boolean,
    integer,  ///< any of Protobuf's integers: int64 in expressions
    text,
    timestamp,
    enumeration,
    message,
    other  ///< bytes and floating point: can be asked for presence only
};

struct FieldShape {
    std::uint32_t number = 0;
    FieldKind kind = FieldKind::other;
    bool is_repeated = false;
    const MessageShape* message =
        nullptr;  ///< of kind message, and of a timestamp that is a message
    const EnumShape* enumeration = nullptr;  ///< of kind enumeration
};

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
};

}  // namespace vera::expr
