#include "bus/expr/casting.hpp"

#include "bus/base/time.hpp"

#include <charconv>
#include <limits>
#include <string>

namespace vera::expr {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '-') return std::nullopt;
    }
    Number number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_word(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != lower[i]) return false;
    return true;
}

std::optional<std::string_view> made(const std::string& text, Scratch& scratch) {
    std::string* const kept = scratch.text(text.size());
    if (kept == nullptr) return std::nullopt;
    *kept = text;
    return *kept;
}

/// Of two types the one in which they are compared, if one of them is a field's.
Type field_type(Type left, Type right) {
    for (const Type type : {Type::timestamp, Type::enumeration, Type::int64})
        if (left == type || right == type) return type;
    for (const Type type : {Type::boolean, Type::integer})
        if (left == type || right == type) return type == Type::integer ? Type::int64 : type;
    return Type::text;
}

template <class T>
std::optional<std::strong_ordering> ordered(const std::optional<T>& left,
                                            const std::optional<T>& right) {
    if (!left || !right) return std::nullopt;
    return *left <=> *right;
}

std::optional<std::strong_ordering> order_fields(const Value& left, const Value& right) {
    switch (field_type(left.type, right.type)) {
        case Type::timestamp:
            return ordered(to_timestamp(left), to_timestamp(right));
        case Type::enumeration: {
            // By name against a text, otherwise by number.
            if (left.has_text() && right.has_text() && left.type != right.type)
                return left.text <=> right.text;
            return ordered(to_int64(left), to_int64(right));
        }
        case Type::boolean:
            return ordered(to_boolean(left), to_boolean(right));
        case Type::text:
            return left.text <=> right.text;
        default:
            return ordered(to_int64(left), to_int64(right));
    }
}

}  // namespace

std::optional<bool> to_boolean(const Value& value) {
    switch (value.type) {
        case Type::boolean:
        case Type::integer:
        case Type::int64:
            return value.number != 0;
        case Type::string:
        case Type::text:
            if (is_word(value.text, "true")) return true;
            if (is_word(value.text, "false")) return false;
            return std::nullopt;
        case Type::null:
            return false;
        case Type::timestamp:
        case Type::enumeration:
        case Type::many:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::int64_t> to_int64(const Value& value) {
    switch (value.type) {
        case Type::boolean:
        case Type::integer:
        case Type::int64:
        case Type::enumeration:
            return value.number;
        case Type::string:
        case Type::text:
            return number_of<std::int64_t>(value.text);
        case Type::null:
        case Type::timestamp:
        case Type::many:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::int32_t> to_integer(const Value& value) {
    const auto wide = to_int64(value);
    if (!wide || *wide < std::numeric_limits<std::int32_t>::min() ||
        *wide > std::numeric_limits<std::int32_t>::max())
        return std::nullopt;
    return static_cast<std::int32_t>(*wide);
}

std::optional<std::string_view> to_string(const Value& value, Scratch& scratch) {
    switch (value.type) {
        case Type::boolean:
            return value.number != 0 ? "true" : "false";
        case Type::integer:
        case Type::int64:
            return made(std::to_string(value.number), scratch);
        case Type::string:
        case Type::text:
            return value.text;
        case Type::enumeration:
            if (!value.text.empty()) return value.text;
            return made(std::to_string(value.number), scratch);
        case Type::timestamp:
            return made(to_rfc3339(Timestamp{value.number}), scratch);
        case Type::null:
            return std::string_view{};
        case Type::many:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::int64_t> to_timestamp(const Value& value) {
    if (value.type == Type::timestamp) return value.number;
    if (value.type != Type::string && value.type != Type::text) return std::nullopt;
    const auto time = parse_rfc3339(value.text);
    if (!time) return std::nullopt;
    return time->ms;
}

std::optional<Value> cast(const Value& value, Type type, Scratch& scratch) {
    if (type == Type::boolean) {
        if (const auto made_boolean = to_boolean(value)) return Value::of_boolean(*made_boolean);
    } else if (type == Type::integer) {
        if (const auto made_integer = to_integer(value)) return Value::of_integer(*made_integer);
    } else if (const auto made_string = to_string(value, scratch)) {
        return Value::of_string(*made_string);
    }
    return std::nullopt;
}

std::optional<bool> is_equal(const Value& left, const Value& right, Scratch& scratch) {
    if (left.type == Type::string && right.type == Type::string) return left.text == right.text;
    if (!is_strict(left.type) || !is_strict(right.type)) {
        const auto found = order_fields(left, right);
        if (!found) return std::nullopt;
        return *found == std::strong_ordering::equal;
    }
    switch (right.type) {
        case Type::boolean: {
            const auto same = to_boolean(left);
            return same ? std::optional(*same == (right.number != 0)) : std::nullopt;
        }
        case Type::integer: {
            const auto same = to_integer(left);
            return same ? std::optional(*same == right.number) : std::nullopt;
        }
        default: {
            const auto same = to_string(left, scratch);
            return same ? std::optional(*same == right.text) : std::nullopt;
        }
    }
}

std::optional<std::strong_ordering> order(const Value& left, const Value& right) {
    if (is_strict(left.type) && is_strict(right.type))
        return ordered(to_integer(left), to_integer(right));
    return order_fields(left, right);
}

}  // namespace vera::expr
