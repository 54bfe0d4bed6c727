#pragma once
// The AMQP 1.0 type system (§1) on bytes: constructors and a walk over one value that checks all of
// it and builds nothing. Shared by the frame guard (performatives) and the section scanner
// (messages). Pure.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace vera::amqp {

using Byte = unsigned char;

/// Constructors of the primitive types (§1.6).
namespace code {
constexpr Byte described = 0x00, null = 0x40, yes = 0x41, no = 0x42, uint0 = 0x43, ulong0 = 0x44,
               list0 = 0x45;
constexpr Byte ubyte = 0x50, smalluint = 0x52, smallulong = 0x53, smallint = 0x54, smalllong = 0x55,
               boolean = 0x56;
constexpr Byte byte = 0x51, ushort = 0x60, short_ = 0x61, uint = 0x70, int_ = 0x71, float_ = 0x72,
               char_ = 0x73, decimal32 = 0x74;
constexpr Byte ulong = 0x80, long_ = 0x81, double_ = 0x82, timestamp = 0x83, decimal64 = 0x84,
               decimal128 = 0x94, uuid = 0x98;
constexpr Byte vbin8 = 0xa0, str8 = 0xa1, sym8 = 0xa3, vbin32 = 0xb0, str32 = 0xb1, sym32 = 0xb3;
constexpr Byte list8 = 0xc0, map8 = 0xc1, list32 = 0xd0, map32 = 0xd1, array8 = 0xe0,
               array32 = 0xf0;
}  // namespace code

/// Types that a constructor may stand for where several encodings or types are allowed; to be
/// or-ed.
namespace kind {
constexpr std::uint16_t boolean = 1, ubyte = 2, uint = 4, ulong = 8, binary = 16, string = 32,
                        symbol = 64, list = 128, map = 256, timestamp = 512, uuid = 1024,
                        composite = 2048;  // composite: described, or with values inside
constexpr std::array<std::uint16_t, 256> make_table() {
    std::array<std::uint16_t, 256> table{};
    for (const Byte c : {code::yes, code::no, code::boolean})
        table[c] = boolean;
    for (const Byte c : {code::uint, code::smalluint, code::uint0})
        table[c] = uint;
    for (const Byte c : {code::ulong, code::smallulong, code::ulong0})
        table[c] = ulong;
    for (const Byte c : {code::vbin8, code::vbin32})
        table[c] = binary;
    for (const Byte c : {code::str8, code::str32})
        table[c] = string;
    for (const Byte c : {code::sym8, code::sym32})
        table[c] = symbol;
    for (const Byte c : {code::list0, code::list8, code::list32})
        table[c] = list | composite;
    for (const Byte c : {code::map8, code::map32})
        table[c] = map | composite;
    for (const Byte c : {code::array8, code::array32, code::described})
        table[c] = composite;
    table[code::ubyte] = ubyte;
    table[code::timestamp] = timestamp;
    table[code::uuid] = uuid;
    return table;
}
constexpr auto table = make_table();
}  // namespace kind
/// Whether `constructor` is one of the `kinds`.
constexpr bool is_a(Byte constructor, std::uint16_t kinds) {
    return (kind::table[constructor] & kinds) != 0;
}

inline std::uint16_t read16(const Byte* p) {
    return static_cast<std::uint16_t>((p[0] << 8) | p[1]);
}
inline std::uint32_t read32(const Byte* p) {
    return (std::uint32_t{p[0]} << 24) | (std::uint32_t{p[1]} << 16) | (std::uint32_t{p[2]} << 8) |
           p[3];
}
inline std::uint64_t read64(const Byte* p) {
    return (std::uint64_t{read32(p)} << 32) | read32(p + 4);
}

/// The bytes not yet read. `at` never passes `end`.
struct Cursor {
    const Byte* at = nullptr;
    const Byte* end = nullptr;

    Cursor() = default;
    Cursor(const Byte* from, const Byte* to) : at(from), end(to) {}
    explicit Cursor(std::string_view bytes)
        : at(static_cast<const Byte*>(static_cast<const void*>(bytes.data()))),
          end(at + bytes.size()) {}
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end - at); }
    [[nodiscard]] bool empty() const { return at == end; }
};

inline std::string_view view_of(const Byte* from, const Byte* to) {
    return {static_cast<const char*>(static_cast<const void*>(from)),
            static_cast<std::size_t>(to - from)};
}

/// The bytes of a vbin, str or sym that has been walked over; `at` is its constructor.
inline std::string_view bytes_of(const Byte* at) {
    const bool is_wide = (*at & 0xf0U) == 0xb0;
    return is_wide ? view_of(at + 5, at + 5 + read32(at + 1)) : view_of(at + 2, at + 2 + at[1]);
}

