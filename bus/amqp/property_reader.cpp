// The lookups of section_scanner.hpp in a section that scan() has accepted.
#include "bus/amqp/amqp_codec.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/uuid.hpp"

#include <algorithm>
#include <optional>

namespace vera::amqp {

namespace {

// The pairs of a section that scan() has accepted.
Cursor pairs_of(std::string_view section, std::uint32_t& count) {
    Cursor cursor(section);
    count = 0;
    if (cursor.left() < 3) return {};
    Walker walker(32, 1U << 20U);
    ++cursor.at;
    if (!walker.value(cursor) || cursor.empty()) return {};
    const Byte constructor = *cursor.at++;
    Compound pairs;
    if (!is_a(constructor, kind::map) || !read_compound(cursor, constructor, pairs)) return {};
    count = pairs.count / 2;
    return pairs.items;
}

// The value at `at` as text; nothing for types that have no text form here.
std::optional<std::string> text_of_value(const Byte* at) {
    switch (*at) {
        case code::str8:
        case code::str32:
        case code::sym8:
        case code::sym32:
            return std::string(bytes_of(at));
        case code::yes:
            return "true";
        case code::no:
            return "false";
        case code::boolean:
            return at[1] == 1 ? "true" : "false";
        case code::uint0:
        case code::ulong0:
            return "0";
        case code::ubyte:
        case code::smalluint:
        case code::smallulong:
            return std::to_string(static_cast<unsigned>(at[1]));
        case code::byte:
        case code::smallint:
        case code::smalllong:
            return std::to_string(static_cast<int>(static_cast<std::int8_t>(at[1])));
        case code::ushort:
            return std::to_string(read16(at + 1));
        case code::short_:
            return std::to_string(static_cast<std::int16_t>(read16(at + 1)));
        case code::uint:
            return std::to_string(read32(at + 1));
        case code::int_:
            return std::to_string(static_cast<std::int32_t>(read32(at + 1)));
        case code::ulong:
            return std::to_string(read64(at + 1));
        case code::long_:
            return std::to_string(static_cast<std::int64_t>(read64(at + 1)));
        case code::timestamp:
            return to_rfc3339(Timestamp{static_cast<std::int64_t>(read64(at + 1))});
        default:
            return std::nullopt;
    }
}

// Calls `see(key, value constructor)` for each pair with a key of these kinds until it returns
// false.
template <class See>
void each_pair(std::string_view section, std::uint16_t keys, See see) {
    std::uint32_t count = 0;
    Cursor items = pairs_of(section, count);
    Walker walker(32, 1U << 20U);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Byte* key = items.at;
        if (!walker.value(items) || items.empty()) return;
        const Byte* value = items.at;
        if (!walker.value(items)) return;
        if (is_a(*key, keys) && !see(bytes_of(key), value)) return;
    }
}

}  // namespace

std::vector<std::pair<std::string_view, std::string>> properties_with_prefix(
    std::string_view section, std::string_view prefix) {
    std::vector<std::pair<std::string_view, std::string>> found;
    each_pair(section, kind::string | kind::symbol, [&](std::string_view key, const Byte* value) {
        if (key.starts_with(prefix)) {
            if (auto text = text_of_value(value))
                found.emplace_back(key.substr(prefix.size()), std::move(*text));
        }
        return true;
    });
    return found;
}

std::string joined_data(std::string_view body) {
    std::string joined;
    Cursor cursor(body);
    Walker walker(32, UINT32_MAX);
    while (cursor.left() > 3) {
        ++cursor.at;
        if (!walker.value(cursor) || cursor.empty()) break;  // the descriptor
        const Byte* content = cursor.at;
        if (!walker.value(cursor)) break;
        joined.append(bytes_of(content));
    }
    return joined;
}

std::string value_text(std::string_view encoded) {
    const Cursor cursor(encoded);
    if (cursor.empty()) return {};
    if (is_a(*cursor.at, kind::uuid) && cursor.left() == 17) {
        Uuid uuid;
        std::copy_n(cursor.at + 1, uuid.bytes.size(), uuid.bytes.begin());
        return to_text(uuid);
    }
    return text_of_value(cursor.at).value_or("");
}

void each_annotation(std::string_view section,
                     const std::function<bool(std::string_view, const unsigned char*)>& see) {
    each_pair(section, kind::symbol, see);
}

std::string property_text(std::string_view section, std::string_view key) {
    std::string found;
    each_pair(section, kind::string | kind::symbol, [&](std::string_view name, const Byte* value) {
        if (name != key) return true;
        found = text_of_value(value).value_or("");
        return false;
    });
    return found;
}

}  // namespace vera::amqp
