#include "bus/amqp/section_scanner.hpp"

#include "bus/amqp/amqp_codec.hpp"

#include <array>
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

class Scanner {
public:
    Scanner(std::string_view message, const ScanLimits& limits, Sections& found)
        : cursor_(message),
          from_(cursor_.at),
          walker_(limits.nesting, limits.values),
          needs_body_(limits.needs_body),
          found_(found) {}

    /// False: why().
    bool run();
    std::string& why() { return why_; }

private:
    struct FieldRule {
        std::string_view name;
        std::uint16_t kinds;
        std::string_view otherwise;
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
    bool field(Compound& list, const FieldRule& rule, const Byte*& at);
    bool open_list(std::uint32_t most, Compound& list);
    void place(std::size_t index, std::string_view whole);
    void keep_property(std::uint32_t index, const Byte* at, const Byte* end);
    // Where the text of a refusal is put together; always false.
    bool no(const Byte* at, std::string_view why, std::string_view subject = {});
    bool flawed() { return no(walker_.where(), text_of(walker_.flaw())); }

    Cursor cursor_;
    const Byte* from_;
    Walker walker_;
    bool needs_body_;
    Sections& found_;
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

bool Scanner::run() {
    while (!cursor_.empty()) {
        if (!section()) return false;
    }
    index_ = section_names.size();
    if (!body_index_ && needs_body_) return no(cursor_.at, "no body section");
    if (bare_from_ != nullptr) found_.bare = view_of(bare_from_, cursor_.at);
    return true;
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
    if (is_a(constructor, kind::symbol)) {
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
    if (!is_a(constructor, kind::list)) return no(at, "is not a list");
    if (!walker_.spend(1, at)) return flawed();
    if (!read_compound(cursor_, constructor, list)) return no(at, "truncated value");
    if (list.count > most) return no(at, "has too many fields");
    return true;
}

// One field of a list section; `at` is its constructor, null if the field is null.
bool Scanner::field(Compound& list, const FieldRule& rule, const Byte*& at) {
    at = list.items.at;
    if (list.items.empty()) return no(at, "size and count disagree");
    const Byte constructor = *list.items.at++;
    if (constructor == code::null) {
        at = nullptr;
        return true;
    }
    if (!is_a(constructor, rule.kinds)) return no(at, rule.otherwise, rule.name);
    return walker_.body(list.items, constructor) || flawed();
}

bool Scanner::header(Compound& list) {
    static constexpr std::array<FieldRule, 5> rules = {
        {{"durable", kind::boolean, "is not a boolean"},
         {"priority", kind::ubyte, "is not a ubyte"},
         {"ttl", kind::uint, "is not a uint"},
         {"first-acquirer", kind::boolean, "is not a boolean"},
         {"delivery-count", kind::uint, "is not a uint"}}};
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const Byte* at = nullptr;
        if (!field(list, rules[i], at)) return false;
        if (at == nullptr) continue;
        if (i == 0) found_.is_durable = *at == code::yes || (*at == code::boolean && at[1] == 1);
        if (i == 1) found_.priority = at[1];
        if (i == 2)
            found_.ttl_ms = *at == code::uint ? read32(at + 1) : *at == code::smalluint ? at[1] : 0;
    }
    return list.items.empty() || no(list.items.at, "size and count disagree");
}

bool Scanner::properties(Compound& list) {
    constexpr std::uint16_t id = kind::ulong | kind::uuid | kind::binary | kind::string;
    static constexpr std::array<FieldRule, 13> rules = {
        {{"message-id", id, "is neither ulong, uuid, binary nor string"},
         {"user-id", kind::binary, "is not binary"},
         {"to", kind::string, "is not a string"},
         {"subject", kind::string, "is not a string"},
         {"reply-to", kind::string, "is not a string"},
         {"correlation-id", id, "is neither ulong, uuid, binary nor string"},
         {"content-type", kind::symbol, "is not a symbol"},
         {"content-encoding", kind::symbol, "is not a symbol"},
         {"absolute-expiry-time", kind::timestamp, "is not a timestamp"},
         {"creation-time", kind::timestamp, "is not a timestamp"},
         {"group-id", kind::string, "is not a string"},
         {"group-sequence", kind::uint, "is not a uint"},
         {"reply-to-group-id", kind::string, "is not a string"}}};
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const Byte* at = nullptr;
        if (!field(list, rules[i], at)) return false;
        if (at != nullptr) keep_property(i, at, list.items.at);
    }
    return list.items.empty() || no(list.items.at, "size and count disagree");
}

void Scanner::keep_property(std::uint32_t index, const Byte* at, const Byte* end) {
    switch (index) {
        case 0:
            found_.message_id_raw = view_of(at, end);
            if (is_a(*at, kind::string)) found_.message_id_text = bytes_of(at);
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
    if (!is_a(constructor, kind::map)) return no(at, "is not a map");
    Compound pairs;
    if (!walker_.spend(1, at)) return flawed();
    if (!read_compound(cursor_, constructor, pairs)) return no(at, "truncated value");
    if (pairs.count % 2 != 0) return no(at, text_of(Flaw::odd_map));
    Cursor& items = pairs.items;
    const std::uint16_t key_kinds = is_application ? kind::string : kind::symbol | kind::ulong;
    const std::uint16_t banned = is_application ? kind::composite : std::uint16_t{0};
    for (std::uint32_t i = 0; i < pairs.count; i += 2) {
        if (items.empty()) return no(at, text_of(Flaw::size_mismatch));
        const Byte* key = items.at;
        if (!is_a(*key, key_kinds))
            return no(key, is_application ? "key is not a string" : "key is not a symbol");
        ++items.at;
        if (!walker_.body(items, *key)) return flawed();
        if (items.empty()) return no(at, text_of(Flaw::size_mismatch));
        const Byte* value = items.at++;
        if (is_a(*value, banned)) return no(value, "value is not simple");
        if (!walker_.body(items, *value)) return flawed();
    }
    return items.empty() || no(at, text_of(Flaw::size_mismatch));
}

bool Scanner::data() {
    const Byte* at = cursor_.at;
    if (cursor_.empty()) return no(at, "truncated value");
    const Byte constructor = *cursor_.at++;
    if (!is_a(constructor, kind::binary)) return no(at, "is not binary");
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
    if (!is_a(constructor, kind::list)) return no(at, "is not a list");
    if (!walker_.body(cursor_, constructor)) return flawed();
    found_.body_kind = SectionBody::sequence;
    ++found_.body_sections;
    return true;
}

bool Scanner::value() {
    const Byte* at = cursor_.at;
    if (!walker_.value(cursor_)) return flawed();
    found_.body_kind = is_a(*at, kind::binary)                  ? SectionBody::value_binary
                       : is_a(*at, kind::string | kind::symbol) ? SectionBody::value_string
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

}  // namespace

Result<Sections> scan(std::string_view message, const ScanLimits& limits) {
    Result<Sections> result{Sections{}};
    Scanner scanner(message, limits, *result);
    if (!scanner.run()) return fail(Errc::bad_input, std::move(scanner.why()));
    return result;
}

}  // namespace vera::amqp