/// Whether every byte is below 0x80 (a symbol is ASCII). Most strings on the wire are short and
/// ASCII: a few wide loads.
[[nodiscard]] inline bool is_ascii(const Byte* p, std::size_t size) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::uint64_t any = 0, word = 0;
    if (size >= 8) {
        const Byte* last = p + size - 8;
        for (; p < last; p += 8) {
            std::memcpy(&word, p, 8);
            any |= word;
        }
        std::memcpy(&word, last, 8);
        any |= word;
    } else if (size >= 4) {
        std::uint32_t first = 0, second = 0;
        std::memcpy(&first, p, 4);
        std::memcpy(&second, p + size - 4, 4);
        any = first | second;
    } else if (size > 0) {
        any = static_cast<std::uint64_t>(p[0] | p[size / 2] | p[size - 1]);
    }
    return (any & high_bits) == 0;
}
[[nodiscard]] inline bool is_ascii(std::string_view text) {
    return is_ascii(static_cast<const Byte*>(static_cast<const void*>(text.data())), text.size());
}
/// Well-formed UTF-8 (Unicode table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

enum class Flaw : std::uint8_t {
    none,
    truncated,
    unknown_constructor,
    bad_boolean,
    bad_char,
    bad_utf8,
    bad_symbol,
    odd_map,
    size_mismatch,
    too_deep,
    too_many_values,
};
[[nodiscard]] std::string_view text_of(Flaw flaw);

/// Reads the size (and checks it) of a value whose constructor was vbin, str or sym; false if it is
/// truncated.
[[nodiscard]] inline bool read_variable(Cursor& cursor, bool is_wide, std::string_view& bytes) {
    const std::size_t prefix = is_wide ? 4 : 1;
    if (cursor.left() < prefix) return false;
    const std::size_t size = is_wide ? read32(cursor.at) : *cursor.at;
    if (cursor.left() - prefix < size) return false;
    const Byte* from = cursor.at + prefix;
    cursor.at = from + size;
    bytes = view_of(from, cursor.at);
    return true;
}

/// The inside of a list, map or array: its items and how many they are.
struct Compound {
    Cursor items;
    std::uint32_t count = 0;
};
/// Reads size and count after the constructor of a list (list0 too), map or array; false if they do
/// not fit.
[[nodiscard]] bool read_compound(Cursor& cursor, Byte constructor, Compound& compound);

/// Walks over values. Bounds are for all values walked by one Walker. The first flaw stays.
class Walker {
public:
    Walker(int nesting, std::uint32_t values) : depth_left_(nesting), values_left_(values) {}

    /// One value with its constructor. False: flaw() at where().
    [[nodiscard]] bool value(Cursor& cursor);
    /// One value whose constructor has been read.
    [[nodiscard]] bool body(Cursor& cursor, Byte constructor) {
        // Nearly all values of a message are short ASCII strings; whatever is not goes the long
        // way.
        if ((constructor == code::str8 || constructor == code::sym8) && !cursor.empty() &&
            values_left_ > 0) {
            const std::size_t size = *cursor.at;
            if (cursor.left() > size && is_ascii(cursor.at + 1, size)) {
                --values_left_;
                cursor.at += size + 1;
                return true;
            }
        }
        return any_body(cursor, constructor);
    }
    /// Counts `n` values that the caller reads itself.
    [[nodiscard]] bool spend(std::uint32_t n, const Byte* at) {
        if (values_left_ < n) return stop(Flaw::too_many_values, at);
        values_left_ -= n;
        return true;
    }
    bool stop(Flaw flaw, const Byte* at) {
        if (flaw_ == Flaw::none) {
            flaw_ = flaw;
            where_ = at;
        }
        return false;
    }
    [[nodiscard]] std::uint32_t values_left() const { return values_left_; }
    [[nodiscard]] Flaw flaw() const { return flaw_; }
    [[nodiscard]] const Byte* where() const { return where_; }

private:
    [[nodiscard]] bool any_body(Cursor& cursor, Byte constructor);
    [[nodiscard]] bool described(Cursor& cursor, Byte& constructor);
    [[nodiscard]] bool items(Cursor& cursor, Byte constructor);
    [[nodiscard]] bool array(Compound& compound, const Byte* at);

    int depth_left_;
    std::uint32_t values_left_;
    Flaw flaw_ = Flaw::none;
    const Byte* where_ = nullptr;
};

/// Writes big-endian integers and variable-width values to the end of `out`.
void put16(std::string& out, std::uint16_t value);
void put32(std::string& out, std::uint32_t value);
void put64(std::string& out, std::uint64_t value);
/// `narrow` is the constructor of the 8-bit form (vbin8, str8, sym8); the 32-bit one is taken where
/// it must.
void put_variable(std::string& out, Byte narrow, std::string_view bytes);

}  // namespace vera::amqp
