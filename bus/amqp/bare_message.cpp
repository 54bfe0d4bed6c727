#include "bus/amqp/bare_message.hpp"

#include "bus/amqp/amqp_codec.hpp"

#include <cstdint>

namespace vera::amqp {
namespace {

constexpr std::uint32_t most_values = UINT32_MAX;  // scan() has bounded them

bool is_signature(std::string_view key) {
    return key == "cloudEvents_dssematerial" || key == "cloudEvents:dssematerial";
}

bool is_attribute(std::string_view key) {
    return key.starts_with("cloudEvents_") || key.starts_with("cloudEvents:");
}

/// The pairs of an application-properties section that are passed on, and how many items they are.
struct Kept {
    std::string pairs;
    std::uint32_t items = 0;
    bool is_all = true;
};

template <class Drop>
Kept kept_of(std::string_view section, Drop is_dropped) {
    Kept kept;
    Cursor cursor(section);
    Walker walker(64, most_values);
    Compound map;
    if (cursor.empty()) return kept;
    ++cursor.at;
    if (!walker.value(cursor) || cursor.empty()) return kept;
    const Byte constructor = *cursor.at++;
    if (!read_compound(cursor, constructor, map)) return kept;
    for (std::uint32_t i = 0; i + 1 < map.count && !map.items.empty(); i += 2) {
        const Byte* pair = map.items.at;
        const std::string_view key =
            is_a(*pair, kind::string | kind::symbol) ? bytes_of(pair) : std::string_view{};
        if (!walker.value(map.items) || !walker.value(map.items)) break;
        if (is_dropped(key)) {
            kept.is_all = false;
            continue;
        }
        kept.pairs.append(view_of(pair, map.items.at));
        kept.items += 2;
    }
    return kept;
}

void put_long(std::string& out, Byte constructor, std::string_view bytes) {
    out.push_back(static_cast<char>(constructor));
    put32(out, static_cast<std::uint32_t>(bytes.size()));
    out.append(bytes);
}

void put_kept(const Sections& sections, const Kept& kept, std::string& out) {
    if (kept.is_all) {
        out.append(sections.application_properties);
    } else if (kept.items != 0) {
        out.append("\x00\x53\x74", 3);
        out.push_back(static_cast<char>(code::map32));
        put32(out, static_cast<std::uint32_t>(kept.pairs.size() + 4));
        put32(out, kept.items);
        out.append(kept.pairs);
    }
}

// properties (AMQP 1.0 §3.2.4): the items of its list.
constexpr std::uint32_t content_type_item = 6;
constexpr std::uint32_t content_encoding_item = 7;

void put_properties(std::string_view section, std::string_view content_type, std::string& out) {
    std::string items;
    std::uint32_t count = 0;
    const auto put_item = [&](std::string_view encoded) {
        if (count == content_type_item) {
            items.push_back(static_cast<char>(code::sym8));
            items.push_back(static_cast<char>(content_type.size()));
            items.append(content_type);
        } else if (count == content_encoding_item || encoded.empty()) {
            items.push_back(static_cast<char>(code::null));
        } else {
            items.append(encoded);
        }
        ++count;
    };
    Cursor cursor(section);
    Walker walker(64, most_values);
    Compound list;
    bool is_there = false;
    if (!cursor.empty()) {
        ++cursor.at;
        if (walker.value(cursor) && !cursor.empty()) {
            const Byte constructor = *cursor.at++;
            is_there = read_compound(cursor, constructor, list);
        }
    }
    for (std::uint32_t i = 0; is_there && i < list.count && !list.items.empty(); ++i) {
        const Byte* const item = list.items.at;
        if (!walker.value(list.items)) break;
        put_item(view_of(item, list.items.at));
    }
    while (count <= content_type_item)
        put_item({});
    out.append("\x00\x53\x73", 3);
    out.push_back(static_cast<char>(code::list32));
    put32(out, static_cast<std::uint32_t>(items.size() + 4));
    put32(out, count);
    out.append(items);
}

}  // namespace

std::string_view content_of(const Sections& sections, std::string& scratch) {
    if (sections.body_kind != SectionBody::data || sections.body_sections <= 1)
        return sections.content;
    scratch = joined_data(sections.body);
    return scratch;
}

void write_bare(const Sections& sections, std::string_view content, std::string& out) {
    out.append(sections.properties);
    put_kept(sections, kept_of(sections.application_properties, is_signature), out);
    if (sections.body_kind == SectionBody::data) {
        out.append("\x00\x53\x75", 3);
        return put_long(out, code::vbin32, content);
    }
    const bool is_text = sections.body_kind == SectionBody::value_string && is_utf8(content);
    out.append("\x00\x53\x77", 3);
    put_long(out, is_text ? code::str32 : code::vbin32, content);
}

void write_reshaped(const Sections& sections,
                    std::string_view content,
                    std::string_view content_type,
                    std::string& out) {
    put_properties(sections.properties, content_type, out);
    put_kept(sections, kept_of(sections.application_properties, is_attribute), out);
    out.append("\x00\x53\x75", 3);
    put_long(out, code::vbin32, content);
}

}  // namespace vera::amqp
