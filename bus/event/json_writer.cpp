#include "bus/event/json_writer.hpp"

#include "bus/event/base64.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// A payload can hold a payload and so on: from here on they are shown as bytes.
constexpr int max_nesting = 64;

class Writer {
public:
    Writer(const MessageTypes& types, bool pretty) : types_(types), pretty_(pretty) {}

    void message(const Message& message);
    std::string take() { return std::move(out_); }

private:
    void members(const Message& message, bool& is_first);
    void field(const Message& message, const FieldDescriptor& field);
    void value(const Message& message, const FieldDescriptor& field, int index);
    void any(const Message& any);
    void timestamp(const Message& time);
    void number(double value);
    void name(std::string_view text, bool& is_first);
    void quoted(std::string_view text);
    void open(char bracket);
    void close(char bracket, bool is_empty);
    void next_line();

    const MessageTypes& types_;
    bool pretty_;
    int nesting_ = 0;
    std::string out_;
};

void Writer::next_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(nesting_) * 2, ' ');
}

void Writer::open(char bracket) {
    out_ += bracket;
    ++nesting_;
}

void Writer::close(char bracket, bool is_empty) {
    --nesting_;
    if (!is_empty) next_line();
    out_ += bracket;
}

void Writer::name(std::string_view text, bool& is_first) {
    if (!is_first) out_ += ',';
    is_first = false;
    next_line();
    quoted(text);
    out_ += pretty_ ? ": " : ":";
}

void Writer::quoted(std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out_ += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else if (c == '\n') {
            out_ += "\\n";
        } else if (byte < 0x20U || byte == 0x7fU) {
            out_ += "\\u00";
            out_ += hex[byte >> 4U];
            out_ += hex[byte & 15U];
        } else {
            out_ += c;
        }
    }
    out_ += '"';
}

void Writer::message(const Message& message) {
    // By name: the message may be of any pool.
    const std::string& type = message.GetDescriptor()->full_name();
    if (type == "google.protobuf.Any") return any(message);
    if (type == "google.protobuf.Timestamp") return timestamp(message);
    if (message.GetDescriptor()->file()->package() == "google.protobuf") {
        // Durations, wrappers and the like have forms of their own.
        std::string text;
        if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) text = "null";
        out_ += text;
        return;
    }
    bool is_empty = true;
    open('{');
    members(message, is_empty);
    close('}', is_empty);
}

void Writer::members(const Message& message, bool& is_first) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* present : fields) {
        name(present->json_name(), is_first);
        field(message, *present);
    }
}

std::string map_key(const Message& entry, const FieldDescriptor& key) {
    const Reflection& reflection = *entry.GetReflection();
    switch (key.cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.GetString(entry, &key);
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection.GetBool(entry, &key) ? "true" : "false";
        case FieldDescriptor::CPPTYPE_INT32:
            return std::to_string(reflection.GetInt32(entry, &key));
        case FieldDescriptor::CPPTYPE_INT64:
            return std::to_string(reflection.GetInt64(entry, &key));
        case FieldDescriptor::CPPTYPE_UINT32:
            return std::to_string(reflection.GetUInt32(entry, &key));
        default:  // no other type can be a key
            return std::to_string(reflection.GetUInt64(entry, &key));
    }
}

void Writer::field(const Message& message, const FieldDescriptor& field) {
    if (!field.is_repeated()) return value(message, field, -1);
    const int count = message.GetReflection()->FieldSize(message, &field);
    bool is_first = true;
    open(field.is_map() ? '{' : '[');
    for (int i = 0; i < count; ++i) {
        if (field.is_map()) {
            const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
            const FieldDescriptor& key = *field.message_type()->map_key();
            name(map_key(entry, key), is_first);
            value(entry, *field.message_type()->map_value(), -1);
            continue;
        }
        if (!is_first) out_ += ',';
        is_first = false;
        next_line();
        value(message, field, i);
    }
    close(field.is_map() ? '}' : ']', is_first);
}

/// A finite number in its shortest exact form, the others by name.
void Writer::number(double value) {
    if (std::isnan(value)) return quoted("NaN");
    if (std::isinf(value)) return quoted(value > 0 ? "Infinity" : "-Infinity");
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    out_.append(text.data(), end);
}

void Writer::value(const Message& holder, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *holder.GetReflection();
    const auto get = [&](auto single, auto repeated) {
        return index < 0 ? (reflection.*single)(holder, &field)
                         : (reflection.*repeated)(holder, &field, index);
    };
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            out_ += std::to_string(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
            return;
        case FieldDescriptor::CPPTYPE_UINT32:
            out_ += std::to_string(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
            return;
        case FieldDescriptor::CPPTYPE_INT64:
            return quoted(
                std::to_string(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64)));
        case FieldDescriptor::CPPTYPE_UINT64:
            return quoted(
                std::to_string(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64)));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return number(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
        case FieldDescriptor::CPPTYPE_FLOAT:
            return number(
                static_cast<double>(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat)));
        case FieldDescriptor::CPPTYPE_BOOL:
            out_ += get(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
            return;
        case FieldDescriptor::CPPTYPE_ENUM: {
            const int value = get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue);
            const auto* known = field.enum_type()->FindValueByNumber(value);
            if (known != nullptr) return quoted(known->name());
            out_ += std::to_string(value);
            return;
        }
        case FieldDescriptor::CPPTYPE_STRING: {
            const std::string text = get(&Reflection::GetString, &Reflection::GetRepeatedString);
            return quoted(field.type() == FieldDescriptor::TYPE_BYTES ? to_base64(text) : text);
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return message(index < 0 ? reflection.GetMessage(holder, &field)
                                     : reflection.GetRepeatedMessage(holder, &field, index));
    }
}

void Writer::timestamp(const Message& message) {
    using google::protobuf::util::TimeUtil;
    google::protobuf::Timestamp time;
    const Reflection& reflection = *message.GetReflection();
    const Descriptor& type = *message.GetDescriptor();
    time.set_seconds(reflection.GetInt64(message, type.FindFieldByNumber(1)));
    time.set_nanos(reflection.GetInt32(message, type.FindFieldByNumber(2)));
    const bool in_range = time.seconds() >= TimeUtil::kTimestampMinSeconds &&
                          time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
                          time.nanos() < 1'000'000'000;
    quoted(in_range ? TimeUtil::ToString(time) : std::string{});
}

void Writer::any(const Message& any) {
    const Reflection& reflection = *any.GetReflection();
    const Descriptor& own = *any.GetDescriptor();
    const std::string url = reflection.GetString(any, own.FindFieldByNumber(1));
    const std::string value = reflection.GetString(any, own.FindFieldByNumber(2));
    const auto slash = url.rfind('/');
    const Descriptor* type = nullptr;
    if (slash != std::string::npos && nesting_ < max_nesting)
        type = types_.find(std::string_view(url).substr(slash + 1));
    std::unique_ptr<Message> payload;
    if (type != nullptr && type->file()->package() != "google.protobuf") {
        payload = types_.make(*type);
        if (!payload->ParsePartialFromString(value)) payload.reset();
    }
    bool is_first = true;
    open('{');
    name("@type", is_first);
    quoted(url);
    if (payload != nullptr) {
        members(*payload, is_first);
    } else {
        name("value", is_first);
        quoted(to_base64(value));
    }
    close('}', false);
}

}  // namespace

std::string write_json(const Message& message, const MessageTypes& types, bool pretty) {
    Writer writer(types, pretty);
    writer.message(message);
    return writer.take();
}

}  // namespace vera::event
