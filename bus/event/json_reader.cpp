#include "bus/event/json_reader.hpp"

#include "bus/event/base64.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/json_scanner.hpp"
#include "bus/event/message_types.hpp"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// A member's name is shown only if it looks like one: some people's JSON has CPR numbers for
/// names.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' ||
               c == '-' || static_cast<unsigned char>(c) >= 0x80U;
    });
}

bool is_well_known(const Descriptor& type) {
    return type.file()->package() == "google.protobuf";
}

class Reader {
public:
    Reader(std::string_view json, UnknownPayloadMembers unknown, const MessageTypes& types)
        : scanner_(json),
          unknown_(unknown),
          types_(types) {}

    bool root(Message& message) {
        return object(message, 0, false) && (scanner_.end() || syntax());
    }
    Refusal take_refusal() { return std::move(refusal_); }

private:
    struct Step {
        const FieldDescriptor* field;
        std::ptrdiff_t index;  ///< -1: not an element of a list
    };

    // What a value of some type looks like; each leaves `refusal_` and returns false if it is
    // something else.
    bool object(Message& message, int nesting, bool is_payload);
    bool members(Message& message, int nesting, bool is_payload, bool skip_type);
    bool field(Message& message, const FieldDescriptor& field, int nesting, bool is_payload);
    bool list(Message& message, const FieldDescriptor& field, int nesting, bool is_payload);
    bool map(Message& message, const FieldDescriptor& field, int nesting, bool is_payload);
    bool map_key(Message& entry, const FieldDescriptor& key, const std::string& text);
    bool value(Message& message, const FieldDescriptor& field, int nesting, bool is_payload);
    bool any(Message& message, int nesting);
    bool known_any(const Descriptor& type, google::protobuf::Any& any, int nesting);
    bool opaque_any(google::protobuf::Any& any);
    bool type_of_any(std::string& type_url);
    bool timestamp(Message& message);
    bool well_known(Message& message, int nesting);
    bool scalar(Message& message, const FieldDescriptor& field);
    bool enumeration(Message& message, const FieldDescriptor& field);
    bool boolean(bool& value);
    bool floating(double& value);
    template <class Int>
    bool integer(Int& value);

    bool wrong(std::string_view what) { return refuse(Condition::schema_invalid, what); }
    bool syntax() { return refuse(Condition::decode_error, scanner_.error()); }
    bool refuse(Condition condition, std::string_view what);

    JsonScanner scanner_;
    UnknownPayloadMembers unknown_;
    const MessageTypes& types_;
    std::vector<Step> path_;
    Refusal refusal_;
};

bool Reader::refuse(Condition condition, std::string_view what) {
    std::string text = "line " + std::to_string(scanner_.line()) + ": ";
    std::string path;
    for (const Step& step : path_) {
        if (!path.empty()) path += '.';
        path += step.field->json_name();
        if (step.index >= 0) path += '[' + std::to_string(step.index) + ']';
    }
    if (!path.empty()) text += path + ": ";
    refusal_ = Refusal{condition, text.append(what)};
    return false;
}

bool Reader::object(Message& message, int nesting, bool is_payload) {
    if (nesting >= JsonScanner::max_nesting)
        return refuse(Condition::decode_error, "nested too deeply");
    if (scanner_.peek() != '{')
        return refuse(path_.empty() ? Condition::decode_error : Condition::schema_invalid,
                      "an object expected");
    return members(message, nesting, is_payload, false);
}

bool Reader::members(Message& message, int nesting, bool is_payload, bool skip_type) {
    if (!scanner_.expect('{')) return syntax();
    if (scanner_.take('}')) return true;
    std::vector<const FieldDescriptor*> seen;
    std::string name;
    do {
        if (!scanner_.string(name) || !scanner_.expect(':')) return syntax();
        if (skip_type && name == "@type") {
            if (!scanner_.skip(nesting)) return syntax();
            continue;
        }
        const Descriptor& type = *message.GetDescriptor();
        const FieldDescriptor* known = nullptr;
        for (int i = 0; i < type.field_count() && known == nullptr; ++i)
            if (type.field(i)->json_name() == name || type.field(i)->name() == name)
                known = type.field(i);
        if (known == nullptr) {
            if (!is_payload || unknown_ == UnknownPayloadMembers::refused)
                return wrong(is_name(name) ? "unknown field '" + name + "'" : "unknown field");
            if (!scanner_.skip(nesting)) return syntax();
            continue;
        }
        path_.push_back({known, -1});
        if (std::ranges::find(seen, known) != seen.end()) return wrong("occurs twice");
        seen.push_back(known);
        if (!field(message, *known, nesting, is_payload)) return false;
        path_.pop_back();
    } while (scanner_.take(','));
    return scanner_.expect('}') || syntax();
}

