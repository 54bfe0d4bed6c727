#include "bus/amqp/section_scanner.hpp"

#include "bus/amqp/amqp_codec.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace vera::amqp {

namespace {

// Sections in their order (§3.2); the three kinds of body share a rank.
enum class Rank : std::uint8_t {
    start,
    header,
    delivery_annotations,
    message_annotations,
    properties,
    application_properties,
    body,
    footer
};

constexpr std::uint64_t first_descriptor = 0x70, data_descriptor = 0x75, sequence_descriptor = 0x76,
                        last_descriptor = 0x78;
constexpr std::array<std::string_view, 9> section_names = {"header",
                                                           "delivery-annotations",
                                                           "message-annotations",
                                                           "properties",
                                                           "application-properties",
                                                           "data",
                                                           "amqp-sequence",
                                                           "amqp-value",
                                                           "footer"};
constexpr std::array<std::string_view, 9> section_symbols = {"amqp:header:list",
                                                             "amqp:delivery-annotations:map",
                                                             "amqp:message-annotations:map",
                                                             "amqp:properties:list",
                                                             "amqp:application-properties:map",
                                                             "amqp:data:binary",
                                                             "amqp:amqp-sequence:list",
                                                             "amqp:amqp-value:*",
                                                             "amqp:footer:map"};
constexpr std::array<Rank, 9> section_ranks = {Rank::header,
                                               Rank::delivery_annotations,
                                               Rank::message_annotations,
                                               Rank::properties,
                                               Rank::application_properties,
                                               Rank::body,
                                               Rank::body,
                                               Rank::body,
                                               Rank::footer};

bool is_map(Byte c) {
    return c == code::map8 || c == code::map32;
}
bool is_list(Byte c) {
    return c == code::list0 || c == code::list8 || c == code::list32;
}
bool is_string(Byte c) {
    return c == code::str8 || c == code::str32;
}
bool is_symbol(Byte c) {
    return c == code::sym8 || c == code::sym32;
}
bool is_binary(Byte c) {
    return c == code::vbin8 || c == code::vbin32;
}
bool is_ulong(Byte c) {
    return c == code::ulong || c == code::smallulong || c == code::ulong0;
}
bool is_compound(Byte c) {
    return c >= code::list8 || c == code::list0 || c == code::described;
}

// The bytes of a vbin, str or sym of either width that has been walked over already.
std::string_view bytes_of(const Byte* constructor) {
    const bool is_wide = (*constructor & 0xf0U) == 0xb0;
    return is_wide ? view_of(constructor + 5, constructor + 5 + read32(constructor + 1))
                   : view_of(constructor + 2, constructor + 2 + constructor[1]);
}

class Scanner {
public:
    Scanner(std::string_view message, const ScanLimits& limits)
        : cursor_(message),
          from_(cursor_.at),
          walker_(limits.nesting, limits.values) {}

    Result<Sections> run();

private:
    struct FieldRule {
        std::string_view name;
        bool (*fits)(Byte);
        std::string_view kind;
    };

    bool section();
    bool descriptor(std::size_t& index);
    bool content(std::size_t index);
    bool header(Compound& list);
    bool properties(Compound& list);
    bool map(bool is_application);
    bool data();
    bool sequence();
    bool value();
    bool field(Compound& list, std::uint32_t index, const FieldRule& rule, const Byte*& at);
    bool open_list(std::uint32_t most, Compound& list);
    void place(std::size_t index, std::string_view whole);
    void keep_property(std::uint32_t index, const Byte* at, const Byte* end);
    // Where the text of a refusal is put together; always false.
    bool no(const Byte* at, std::string_view why, std::string_view subject = {});
    bool flawed() { return no(walker_.where(), text_of(walker_.flaw())); }

