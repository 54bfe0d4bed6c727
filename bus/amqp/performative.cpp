#include "bus/amqp/performative.hpp"

#include <span>

namespace vera::amqp {

namespace {

enum class Type : std::uint8_t {
    boolean,
    ubyte,
    ushort,
    uint,
    ulong,
    string,
    symbol,
    binary,
    symbols,    // null, one symbol or an array of them
    fields,     // map with symbol keys
    unsettled,  // map from delivery-tag to delivery-state
    source,
    target,
    state,
    error,
};

struct Rule {
    std::string_view name;
    Type type;
    bool is_mandatory = false;
};
constexpr bool must = true;

constexpr std::array<Rule, 10> open_rules = {{{"container-id", Type::string, must},
                                              {"hostname", Type::string},
                                              {"max-frame-size", Type::uint},
                                              {"channel-max", Type::ushort},
                                              {"idle-time-out", Type::uint},
                                              {"outgoing-locales", Type::symbols},
                                              {"incoming-locales", Type::symbols},
                                              {"offered-capabilities", Type::symbols},
                                              {"desired-capabilities", Type::symbols},
                                              {"properties", Type::fields}}};
constexpr std::array<Rule, 8> begin_rules = {{{"remote-channel", Type::ushort},
                                              {"next-outgoing-id", Type::uint, must},
                                              {"incoming-window", Type::uint, must},
                                              {"outgoing-window", Type::uint, must},
                                              {"handle-max", Type::uint},
                                              {"offered-capabilities", Type::symbols},
                                              {"desired-capabilities", Type::symbols},
                                              {"properties", Type::fields}}};
constexpr std::array<Rule, 14> attach_rules = {{{"name", Type::string, must},
                                                {"handle", Type::uint, must},
                                                {"role", Type::boolean, must},
                                                {"snd-settle-mode", Type::ubyte},
                                                {"rcv-settle-mode", Type::ubyte},
                                                {"source", Type::source},
                                                {"target", Type::target},
                                                {"unsettled", Type::unsettled},
                                                {"incomplete-unsettled", Type::boolean},
                                                {"initial-delivery-count", Type::uint},
                                                {"max-message-size", Type::ulong},
                                                {"offered-capabilities", Type::symbols},
                                                {"desired-capabilities", Type::symbols},
                                                {"properties", Type::fields}}};
constexpr std::array<Rule, 11> flow_rules = {{{"next-incoming-id", Type::uint},
                                              {"incoming-window", Type::uint, must},
                                              {"next-outgoing-id", Type::uint, must},
                                              {"outgoing-window", Type::uint, must},
                                              {"handle", Type::uint},
                                              {"delivery-count", Type::uint},
                                              {"link-credit", Type::uint},
                                              {"available", Type::uint},
                                              {"drain", Type::boolean},
                                              {"echo", Type::boolean},
                                              {"properties", Type::fields}}};
constexpr std::array<Rule, 11> transfer_rules = {{{"handle", Type::uint, must},
                                                  {"delivery-id", Type::uint},
                                                  {"delivery-tag", Type::binary},
                                                  {"message-format", Type::uint},
                                                  {"settled", Type::boolean},
                                                  {"more", Type::boolean},
                                                  {"rcv-settle-mode", Type::ubyte},
                                                  {"state", Type::state},
                                                  {"resume", Type::boolean},
                                                  {"aborted", Type::boolean},
                                                  {"batchable", Type::boolean}}};
constexpr std::array<Rule, 6> disposition_rules = {{{"role", Type::boolean, must},
                                                    {"first", Type::uint, must},
                                                    {"last", Type::uint},
                                                    {"settled", Type::boolean},
                                                    {"state", Type::state},
                                                    {"batchable", Type::boolean}}};
constexpr std::array<Rule, 3> detach_rules = {
    {{"handle", Type::uint, must}, {"closed", Type::boolean}, {"error", Type::error}}};
constexpr std::array<Rule, 1> end_rules = {{{"error", Type::error}}};
constexpr std::array<Rule, 3> sasl_init_rules = {{{"mechanism", Type::symbol, must},
                                                  {"initial-response", Type::binary},
                                                  {"hostname", Type::string}}};
constexpr std::array<Rule, 1> sasl_response_rules = {{{"response", Type::binary, must}}};

// Composite values inside performatives.
constexpr std::array<Rule, 11> source_rules = {{{"address", Type::string},
                                                {"durable", Type::uint},
                                                {"expiry-policy", Type::symbol},
                                                {"timeout", Type::uint},
                                                {"dynamic", Type::boolean},
                                                {"dynamic-node-properties", Type::fields},
                                                {"distribution-mode", Type::symbol},
                                                {"filter", Type::fields},
                                                {"default-outcome", Type::state},
                                                {"outcomes", Type::symbols},
                                                {"capabilities", Type::symbols}}};
constexpr std::array<Rule, 7> target_rules = {{{"address", Type::string},
                                               {"durable", Type::uint},
                                               {"expiry-policy", Type::symbol},
                                               {"timeout", Type::uint},
                                               {"dynamic", Type::boolean},
                                               {"dynamic-node-properties", Type::fields},
                                               {"capabilities", Type::symbols}}};
constexpr std::array<Rule, 1> coordinator_rules = {{{"capabilities", Type::symbols}}};
constexpr std::array<Rule, 3> error_rules = {
    {{"condition", Type::symbol, must}, {"description", Type::string}, {"info", Type::fields}}};
constexpr std::array<Rule, 2> received_rules = {
    {{"section-number", Type::uint, must}, {"section-offset", Type::ulong, must}}};
constexpr std::array<Rule, 1> rejected_rules = {{{"error", Type::error}}};
constexpr std::array<Rule, 3> modified_rules = {{{"delivery-failed", Type::boolean},
                                                 {"undeliverable-here", Type::boolean},
                                                 {"message-annotations", Type::fields}}};

std::span<const Rule> rules_of(Performative kind) {
    switch (kind) {
        case Performative::open:
            return open_rules;
        case Performative::begin:
            return begin_rules;
        case Performative::attach:
            return attach_rules;
        case Performative::flow:
            return flow_rules;
        case Performative::transfer:
            return transfer_rules;
        case Performative::disposition:
            return disposition_rules;
        case Performative::detach:
            return detach_rules;
        case Performative::end:
        case Performative::close:
            return end_rules;
        case Performative::sasl_init:
            return sasl_init_rules;
        case Performative::sasl_response:
            return sasl_response_rules;
    }
    return {};
}

struct Composite {
    bool is_known = false;
    std::span<const Rule> rules;
    std::string_view name;
};

// The described lists that may stand in a field of `type`.
Composite composite_of(Type type, std::uint64_t descriptor) {
    if (type == Type::source && descriptor == 0x28) return {true, source_rules, "source"};
    if (type == Type::target && descriptor == 0x29) return {true, target_rules, "target"};
    if (type == Type::target && descriptor == 0x30) return {true, coordinator_rules, "coordinator"};
    if (type == Type::error && descriptor == 0x1d) return {true, error_rules, "error"};
    if (type != Type::state) return {};
    switch (descriptor) {
        case 0x23:
            return {true, received_rules, "received"};
        case 0x24:
            return {true, {}, "accepted"};
        case 0x25:
            return {true, rejected_rules, "rejected"};
        case 0x26:
            return {true, {}, "released"};
        case 0x27:
            return {true, modified_rules, "modified"};
        default:
            return {};
    }
}

constexpr std::string_view decode_error = "amqp:decode-error";

class Reader {
public:
    Reader(int nesting, std::uint32_t values, Objection& why)
        : walker_(nesting, values),
          depth_left_(nesting),
          why_(why) {}

