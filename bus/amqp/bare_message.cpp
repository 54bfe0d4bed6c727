#include "bus/amqp/bare_message.hpp"

#include "bus/amqp/amqp_codec.hpp"

#include <cstdint>

namespace vera::amqp {
namespace {

constexpr std::uint32_t most_values = UINT32_MAX;  // scan() has bounded them

bool is_signature(std::string_view key) {
    return key == "cloudEvents_dssematerial" || key == "cloudEvents:dssematerial";
}

/// The pairs of an application-properties section that are passed on, and how many items they are.
struct Kept {
    std::string pairs;
    std::uint32_t items = 0;
    bool is_all = true;
};

Kept kept_of(std::string_view section) {
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
        if (is_signature(key)) {
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

}  // namespace

std::string_view content_of(const Sections& sections, std::string& scratch) {
    if (sections.body_kind != SectionBody::data || sections.body_sections <= 1)
        return sections.content;
    scratch = joined_data(sections.body);
    return scratch;
}

void write_bare(const Sections& sections, std::string_view content, std::string& out) {
    out.append(sections.properties);
    const Kept kept = kept_of(sections.application_properties);
    if (kept.is_all) {
        out.append(sections.application_properties);
    } else if (kept.items != 0) {
        out.append("\x00\x53\x74", 3);
        out.push_back(static_cast<char>(code::map32));
        put32(out, static_cast<std::uint32_t>(kept.pairs.size() + 4));
        put32(out, kept.items);
        out.append(kept.pairs);
    }
    if (sections.body_kind == SectionBody::data) {
        out.append("\x00\x53\x75", 3);
        return put_long(out, code::vbin32, content);
    }
    const bool is_text = sections.body_kind == SectionBody::value_string && is_utf8(content);
    out.append("\x00\x53\x77", 3);
    put_long(out, is_text ? code::str32 : code::vbin32, content);
}

}  // namespace vera::amqp