    Cursor cursor_;
    const Byte* from_;
    Walker walker_;
    Sections found_;
    Rank rank_ = Rank::start;
    std::size_t index_ = section_names.size();
    std::optional<std::size_t> body_index_;
    const Byte* bare_from_ = nullptr;
    std::string why_;
};

bool Scanner::no(const Byte* at, std::string_view why, std::string_view subject) {
    why_.append(index_ < section_names.size() ? section_names[index_] : "message");
    why_.append(" at byte ").append(std::to_string(at - from_)).append(": ");
    if (!subject.empty()) why_.append(subject).append(" ");
    why_.append(why);
    return false;
}

Result<Sections> Scanner::run() {
    while (!cursor_.empty()) {
        if (!section()) return fail(Errc::bad_input, std::move(why_));
    }
    if (!body_index_) {
        index_ = section_names.size();
        no(cursor_.at, "no body section");
        return fail(Errc::bad_input, std::move(why_));
    }
    found_.bare = view_of(bare_from_, cursor_.at);
    return found_;
}

bool Scanner::section() {
    const Byte* at = cursor_.at;
    index_ = section_names.size();
    std::size_t index = 0;
    if (!descriptor(index)) return false;
    const Rank rank = section_ranks[index];
    const bool is_repeat = rank == Rank::body && rank_ == Rank::body && body_index_ == index &&
                           index + first_descriptor <= sequence_descriptor;
    index_ = index;
    if (rank == Rank::body && rank_ == Rank::body && !is_repeat)
        return no(at, "a second kind of body");
    if (rank <= rank_ && !is_repeat)
        return no(at, rank == rank_ ? "section stands twice" : "section out of order");
    if (rank == Rank::footer && rank_ != Rank::body) return no(at, "footer before the body");
    rank_ = rank;
    if (rank == Rank::body) body_index_ = index;
    if (bare_from_ == nullptr && rank >= Rank::properties) bare_from_ = at;
    if (!content(index)) return false;
    place(index, view_of(at, cursor_.at));
    return true;
}

// 0x00 and the section's descriptor, as ulong or as symbol.
bool Scanner::descriptor(std::size_t& index) {
    const Byte* at = cursor_.at;
    if (*at != code::described) return no(at, "no section descriptor");
    ++cursor_.at;
    if (cursor_.left() < 2) return no(at, "truncated descriptor");
    const Byte constructor = *cursor_.at++;
    if (is_symbol(constructor)) {
        std::string_view symbol;
        if (!read_variable(cursor_, constructor == code::sym32, symbol))
            return no(at, "truncated descriptor");
        for (index = 0; index < section_symbols.size(); ++index) {
            if (symbol == section_symbols[index]) return true;
        }
        return no(at, "unknown section");
    }
    std::uint64_t number = 0;
    if (constructor == code::smallulong) {
        number = *cursor_.at++;
    } else if (constructor == code::ulong) {
        if (cursor_.left() < 8) return no(at, "truncated descriptor");
        number = read64(cursor_.at);
        cursor_.at += 8;
    } else {
        return no(at, "descriptor is neither ulong nor symbol");
    }
    if (number < first_descriptor || number > last_descriptor) return no(at, "unknown section");
    index = static_cast<std::size_t>(number - first_descriptor);
    return true;
}

bool Scanner::content(std::size_t index) {
    Compound list;
    switch (index + first_descriptor) {
        case 0x70:
            return open_list(5, list) && header(list);
        case 0x73:
            return open_list(13, list) && properties(list);
        case 0x74:
            return map(true);
        case data_descriptor:
            return data();
        case sequence_descriptor:
            return sequence();
        case 0x77:
            return value();
        default:
            return map(false);
    }
}

bool Scanner::open_list(std::uint32_t most, Compound& list) {
    const Byte* at = cursor_.at;
    if (cursor_.empty()) return no(at, "truncated value");
    const Byte constructor = *cursor_.at++;
    if (!is_list(constructor)) return no(at, "is not a list");
    if (!walker_.spend(1, at)) return flawed();
    if (!read_compound(cursor_, constructor, list)) return no(at, "truncated value");
    if (list.count > most) return no(at, "has too many fields");
    return true;
}

// One field of a list section; `at` is its constructor, null if the field is null.
bool Scanner::field(Compound& list, std::uint32_t index, const FieldRule& rule, const Byte*& at) {
    at = list.items.at;
    if (list.items.empty()) return no(at, "size and count disagree");
    const Byte constructor = *list.items.at++;
    if (constructor == code::null) {
        at = nullptr;
        return true;
    }
    (void)index;
    if (!rule.fits(constructor)) return no(at, rule.kind, rule.name);
    return walker_.body(list.items, constructor) || flawed();
}

bool Scanner::header(Compound& list) {
    static constexpr std::array<FieldRule, 5> rules = {{
        {"durable",
         [](Byte c) { return c == code::yes || c == code::no || c == code::boolean; },
         "is not a boolean"},
        {"priority", [](Byte c) { return c == code::ubyte; }, "is not a ubyte"},
        {"ttl",
         [](Byte c) { return c == code::uint || c == code::smalluint || c == code::uint0; },
         "is not a uint"},
        {"first-acquirer",
         [](Byte c) { return c == code::yes || c == code::no || c == code::boolean; },
         "is not a boolean"},
        {"delivery-count",
         [](Byte c) { return c == code::uint || c == code::smalluint || c == code::uint0; },
         "is not a uint"},
    }};
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const Byte* at = nullptr;
        if (!field(list, i, rules[i], at)) return false;
        if (at == nullptr) continue;
        if (i == 0) found_.is_durable = *at == code::yes || (*at == code::boolean && at[1] == 1);
        if (i == 1) found_.priority = at[1];
        if (i == 2)
            found_.ttl_ms = *at == code::uint ? read32(at + 1) : *at == code::smalluint ? at[1] : 0;
    }
    return list.items.empty() || no(list.items.at, "size and count disagree");
}