    [[nodiscard]] std::uint32_t values_left() const { return walker_.values_left(); }
    bool list(Cursor& cursor, std::span<const Rule> rules, std::string_view name, Field* fields) {
        if (cursor.empty()) return no(name, {}, "truncated");
        const Byte constructor = *cursor.at++;
        const bool is_list =
            constructor == code::list0 || constructor == code::list8 || constructor == code::list32;
        if (!is_list) return no(name, {}, "is not a list");
        Compound items;
        if (!read_compound(cursor, constructor, items)) return no(name, {}, "truncated");
        if (items.count > rules.size()) return no(name, {}, "has too many fields");
        for (std::size_t i = 0; i < rules.size(); ++i) {
            Field field;
            if (i < items.count && !read(items.items, rules[i], name, field)) return false;
            if (rules[i].is_mandatory && !field.is_set) return missing(name, rules[i].name);
            if (fields != nullptr) fields[i] = field;
        }
        return items.items.empty() || no(name, {}, "size and count disagree");
    }

private:
    bool no(std::string_view name, std::string_view field, std::string_view what) {
        if (!why_.text.empty()) return false;  // the innermost reason stands
        why_.condition = decode_error;
        why_.text.append(name);
        if (!field.empty()) why_.text.append(".").append(field);
        why_.text.append(": ").append(what);
        return false;
    }
    bool missing(std::string_view name, std::string_view field) {
        no(name, field, "is missing");
        why_.condition = "amqp:invalid-field";
        return false;
    }