bool Reader::field(Message& message, const FieldDescriptor& field, int nesting, bool is_payload) {
    if (scanner_.peek() == 'n') return scanner_.literal("null") || syntax();
    if (field.is_map()) return map(message, field, nesting, is_payload);
    if (field.is_repeated()) return list(message, field, nesting, is_payload);
    if (field.real_containing_oneof() != nullptr &&
        message.GetReflection()->HasOneof(message, field.real_containing_oneof()))
        return wrong("another member of the same choice is there too");
    return value(message, field, nesting, is_payload);
}

bool Reader::list(Message& message, const FieldDescriptor& field, int nesting, bool is_payload) {
    if (!scanner_.take('[')) return wrong("a list expected");
    if (scanner_.take(']')) return true;
    do {
        ++path_.back().index;
        if (!value(message, field, nesting, is_payload)) return false;
    } while (scanner_.take(','));
    path_.back().index = -1;
    return scanner_.expect(']') || syntax();
}

bool Reader::map(Message& message, const FieldDescriptor& field, int nesting, bool is_payload) {
    if (!scanner_.take('{')) return wrong("an object expected");
    if (scanner_.take('}')) return true;
    std::string key;
    do {
        ++path_.back().index;
        if (!scanner_.string(key) || !scanner_.expect(':')) return syntax();
        Message& entry = *message.GetReflection()->AddMessage(&message, &field);
        if (!map_key(entry, *field.message_type()->map_key(), key)) return false;
        if (!value(entry, *field.message_type()->map_value(), nesting, is_payload)) return false;
    } while (scanner_.take(','));
    path_.back().index = -1;
    return scanner_.expect('}') || syntax();
}

/// Names in JSON are text; numbers and truths stand in them as they are written.
bool Reader::map_key(Message& entry, const FieldDescriptor& key, const std::string& text) {
    const Reflection& reflection = *entry.GetReflection();
    const auto store = [&](auto value, auto set) {
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || rest != text.data() + text.size())
            return wrong("a map with a key that is no whole number in range");
        (reflection.*set)(&entry, &key, value);
        return true;
    };
    switch (key.cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
            reflection.SetString(&entry, &key, text);
            return true;
        case FieldDescriptor::CPPTYPE_BOOL:
            if (text != "true" && text != "false")
                return wrong("a map with a key that is not true or false");
            reflection.SetBool(&entry, &key, text == "true");
            return true;
        case FieldDescriptor::CPPTYPE_INT32:
            return store(std::int32_t{}, &Reflection::SetInt32);
        case FieldDescriptor::CPPTYPE_INT64:
            return store(std::int64_t{}, &Reflection::SetInt64);
        case FieldDescriptor::CPPTYPE_UINT32:
            return store(std::uint32_t{}, &Reflection::SetUInt32);
        default:  // no other type can be a key
            return store(std::uint64_t{}, &Reflection::SetUInt64);
    }
}

bool Reader::value(Message& message, const FieldDescriptor& field, int nesting, bool is_payload) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return scalar(message, field);
    const Reflection& reflection = *message.GetReflection();
    Message& inner = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                         : *reflection.MutableMessage(&message, &field);
    // By name: the message may be of any pool.
    const std::string& type = field.message_type()->full_name();
    if (type == "google.protobuf.Any") return any(inner, nesting + 1);
    if (type == "google.protobuf.Timestamp") return timestamp(inner);
    if (is_well_known(*field.message_type())) return well_known(inner, nesting + 1);
    return object(inner, nesting + 1, is_payload);
}