bool Scanner::properties(Compound& list) {
    constexpr auto is_id = [](Byte c) {
        return is_ulong(c) || c == code::uuid || is_binary(c) || is_string(c);
    };
    constexpr auto is_time = [](Byte c) { return c == code::timestamp; };
    static constexpr std::array<FieldRule, 13> rules = {{
        {"message-id", is_id, "is neither ulong, uuid, binary nor string"},
        {"user-id", is_binary, "is not binary"},
        {"to", is_string, "is not a string"},
        {"subject", is_string, "is not a string"},
        {"reply-to", is_string, "is not a string"},
        {"correlation-id", is_id, "is neither ulong, uuid, binary nor string"},
        {"content-type", is_symbol, "is not a symbol"},
        {"content-encoding", is_symbol, "is not a symbol"},
        {"absolute-expiry-time", is_time, "is not a timestamp"},
        {"creation-time", is_time, "is not a timestamp"},
        {"group-id", is_string, "is not a string"},
        {"group-sequence",
         [](Byte c) { return c == code::uint || c == code::smalluint || c == code::uint0; },
         "is not a uint"},
        {"reply-to-group-id", is_string, "is not a string"},
    }};
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const Byte* at = nullptr;
        if (!field(list, i, rules[i], at)) return false;
        if (at != nullptr) keep_property(i, at, list.items.at);
    }
    return list.items.empty() || no(list.items.at, "size and count disagree");
}

void Scanner::keep_property(std::uint32_t index, const Byte* at, const Byte* end) {
    switch (index) {
        case 0:
            found_.message_id_raw = view_of(at, end);
            if (is_string(*at)) found_.message_id_text = bytes_of(at);
            break;
        case 1:
            found_.user_id = bytes_of(at);
            break;
        case 2:
            found_.to = bytes_of(at);
            break;
        case 3:
            found_.subject = bytes_of(at);
            break;
        case 4:
            found_.reply_to = bytes_of(at);
            break;
        case 5:
            found_.correlation_raw = view_of(at, end);
            break;
        case 6:
            found_.content_type = bytes_of(at);
            break;
        case 7:
            found_.content_encoding = bytes_of(at);
            break;
        case 8:
            found_.absolute_expiry = Timestamp{static_cast<std::int64_t>(read64(at + 1))};
            break;
        case 10:
            found_.group_id = bytes_of(at);
            break;
        default:
            break;
    }
}

// A map section. Application properties: string keys, simple values. The others: keys are symbols
// (or ulongs, which are reserved).
bool Scanner::map(bool is_application) {
    const Byte* at = cursor_.at;
    if (cursor_.empty()) return no(at, "truncated value");
    const Byte constructor = *cursor_.at++;
    if (!is_map(constructor)) return no(at, "is not a map");
    Compound pairs;
    if (!walker_.spend(1, at)) return flawed();
    if (!read_compound(cursor_, constructor, pairs)) return no(at, "truncated value");
    if (pairs.count % 2 != 0) return no(at, text_of(Flaw::odd_map));
    Cursor& items = pairs.items;
    for (std::uint32_t i = 0; i < pairs.count; ++i) {
        if (items.empty()) return no(at, text_of(Flaw::size_mismatch));
        const Byte* item = items.at;
        const Byte c = *items.at++;
        if (i % 2 == 0 && is_application && !is_string(c)) return no(item, "key is not a string");
        if (i % 2 == 0 && !is_application && !is_symbol(c) && !is_ulong(c))
            return no(item, "key is not a symbol");
        if (i % 2 != 0 && is_application && is_compound(c)) return no(item, "value is not simple");
        if (!walker_.body(items, c)) return flawed();
    }
    return items.empty() || no(at, text_of(Flaw::size_mismatch));
}

