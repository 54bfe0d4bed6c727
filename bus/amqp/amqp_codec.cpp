#include "bus/amqp/amqp_codec.hpp"

#include <array>

namespace vera::amqp {

namespace {

// How the bytes after a constructor are laid out: 0–16 a fixed width, else one of these.
constexpr std::uint8_t variable8 = 20, variable32 = 21, compound8 = 22, compound32 = 23,
                       array_form = 24, described_form = 25, unknown = 26;

constexpr std::array<std::uint8_t, 256> make_forms() {
    std::array<std::uint8_t, 256> forms{};
    for (auto& form : forms)
        form = unknown;
    forms[code::described] = described_form;
    for (const Byte c : {code::null, code::yes, code::no, code::uint0, code::ulong0, code::list0})
        forms[c] = 0;
    for (const Byte c : {code::ubyte,
                         code::byte,
                         code::smalluint,
                         code::smallulong,
                         code::smallint,
                         code::smalllong,
                         code::boolean})
        forms[c] = 1;
    for (const Byte c : {code::ushort, code::short_})
        forms[c] = 2;
    for (const Byte c : {code::uint, code::int_, code::float_, code::char_, code::decimal32})
        forms[c] = 4;
    for (const Byte c : {code::ulong, code::long_, code::double_, code::timestamp, code::decimal64})
        forms[c] = 8;
    for (const Byte c : {code::decimal128, code::uuid})
        forms[c] = 16;
    for (const Byte c : {code::vbin8, code::str8, code::sym8})
        forms[c] = variable8;
    for (const Byte c : {code::vbin32, code::str32, code::sym32})
        forms[c] = variable32;
    for (const Byte c : {code::list8, code::map8})
        forms[c] = compound8;
    for (const Byte c : {code::list32, code::map32})
        forms[c] = compound32;
    for (const Byte c : {code::array8, code::array32})
        forms[c] = array_form;
    return forms;
}
constexpr auto forms = make_forms();

bool is_scalar_value(std::uint32_t c) {
    return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
}

bool is_continuation(Byte b) {
    return (b & 0xc0) == 0x80;
}

// Length of the well-formed sequence at `p` (2 to 4 bytes), 0 if there is none.
std::size_t sequence_length(const Byte* p, std::size_t left) {
    const Byte b = p[0];
    if (b < 0xc2 || b > 0xf4 || left < 2) return 0;
    if (b < 0xe0) return is_continuation(p[1]) ? 2 : 0;
    const Byte lowest = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    const Byte highest = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < lowest || p[1] > highest || left < 3 || !is_continuation(p[2])) return 0;
    if (b < 0xf0) return 3;
    return left >= 4 && is_continuation(p[3]) ? 4 : 0;
}

constexpr std::uint64_t high_bits = 0x8080808080808080U;

// Bytes below 0x80 at the front, rounded down to a whole word.
const Byte* skip_ascii_words(const Byte* p, const Byte* end) {
    while (end - p >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, p, 8);
        if ((word & high_bits) != 0) break;
        p += 8;
    }
    return p;
}

}  // namespace

bool is_utf8(std::string_view text) {
    Cursor c(text);
    while (!c.empty()) {
        c.at = skip_ascii_words(c.at, c.end);
        while (!c.empty() && *c.at < 0x80)
            ++c.at;
        if (c.empty()) return true;
        const std::size_t length = sequence_length(c.at, c.left());
        if (length == 0) return false;
        c.at += length;
    }
    return true;
}

std::string_view text_of(Flaw flaw) {
    switch (flaw) {
        case Flaw::none:
            return "no flaw";
        case Flaw::truncated:
            return "truncated value";
        case Flaw::unknown_constructor:
            return "unknown constructor";
        case Flaw::bad_boolean:
            return "boolean is neither 0 nor 1";
        case Flaw::bad_char:
            return "char is no Unicode scalar value";
        case Flaw::bad_utf8:
            return "string is not UTF-8";
        case Flaw::bad_symbol:
            return "symbol is not ASCII";
        case Flaw::odd_map:
            return "map has a key without a value";
        case Flaw::size_mismatch:
            return "size and count disagree";
        case Flaw::too_deep:
            return "nested too deeply";
        case Flaw::too_many_values:
            return "too many values";
    }
    return "";
}

bool read_compound(Cursor& cursor, Byte constructor, Compound& compound) {
    compound.count = 0;
    compound.items = {cursor.at, cursor.at};
    if (constructor == code::list0) return true;
    const bool is_wide =
        constructor == code::list32 || constructor == code::map32 || constructor == code::array32;
    const std::size_t width = is_wide ? 4 : 1;
    std::string_view inside;
    if (!read_variable(cursor, is_wide, inside) || inside.size() < width) return false;
    compound.items = Cursor(inside);
    compound.count = is_wide ? read32(compound.items.at) : *compound.items.at;
    compound.items.at += width;
    return true;
}

