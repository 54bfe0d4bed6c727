#pragma once
// One value as another type (CESQL 1.0.0 §3.7), and two values compared. No result: the cast is an
// error.
#include "bus/expr/scratch.hpp"
#include "bus/expr/value.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::expr {

[[nodiscard]] std::optional<bool> to_boolean(const Value& value);
[[nodiscard]] std::optional<std::int32_t> to_integer(const Value& value);
/// 64 bits: for operations on fields.
[[nodiscard]] std::optional<std::int64_t> to_int64(const Value& value);
/// What is not a text already is made in `scratch`.
[[nodiscard]] std::optional<std::string_view> to_string(const Value& value, Scratch& scratch);
/// Milliseconds; texts are RFC 3339.
[[nodiscard]] std::optional<std::int64_t> to_timestamp(const Value& value);
/// `value` as `type`, which is strict.
[[nodiscard]] std::optional<Value> cast(const Value& value, Type type, Scratch& scratch);

/// The three strict types: `left` is cast to the type of `right`. Others: the field's type decides.
/// Neither is null or many.
[[nodiscard]] std::optional<bool> is_equal(const Value& left, const Value& right, Scratch& scratch);
/// Strict types are compared as integers, fields by their type.
[[nodiscard]] std::optional<std::strong_ordering> order(const Value& left, const Value& right);

}  // namespace vera::expr
