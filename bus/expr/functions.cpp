#include "bus/expr/functions.hpp"

#include "bus/expr/casting.hpp"
#include "bus/expr/function_parts.hpp"
#include "bus/expr/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace vera::expr {
namespace {

Value length_of(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_integer(static_cast<std::int32_t>(length(a[0].text)));
}

Value joined(std::string_view delimiter, Arguments parts, Scratch& scratch, Complaint& complaint) {
    std::size_t size = parts.empty() ? 0 : delimiter.size() * (parts.size() - 1);
    for (const Value& part : parts)
        size += part.text.size();
    return made_text(size, scratch, complaint, [&](std::string& text) {
        for (const Value& part : parts) {
            if (&part != parts.data()) text.append(delimiter);
            text.append(part.text);
        }
    });
}

Value concat(Arguments a, Scratch& scratch, Complaint& complaint) {
    return joined({}, a, scratch, complaint);
}

Value concat_ws(Arguments a, Scratch& scratch, Complaint& complaint) {
    return joined(a[0].text, a.subspan(1), scratch, complaint);
}

// A letter's other case may have one byte more.
Value lower(Arguments a, Scratch& scratch, Complaint& complaint) {
    return made_text(2 * a[0].text.size(), scratch, complaint, [&](std::string& text) {
        append_lower(text, a[0].text);
    });
}

Value upper(Arguments a, Scratch& scratch, Complaint& complaint) {
    return made_text(2 * a[0].text.size(), scratch, complaint, [&](std::string& text) {
        append_upper(text, a[0].text);
    });
}

Value trim(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_string(trimmed(a[0].text));
}

Value left(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const std::string_view text = a[0].text;
    if (a[1].number < 0) {
        complaint.what = "LEFT takes a number of characters that is not negative";
        return Value::of_string(text);
    }
    return Value::of_string(text.substr(0, bytes_of(text, static_cast<std::size_t>(a[1].number))));
}

Value right(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const std::string_view text = a[0].text;
    if (a[1].number < 0) {
        complaint.what = "RIGHT takes a number of characters that is not negative";
        return Value::of_string(text);
    }
    const std::size_t size = length(text);
    const auto wanted = std::min(static_cast<std::size_t>(a[1].number), size);
    return Value::of_string(text.substr(bytes_of(text, size - wanted)));
}

/// Characters count from 1, from the end if the position is negative; position 0 gives the empty
/// text.
Value substring(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const std::string_view text = a[0].text;
    const auto size = static_cast<std::int64_t>(length(text));
    const std::int64_t position = a[1].number;
    const std::int64_t wanted = a.size() > 2 ? a[2].number : size;
    if (position > size || position < -size) complaint.what = "SUBSTRING begins outside the text";
    if (wanted < 0) complaint.what = "SUBSTRING takes a length that is not negative";
    if (position == 0 || !complaint.what.empty()) return Value::of_string({});
    const std::int64_t begin = position > 0 ? position - 1 : size + position;
    const std::string_view rest = text.substr(bytes_of(text, static_cast<std::size_t>(begin)));
    return Value::of_string(rest.substr(0, bytes_of(rest, static_cast<std::size_t>(wanted))));
}

Value absolute(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    const std::int64_t value = std::abs(a[0].number);
    if (value > most) complaint = {ErrorKind::math, "the result does not fit in 32 bits"};
    return Value::of_integer(static_cast<std::int32_t>(std::min(value, most)));
}

/// INT, BOOL and STRING: their argument is cast already.
Value same(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return a[0];
}

Value is_int(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_boolean(to_integer(a[0]).has_value());
}

Value is_bool(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_boolean(a[0].type != Type::null && to_boolean(a[0]).has_value());
}

Value starts_with(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_boolean(a[0].text.substr(0, a[1].text.size()) == a[1].text);
}

Value ends_with(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    const std::string_view text = a[0].text;
    const std::string_view end = a[1].text;
    return Value::of_boolean(text.size() >= end.size() &&
                             text.substr(text.size() - end.size()) == end);
}

Value contains(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::size_t cost = a[0].text.size() * (1 + a[1].text.size() / 16) / 16;
    if (cost >= scratch.steps) {
        scratch.steps = 0;
        complaint = {ErrorKind::generic, "more steps than an evaluation may take"};
        return Value::of_boolean(false);
    }
    scratch.steps -= static_cast<std::uint32_t>(cost);
    return Value::of_boolean(a[0].text.find(a[1].text) != std::string_view::npos);
}

Value coalesce(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    for (const Value& value : a)
        if (value.type != Type::null) return value;
    return Value::null();
}

Value choice(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return a[0].is_true() ? a[1] : a[2];
}

Value count(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    if (a[0].type == Type::many) return Value::of_integer(static_cast<std::int32_t>(a[0].count));
    return Value::of_integer(a[0].type == Type::null ? 0 : 1);
}

/// "27.20.04" is under "27", "27.20" and itself, not under "27.2".
Value kle_under(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    const std::string_view kle = a[0].text;
    const std::string_view above = a[1].text;
    const bool begins = !above.empty() && kle.substr(0, above.size()) == above;
    return Value::of_boolean(begins && (kle.size() == above.size() || kle[above.size()] == '.'));
}

using P = Parameter;
constexpr std::size_t n = Function::any_number;

std::vector<Function> common_functions() {
    return {
        {"LENGTH",
         {P::string},
         1,
         1,
         Type::integer,
         true,
         length_of,
         "LENGTH(text): its characters"},
        {"CONCAT",
         {P::string},
         0,
         n,
         Type::string,
         true,
         concat,
         "CONCAT(text, …): one behind the other"},
        {"CONCAT_WS",
         {P::string},
         1,
         n,
         Type::string,
         true,
         concat_ws,
         "CONCAT_WS(delimiter, text, …): with the delimiter between them"},
        {"LOWER", {P::string}, 1, 1, Type::string, true, lower, "LOWER(text): in lower case"},
        {"UPPER", {P::string}, 1, 1, Type::string, true, upper, "UPPER(text): in upper case"},
        {"TRIM",
         {P::string},
         1,
         1,
         Type::string,
         true,
         trim,
         "TRIM(text): without white space at its ends"},
        {"LEFT",
         {P::string, P::integer},
         2,
         2,
         Type::string,
         true,
         left,
         "LEFT(text, n): its first n characters"},
        {"RIGHT",
         {P::string, P::integer},
         2,
         2,
         Type::string,
         true,
         right,
         "RIGHT(text, n): its last n characters"},
        {"SUBSTRING",
         {P::string, P::integer},
         2,
         3,
         Type::string,
         true,
         substring,
         "SUBSTRING(text, position[, length]): positions count from 1, from the end if negative"},
        {"ABS", {P::integer}, 1, 1, Type::integer, true, absolute, "ABS(n): without its sign"},
        {"INT", {P::integer}, 1, 1, Type::integer, true, same, "INT(x): as an integer"},
        {"BOOL", {P::boolean}, 1, 1, Type::boolean, true, same, "BOOL(x): as a boolean"},
        {"STRING", {P::string}, 1, 1, Type::string, true, same, "STRING(x): as a text"},
        {"IS_INT",
         {P::any},
         1,
         1,
         Type::boolean,
         true,
         is_int,
         "IS_INT(x): can it be cast to an integer"},
        {"IS_BOOL",
         {P::any},
         1,
         1,
         Type::boolean,
         true,
         is_bool,
         "IS_BOOL(x): can it be cast to a boolean"},
        {"STARTS_WITH",
         {P::string},
         2,
         2,
         Type::boolean,
         false,
         starts_with,
         "STARTS_WITH(text, beginning)"},
        {"ENDS_WITH", {P::string}, 2, 2, Type::boolean, false, ends_with, "ENDS_WITH(text, end)"},
        {"CONTAINS", {P::string}, 2, 2, Type::boolean, false, contains, "CONTAINS(text, part)"},
        {"COALESCE",
         {P::any},
         1,
         n,
         Type::null,
         false,
         coalesce,
         "COALESCE(x, …): the first field that is there"},
        {"COUNT",
         {P::field},
         1,
         1,
         Type::integer,
         false,
         count,
         "COUNT(field): how many values it has"},
        {"TIMESTAMP",
         {P::timestamp},
         1,
         1,
         Type::timestamp,
         false,
         same,
         "TIMESTAMP(text): RFC 3339 as a point in time"},
        {"KLE_UNDER",
         {P::string},
         2,
         2,
         Type::boolean,
         false,
         kle_under,
         "KLE_UNDER(kle, above): is it that KLE number or below it"},
        {"IF",
         {P::boolean, P::any, P::any},
         3,
         3,
         Type::null,
         false,
         choice,
         "IF(condition, x, y): x if it is true, otherwise y"},
    };
}

}  // namespace

const std::vector<Function>& all_functions() {
    static const std::vector<Function> functions = [] {
        std::vector<Function> all = common_functions();
        for (const auto& more : {text_functions(), date_functions(), identifier_functions()})
            all.insert(all.end(), more.begin(), more.end());
        return all;
    }();
    return functions;
}

const Function* find_function(std::string_view name, std::size_t arguments) {
    for (const Function& function : all_functions())
        if (function.name == name && arguments >= function.least && arguments <= function.most)
            return &function;
    return nullptr;
}

}  // namespace vera::expr