bool Reader::any(Message& message, int nesting) {
    if (nesting >= JsonScanner::max_nesting)
        return refuse(Condition::decode_error, "nested too deeply");
    if (scanner_.peek() != '{') return wrong("an object expected");
    std::string type_url;
    if (!type_of_any(type_url)) return false;
    if (type_of_url(type_url).empty()) return wrong("@type is not a type URL");
    google::protobuf::Any any;
    any.set_type_url(type_url);
    const Descriptor* type = types_.find(type_of_url(type_url));
    if (!(type == nullptr ? opaque_any(any) : known_any(*type, any, nesting))) return false;
    const Descriptor& own = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    reflection.SetString(&message, own.FindFieldByNumber(1), any.type_url());
    reflection.SetString(&message, own.FindFieldByNumber(2), any.value());
    return true;
}

/// "@type" may stand anywhere in the object: looks for it and comes back.
bool Reader::type_of_any(std::string& type_url) {
    const std::size_t start = scanner_.offset();
    bool is_there = false;
    std::string name;
    if (!scanner_.expect('{')) return syntax();
    if (!scanner_.take('}')) {
        do {
            if (!scanner_.string(name) || !scanner_.expect(':')) return syntax();
            if (name == "@type" && is_there) return wrong("@type occurs twice");
            if (name != "@type") {
                if (!scanner_.skip(0)) return syntax();
                continue;
            }
            if (scanner_.peek() != '"') return wrong("@type is not a type URL");
            if (!scanner_.string(type_url)) return syntax();
            is_there = true;
        } while (scanner_.take(','));
        if (!scanner_.expect('}')) return syntax();
    }
    scanner_.rewind(start);
    return is_there || wrong("@type is missing");
}

bool Reader::known_any(const Descriptor& type, google::protobuf::Any& any, int nesting) {
    if (is_well_known(type)) return wrong("a payload of package google.protobuf");
    const std::unique_ptr<Message> payload = types_.make(type);
    if (!members(*payload, nesting, true, true)) return false;
    any.set_value(payload->SerializePartialAsString());  // what is missing, the check tells
    return true;
}

/// A type that is not known here can only be passed on as it is: "value" holds its bytes.
bool Reader::opaque_any(google::protobuf::Any& any) {
    std::string name;
    std::string text;
    bool is_there = false;
    if (!scanner_.expect('{')) return syntax();
    do {
        if (!scanner_.string(name) || !scanner_.expect(':')) return syntax();
        const bool is_value = name == "value" && !is_there && scanner_.peek() == '"';
        if (name != "@type" && !is_value) {
            return refuse(Condition::schema_unknown, types_.unknown(type_of_url(any.type_url())));
        }
        if (!scanner_.string(text)) return syntax();
        if (!is_value) continue;
        is_there = true;
        auto bytes = from_base64(text);
        if (!bytes) return wrong("value is not base64");
        any.set_value(std::move(*bytes));
    } while (scanner_.take(','));
    return scanner_.expect('}') || syntax();
}

bool Reader::timestamp(Message& message) {
    std::string text;
    if (scanner_.peek() != '"') return wrong("a time expected (RFC 3339, in quotes)");
    if (!scanner_.string(text)) return syntax();
    google::protobuf::Timestamp time;
    if (!google::protobuf::util::TimeUtil::FromString(text, &time))
        return wrong("is not a time (RFC 3339)");
    const Descriptor& type = *message.GetDescriptor();
    message.GetReflection()->SetInt64(&message, type.FindFieldByNumber(1), time.seconds());
    message.GetReflection()->SetInt32(&message, type.FindFieldByNumber(2), time.nanos());
    return true;
}

/// Other messages of google.protobuf have JSON forms of their own, which Protobuf's own reader
/// knows.
bool Reader::well_known(Message& message, int nesting) {
    scanner_.peek();
    const std::size_t start = scanner_.offset();
    if (!scanner_.skip(nesting)) return syntax();
    const std::string text(scanner_.between(start, scanner_.offset()));
    return google::protobuf::util::JsonStringToMessage(text, &message).ok() ||
           wrong("is not a " + message.GetDescriptor()->name());
}

bool Reader::boolean(bool& value) {
    const char first = scanner_.peek();
    if (first != 't' && first != 'f') return wrong("true or false expected");
    value = first == 't';
    return scanner_.literal(value ? "true" : "false") || syntax();
}

