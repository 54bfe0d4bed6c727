#pragma once
// What is known of a field of a message: its type, and how it stands in the bytes.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

/// Names of an enum. Lives as long as the schema.
class EnumShape {
public:
    virtual ~EnumShape() = default;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
    /// Empty if unknown.
    [[nodiscard]] virtual std::string_view name_of(std::int64_t number) const = 0;
};

enum class FieldKind : std::uint8_t {
    boolean,
    integer,  ///< any of Protobuf's integers: int64 in expressions
    text,
    timestamp,  ///< google.protobuf.Timestamp
    enumeration,
    message,
    other  ///< bytes and floating point: can be asked for presence only
};

/// How an integer is encoded.
enum class Encoding : std::uint8_t { varint, zigzag, fixed };

struct FieldShape {
    std::uint32_t number = 0;
    FieldKind kind = FieldKind::other;
    Encoding encoding = Encoding::varint;
    bool is_repeated = false;
    /// A boolean or an integer that is not in the bytes has its default value; anything else is not
    /// there.
    bool has_default = false;
    bool is_personal = false;  ///< marked as personal data: whoever shows values hides it
    const class MessageShape* message = nullptr;  ///< of kind message
    const EnumShape* enumeration = nullptr;       ///< of kind enumeration
};

}  // namespace vera::expr