bool Walker::value(Cursor& cursor) {
    if (cursor.empty()) return stop(Flaw::truncated, cursor.at);
    const Byte constructor = *cursor.at++;
    return body(cursor, constructor);
}

bool Walker::described(Cursor& cursor, Byte& constructor) {
    if (!value(cursor)) return false;
    if (cursor.empty()) return stop(Flaw::truncated, cursor.at);
    constructor = *cursor.at++;
    return true;
}

bool Walker::any_body(Cursor& cursor, Byte constructor) {
    const Byte* at = cursor.at - 1;
    if (!spend(1, at)) return false;
    const std::uint8_t form = forms[constructor];
    if (form <= 16) {
        if (cursor.left() < form) return stop(Flaw::truncated, at);
        if (constructor == code::boolean && *cursor.at > 1) return stop(Flaw::bad_boolean, at);
        if (constructor == code::char_ && !is_scalar_value(read32(cursor.at)))
            return stop(Flaw::bad_char, at);
        cursor.at += form;
        return true;
    }
    if (form == variable8 || form == variable32) {
        std::string_view bytes;
        if (!read_variable(cursor, form == variable32, bytes)) return stop(Flaw::truncated, at);
        const Byte kind = constructor & 0x0fU;
        if (kind == (code::str8 & 0x0fU) && !is_utf8(bytes)) return stop(Flaw::bad_utf8, at);
        if (kind == (code::sym8 & 0x0fU) && !is_ascii(bytes)) return stop(Flaw::bad_symbol, at);
        return true;
    }
    if (form == unknown) return stop(Flaw::unknown_constructor, at);
    if (depth_left_ <= 0) return stop(Flaw::too_deep, at);
    --depth_left_;
    const bool is_good = items(cursor, constructor);
    ++depth_left_;
    return is_good;
}

// What is behind the constructor of a described value, list, map or array.
bool Walker::items(Cursor& cursor, Byte constructor) {
    const Byte* at = cursor.at - 1;
    if (constructor == code::described) {
        Byte inner = 0;
        return described(cursor, inner) && body(cursor, inner);
    }
    Compound compound;
    if (!read_compound(cursor, constructor, compound)) return stop(Flaw::truncated, at);
    if (constructor == code::array8 || constructor == code::array32) return array(compound, at);
    const bool is_map = constructor == code::map8 || constructor == code::map32;
    if (is_map && compound.count % 2 != 0) return stop(Flaw::odd_map, at);
    for (std::uint32_t i = 0; i < compound.count; ++i) {
        if (compound.items.empty()) return stop(Flaw::size_mismatch, at);
        if (!value(compound.items)) return false;
    }
    return compound.items.empty() || stop(Flaw::size_mismatch, at);
}

bool Walker::array(Compound& compound, const Byte* at) {
    Cursor& items = compound.items;
    if (items.empty()) return stop(Flaw::truncated, at);
    Byte constructor = *items.at++;
    for (int descriptors = 0; constructor == code::described; ++descriptors) {
        if (descriptors == depth_left_) return stop(Flaw::too_deep, at);
        if (!described(items, constructor)) return false;
    }
    const std::uint8_t form = forms[constructor];
    if (form == unknown) return stop(Flaw::unknown_constructor, items.at - 1);
    if (form <= 16 && constructor != code::boolean && constructor != code::char_) {
        // Nothing to look at inside: one multiplication instead of a walk.
        if (!spend(compound.count, at)) return false;
        if (std::uint64_t{compound.count} * form != items.left())
            return stop(Flaw::size_mismatch, at);
        return true;
    }
    for (std::uint32_t i = 0; i < compound.count; ++i) {
        if (!body(items, constructor)) return false;
    }
    return items.empty() || stop(Flaw::size_mismatch, at);
}

namespace {

template <std::size_t width>
void put_big_endian(std::string& out, std::uint64_t value) {
    char bytes[width];
    for (std::size_t i = 0; i < width; ++i)
        bytes[i] = static_cast<char>(value >> (8 * (width - 1 - i)));
    out.append(bytes, width);
}

}  // namespace

void put16(std::string& out, std::uint16_t value) {
    put_big_endian<2>(out, value);
}

void put32(std::string& out, std::uint32_t value) {
    put_big_endian<4>(out, value);
}

void put64(std::string& out, std::uint64_t value) {
    put_big_endian<8>(out, value);
}

void put_variable(std::string& out, Byte narrow, std::string_view bytes) {
    if (bytes.size() < 256) {
        const char start[2] = {static_cast<char>(narrow), static_cast<char>(bytes.size())};
        out.append(start, 2);
    } else {
        out.push_back(static_cast<char>(narrow + 0x10));
        put32(out, static_cast<std::uint32_t>(bytes.size()));
    }
    out.append(bytes);
}

}  // namespace vera::amqp