bool Scanner::data() {
    const Byte* at = cursor_.at;
    if (cursor_.empty()) return no(at, "truncated value");
    const Byte constructor = *cursor_.at++;
    if (!is_binary(constructor)) return no(at, "is not binary");
    if (!walker_.body(cursor_, constructor)) return flawed();
    found_.body_kind = SectionBody::data;
    ++found_.body_sections;
    found_.content = found_.body_sections == 1 ? bytes_of(at) : std::string_view{};
    return true;
}

bool Scanner::sequence() {
    const Byte* at = cursor_.at;
    if (cursor_.empty()) return no(at, "truncated value");
    const Byte constructor = *cursor_.at++;
    if (!is_list(constructor)) return no(at, "is not a list");
    if (!walker_.body(cursor_, constructor)) return flawed();
    found_.body_kind = SectionBody::sequence;
    ++found_.body_sections;
    return true;
}

bool Scanner::value() {
    const Byte* at = cursor_.at;
    if (!walker_.value(cursor_)) return flawed();
    found_.body_kind = is_binary(*at)                     ? SectionBody::value_binary
                       : is_string(*at) || is_symbol(*at) ? SectionBody::value_string
                                                          : SectionBody::value_other;
    if (found_.body_kind != SectionBody::value_other) found_.content = bytes_of(at);
    return true;
}

void Scanner::place(std::size_t index, std::string_view whole) {
    switch (section_ranks[index]) {
        case Rank::header:
            found_.header = whole;
            break;
        case Rank::delivery_annotations:
            found_.delivery_annotations = whole;
            break;
        case Rank::message_annotations:
            found_.message_annotations = whole;
            break;
        case Rank::properties:
            found_.properties = whole;
            break;
        case Rank::application_properties:
            found_.application_properties = whole;
            break;
        case Rank::body:
            found_.body = found_.body.empty() ? whole
                                              : std::string_view{found_.body.data(),
                                                                 found_.body.size() + whole.size()};
            break;
        case Rank::footer:
            found_.footer = whole;
            break;
        case Rank::start:
            break;
    }
}

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
    if (!is_map(constructor) || !read_compound(cursor, constructor, pairs)) return {};
    count = pairs.count / 2;
    return pairs.items;
}

template <class Int>
std::string decimal(Int value) {
    return std::to_string(value);
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
            return decimal(static_cast<unsigned>(at[1]));
        case code::byte:
        case code::smallint:
        case code::smalllong:
            return decimal(static_cast<int>(static_cast<std::int8_t>(at[1])));
        case code::ushort:
            return decimal(read16(at + 1));
        case code::short_:
            return decimal(static_cast<std::int16_t>(read16(at + 1)));
        case code::uint:
            return decimal(read32(at + 1));
        case code::int_:
            return decimal(static_cast<std::int32_t>(read32(at + 1)));
        case code::ulong:
            return decimal(read64(at + 1));
        case code::long_:
            return decimal(static_cast<std::int64_t>(read64(at + 1)));
        case code::timestamp:
            return to_rfc3339(Timestamp{static_cast<std::int64_t>(read64(at + 1))});
        default:
            return std::nullopt;
    }
}

// Calls `see(key, value constructor)` for each pair until it returns false.
template <class See>
void each_pair(std::string_view section, See see) {
    std::uint32_t count = 0;
    Cursor items = pairs_of(section, count);
    Walker walker(32, 1U << 20U);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Byte* key = items.at;
        if (!walker.value(items) || items.empty()) return;
        const Byte* value = items.at;
        if (!walker.value(items)) return;
        if (is_string(*key) && !see(bytes_of(key), value)) return;
    }
}

}  // namespace

Result<Sections> scan(std::string_view message, const ScanLimits& limits) {
    return Scanner(message, limits).run();
}

std::vector<std::pair<std::string_view, std::string>> properties_with_prefix(
    std::string_view section, std::string_view prefix) {
    std::vector<std::pair<std::string_view, std::string>> found;
    each_pair(section, [&](std::string_view key, const Byte* value) {
        if (key.starts_with(prefix)) {
            if (auto text = text_of_value(value))
                found.emplace_back(key.substr(prefix.size()), std::move(*text));
        }
        return true;
    });
    return found;
}

std::string property_text(std::string_view section, std::string_view key) {
    std::string found;
    each_pair(section, [&](std::string_view name, const Byte* value) {
        if (name != key) return true;
        found = text_of_value(value).value_or("");
        return false;
    });
    return found;
}

}  // namespace vera::amqp