template <class Int>
bool Reader::integer(Int& value) {
    std::string quoted;
    std::string_view text;
    if (scanner_.peek() == '"') {
        if (!scanner_.string(quoted)) return syntax();
        text = quoted;
    } else if (!scanner_.number(text)) {
        return wrong("a whole number expected");
    }
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) return wrong("is out of range");
    return (error == std::errc{} && rest == text.data() + text.size()) ||
           wrong("a whole number expected");
}

bool Reader::floating(double& value) {
    std::string quoted;
    std::string_view text;
    if (scanner_.peek() == '"') {
        if (!scanner_.string(quoted)) return syntax();
        text = quoted;
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (text == "NaN") value = std::numeric_limits<double>::quiet_NaN();
        if (text == "Infinity") value = infinity;
        if (text == "-Infinity") value = -infinity;
        if (text == "NaN" || text == "Infinity" || text == "-Infinity") return true;
    } else if (!scanner_.number(text)) {
        return wrong("a number expected");
    }
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return (error == std::errc{} && rest == text.data() + text.size() && std::isfinite(value)) ||
           wrong("a number expected");
}

bool Reader::enumeration(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    int number = 0;
    if (scanner_.peek() == '"') {
        std::string name;
        if (!scanner_.string(name)) return syntax();
        const auto* known = field.enum_type()->FindValueByName(name);
        if (known == nullptr) return wrong("is not a value of " + field.enum_type()->name());
        number = known->number();
    } else if (!integer(number)) {
        return false;
    }
    if (field.is_repeated())
        reflection.AddEnumValue(&message, &field, number);
    else
        reflection.SetEnumValue(&message, &field, number);
    return true;
}

bool Reader::scalar(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const auto store = [&](auto value, auto set, auto add) {
        if (field.is_repeated())
            (reflection.*add)(&message, &field, std::move(value));
        else
            (reflection.*set)(&message, &field, std::move(value));
        return true;
    };
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32: {
            std::int32_t value = 0;
            return integer(value) && store(value, &Reflection::SetInt32, &Reflection::AddInt32);
        }
        case FieldDescriptor::CPPTYPE_INT64: {
            std::int64_t value = 0;
            return integer(value) && store(value, &Reflection::SetInt64, &Reflection::AddInt64);
        }
        case FieldDescriptor::CPPTYPE_UINT32: {
            std::uint32_t value = 0;
            return integer(value) && store(value, &Reflection::SetUInt32, &Reflection::AddUInt32);
        }
        case FieldDescriptor::CPPTYPE_UINT64: {
            std::uint64_t value = 0;
            return integer(value) && store(value, &Reflection::SetUInt64, &Reflection::AddUInt64);
        }
        case FieldDescriptor::CPPTYPE_DOUBLE: {
            double value = 0;
            return floating(value) && store(value, &Reflection::SetDouble, &Reflection::AddDouble);
        }
        case FieldDescriptor::CPPTYPE_FLOAT: {
            double value = 0;
            return floating(value) &&
                   store(static_cast<float>(value), &Reflection::SetFloat, &Reflection::AddFloat);
        }
        case FieldDescriptor::CPPTYPE_BOOL: {
            bool value = false;
            return boolean(value) && store(value, &Reflection::SetBool, &Reflection::AddBool);
        }
        case FieldDescriptor::CPPTYPE_ENUM:
            return enumeration(message, field);
        case FieldDescriptor::CPPTYPE_STRING: {
            std::string text;
            if (scanner_.peek() != '"') return wrong("text in quotes expected");
            if (!scanner_.string(text)) return syntax();
            if (field.type() == FieldDescriptor::TYPE_BYTES) {
                auto bytes = from_base64(text);
                if (!bytes) return wrong("is not base64");
                text = std::move(*bytes);
            }
            return store(std::move(text), &Reflection::SetString, &Reflection::AddString);
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
            break;
    }
    return wrong("cannot be read from JSON");
}

}  // namespace

std::optional<Refusal> read_json(std::string_view json,
                                 UnknownPayloadMembers unknown,
                                 const MessageTypes& types,
                                 Message& message) {
    Reader reader(json, unknown, types);
    if (reader.root(message)) return std::nullopt;
    return reader.take_refusal();
}

}  // namespace vera::event