    bool read(Cursor& cursor, const Rule& rule, std::string_view name, Field& field) {
        const Byte* at = cursor.at;
        if (cursor.empty()) return no(name, rule.name, "truncated");
        if (!walker_.spend(1, at)) return no(name, rule.name, text_of(walker_.flaw()));
        const Byte constructor = *cursor.at++;
        if (constructor == code::null) return true;
        field.is_set = true;
        switch (rule.type) {
            case Type::boolean:
            case Type::ubyte:
            case Type::ushort:
            case Type::uint:
            case Type::ulong:
                return number(cursor, constructor, rule.type, field.number) ||
                       no(name, rule.name, expected(rule.type));
            case Type::string:
            case Type::symbol:
            case Type::binary:
                return bytes(cursor, constructor, rule, name, field.bytes);
            case Type::symbols:
                return symbols(cursor, constructor, rule, name);
            case Type::fields:
            case Type::unsettled:
                return map(cursor, constructor, rule, name);
            case Type::source:
            case Type::target:
            case Type::state:
            case Type::error:
                return composite(cursor, constructor, rule, name, field.number);
        }
        return false;
    }

    static std::string_view expected(Type type) {
        switch (type) {
            case Type::boolean:
                return "is not a boolean";
            case Type::ubyte:
                return "is not a ubyte";
            case Type::ushort:
                return "is not a ushort";
            case Type::uint:
                return "is not a uint";
            case Type::ulong:
                return "is not a ulong";
            default:
                return "has the wrong type";
        }
    }

    static bool fixed(Cursor& cursor, std::size_t width, std::uint64_t& value) {
        if (cursor.left() < width) return false;
        value = 0;
        for (std::size_t i = 0; i < width; ++i)
            value = (value << 8U) | *cursor.at++;
        return true;
    }

    static bool number(Cursor& cursor, Byte constructor, Type type, std::uint64_t& value) {
        value = 0;
        switch (type) {
            case Type::boolean:
                if (constructor == code::boolean) return fixed(cursor, 1, value) && value <= 1;
                value = constructor == code::yes ? 1 : 0;
                return constructor == code::yes || constructor == code::no;
            case Type::ubyte:
                return constructor == code::ubyte && fixed(cursor, 1, value);
            case Type::ushort:
                return constructor == code::ushort && fixed(cursor, 2, value);
            case Type::uint:
                if (constructor == code::uint0) return true;
                if (constructor == code::smalluint) return fixed(cursor, 1, value);
                return constructor == code::uint && fixed(cursor, 4, value);
            case Type::ulong:
                if (constructor == code::ulong0) return true;
                if (constructor == code::smallulong) return fixed(cursor, 1, value);
                return constructor == code::ulong && fixed(cursor, 8, value);
            default:
                return false;
        }
    }

    bool bytes(Cursor& cursor,
               Byte constructor,
               const Rule& rule,
               std::string_view name,
               std::string_view& value) {
        const Byte narrow = rule.type == Type::string   ? code::str8
                            : rule.type == Type::symbol ? code::sym8
                                                        : code::vbin8;
        const bool is_wide = constructor == narrow + 0x10;
        if (constructor != narrow && !is_wide) return no(name, rule.name, "has the wrong type");
        if (!read_variable(cursor, is_wide, value)) return no(name, rule.name, "truncated");
        if (rule.type == Type::binary) return true;
        if (value.find('\0') != std::string_view::npos)
            return no(name, rule.name, "holds a zero byte");
        if (rule.type == Type::string)
            return is_utf8(value) || no(name, rule.name, text_of(Flaw::bad_utf8));
        return is_ascii(value) || no(name, rule.name, text_of(Flaw::bad_symbol));
    }

    bool walk(Cursor& cursor, Byte constructor, const Rule& rule, std::string_view name) {
        return walker_.body(cursor, constructor) || no(name, rule.name, text_of(walker_.flaw()));
    }

