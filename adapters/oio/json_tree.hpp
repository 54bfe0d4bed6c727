#pragma once
// JSON text as a tree that loses nothing: numbers stay the text they were, a name that comes twice
// is an error, and every value knows where it stood. Limits on everything, because files come from
// strangers.
#include "bus/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::oio {

/// One value of JSON with all it holds.
struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, number, text, list, object };

    Kind kind = Kind::null;
    bool truth = false;               ///< of a boolean
    std::string text;                 ///< a text, UTF-8; or a number as it stands
    std::vector<std::string> names;   ///< of an object's members
    std::vector<JsonValue> elements;  ///< of a list or, beside `names`, an object
    std::size_t offset = 0;           ///< of its first byte in the text it was read from
    std::size_t end = 0;              ///< of the byte after it

    [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
    /// nullptr: no such member, or no object.
    [[nodiscard]] const JsonValue* find(std::string_view name) const;
    [[nodiscard]] JsonValue* find(std::string_view name);
    JsonValue& add(std::string name, JsonValue value);

    [[nodiscard]] static JsonValue of_text(std::string_view text);
    [[nodiscard]] static JsonValue of_number(std::string text);
    [[nodiscard]] static JsonValue of_bool(bool truth);
    [[nodiscard]] static JsonValue of(Kind kind);
};

struct JsonLimits {
    std::size_t bytes = 64U << 20U;
    std::size_t values = 1'000'000;
    std::size_t members = 10'000;  ///< of one object
    std::size_t text_bytes = 1U << 20U;
    std::size_t name_bytes = 256;
    int nesting = 64;
};

/// Errc::bad_input or too_large; the text begins "line N: " and a JSON pointer, and has nothing of
/// the values.
[[nodiscard]] Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Two-space indent and line breaks if `pretty`; else no space at all.
[[nodiscard]] std::string to_json(const JsonValue& value, bool pretty);

/// "line N: " of a place in `text`.
[[nodiscard]] std::string line_of(std::string_view text, std::size_t offset);

/// `path` with one more step, a name or a place in a list (RFC 6901).
[[nodiscard]] std::string pointer_to(std::string_view path, std::string_view name);
[[nodiscard]] std::string pointer_to(std::string_view path, std::size_t index);

/// Adds as JSON Patch does (RFC 6902 §4.1): a member, or an element before the one that stands
/// there. Objects on the way that are not there are made. Gives how many stood where it stands now.
/// Errc::bad_input: `pointer` leads nowhere.
[[nodiscard]] Result<std::size_t> add_at(JsonValue& root,
                                         std::string_view pointer,
                                         JsonValue value);
/// nullptr: nothing stands there.
[[nodiscard]] JsonValue* find_at(JsonValue& root, std::string_view pointer);

}  // namespace vera::oio
