#pragma once
// Values of the language. CESQL has three types; fields of a kuvert or payload keep their own
// (design §7).
#include <cstdint>
#include <string_view>

namespace vera::expr {

enum class Type : std::uint8_t {
    boolean,
    integer,  ///< 32 bits, signed
    string,
    // Of fields (paths) and of functions beyond CESQL; `null` is a field that is not there.
    null,
    text,
    int64,
    timestamp,
    enumeration,
    many  ///< all values of a repeated field
};

/// True for the types of CESQL itself, to which its strict rules of casting apply.
[[nodiscard]] constexpr bool is_strict(Type type) {
    return type <= Type::string;
}

[[nodiscard]] constexpr std::string_view name_of(Type type) {
    switch (type) {
        case Type::boolean:
            return "boolean";
        case Type::integer:
            return "integer";
        case Type::string:
            return "string";
        case Type::null:
            return "null";
        case Type::text:
            return "text";
        case Type::int64:
            return "int64";
        case Type::timestamp:
            return "timestamp";
        case Type::enumeration:
            return "enum";
        case Type::many:
            return "repeated";
    }
    return "null";
}

/// Whoever made the value keeps the bytes of `text`: the event, the program or the evaluator.
struct Value {
    Type type = Type::boolean;
    bool is_errored = false;  ///< an error came up while it was computed
    std::uint32_t count = 0;  ///< many: how many values
    std::int64_t number = 0;  ///< boolean: 0 or 1; timestamp: milliseconds since 1970; enumeration:
                              ///< its number; many: where the evaluator keeps them
    std::string_view text;    ///< string, text; enumeration: its name, empty if unknown

    static constexpr Value of_boolean(bool value) {
        return {Type::boolean, false, 0, value ? 1 : 0, {}};
    }
    static constexpr Value of_integer(std::int32_t value) {
        return {Type::integer, false, 0, value, {}};
    }
    static constexpr Value of_string(std::string_view value) {
        return {Type::string, false, 0, 0, value};
    }
    static constexpr Value null() { return {Type::null, false, 0, 0, {}}; }
    static constexpr Value of_text(std::string_view value) {
        return {Type::text, false, 0, 0, value};
    }
    static constexpr Value of_int64(std::int64_t value) {
        return {Type::int64, false, 0, value, {}};
    }
    static constexpr Value of_timestamp(std::int64_t ms) {
        return {Type::timestamp, false, 0, ms, {}};
    }
    static constexpr Value of_enumeration(std::int64_t number, std::string_view name) {
        return {Type::enumeration, false, 0, number, name};
    }

    [[nodiscard]] constexpr bool is_true() const { return type == Type::boolean && number != 0; }
    /// string, text and enumeration.
    [[nodiscard]] constexpr bool has_text() const {
        return type == Type::string || type == Type::text || type == Type::enumeration;
    }
};

}  // namespace vera::expr