    bool symbols(Cursor& cursor, Byte constructor, const Rule& rule, std::string_view name) {
        if (constructor == code::sym8 || constructor == code::sym32)
            return walk(cursor, constructor, rule, name);
        if (constructor != code::array8 && constructor != code::array32)
            return no(name, rule.name, "is neither symbol nor array");
        const Byte* element = cursor.at + (constructor == code::array8 ? 2 : 8);
        if (!walk(cursor, constructor, rule, name)) return false;
        return *element == code::sym8 || *element == code::sym32 ||
               no(name, rule.name, "is not an array of symbols");
    }

    bool map(Cursor& cursor, Byte constructor, const Rule& rule, std::string_view name) {
        if (constructor != code::map8 && constructor != code::map32)
            return no(name, rule.name, "is not a map");
        Compound pairs;
        if (!read_compound(cursor, constructor, pairs)) return no(name, rule.name, "truncated");
        if (pairs.count % 2 != 0) return no(name, rule.name, text_of(Flaw::odd_map));
        const Byte narrow = rule.type == Type::unsettled ? code::vbin8 : code::sym8;
        for (std::uint32_t i = 0; i < pairs.count; ++i) {
            if (pairs.items.empty()) return no(name, rule.name, text_of(Flaw::size_mismatch));
            const Byte item = *pairs.items.at;
            if (i % 2 == 0 && item != narrow && item != narrow + 0x10)
                return no(name, rule.name, "has a key of the wrong type");
            if (!walker_.value(pairs.items)) return no(name, rule.name, text_of(walker_.flaw()));
        }
        return pairs.items.empty() || no(name, rule.name, text_of(Flaw::size_mismatch));
    }

    bool composite(Cursor& cursor,
                   Byte constructor,
                   const Rule& rule,
                   std::string_view name,
                   std::uint64_t& descriptor) {
        if (constructor != code::described) return no(name, rule.name, "is not a described list");
        if (!read_descriptor(cursor, descriptor, why_)) return false;
        const Composite inner = composite_of(rule.type, descriptor);
        if (!inner.is_known) return no(name, rule.name, "has an unknown descriptor");
        if (depth_left_ == 0) return no(name, rule.name, text_of(Flaw::too_deep));
        --depth_left_;
        const bool is_good = list(cursor, inner.rules, inner.name, nullptr);
        ++depth_left_;
        return is_good;
    }

    Walker walker_;
    int depth_left_;
    Objection& why_;
};

}  // namespace

bool read_descriptor(Cursor& cursor, std::uint64_t& descriptor, Objection& why) {
    const auto no = [&](std::string_view text) {
        why = {decode_error, std::string(text)};
        return false;
    };
    if (cursor.left() < 1) return no("descriptor: truncated");
    const Byte constructor = *cursor.at++;
    switch (constructor) {
        case code::smallulong:
            if (cursor.left() < 1) return no("descriptor: truncated");
            descriptor = *cursor.at++;
            return true;
        case code::ulong:
            if (cursor.left() < 8) return no("descriptor: truncated");
            descriptor = read64(cursor.at);
            cursor.at += 8;
            return true;
        case code::sym8:
        case code::sym32:
            why = {"amqp:not-implemented",
                   "descriptor: symbolic descriptors are not taken, use the numeric form"};
            return false;
        default:
            return no("descriptor: is not a ulong");
    }
}

bool read_fields(Cursor& cursor,
                 Performative kind,
                 int nesting,
                 std::uint32_t& values,
                 Fields& fields,
                 Objection& why) {
    Reader reader(nesting, values, why);
    const bool is_good = reader.list(cursor, rules_of(kind), name_of(kind), fields.data());
    values = reader.values_left();
    return is_good;
}

std::string_view name_of(Performative kind) {
    switch (kind) {
        case Performative::open:
            return "open";
        case Performative::begin:
            return "begin";
        case Performative::attach:
            return "attach";
        case Performative::flow:
            return "flow";
        case Performative::transfer:
            return "transfer";
        case Performative::disposition:
            return "disposition";
        case Performative::detach:
            return "detach";
        case Performative::end:
            return "end";
        case Performative::close:
            return "close";
        case Performative::sasl_init:
            return "sasl-init";
        case Performative::sasl_response:
            return "sasl-response";
    }
    return "performative";
}

}  // namespace vera::amqp
