#include "adapters/oio/value_text.hpp"

#include "adapters/oio/model.hpp"
#include "adapters/oio/tidspunkt.hpp"
#include "bus/base/check.hpp"
#include "bus/event/base64.hpp"

#include "vera/oio/v1/grundtyper.pb.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace vera::oio {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;
using Kind = JsonValue::Kind;

enum class Special : std::uint8_t { none, unik_id, tidspunkt, timestamp };

Special special_of(const FieldDescriptor& field) {
    const Descriptor* type = field.message_type();
    if (type == v1::UnikId::descriptor()) return Special::unik_id;
    if (type == v1::Tidspunkt::descriptor()) return Special::tidspunkt;
    if (type == google::protobuf::Timestamp::descriptor()) return Special::timestamp;
    return Special::none;
}

PeriodEnd period_end(const FieldDescriptor& field) {
    return field.name().starts_with("fra") || field.name().starts_with("start")
               ? PeriodEnd::beginning
               : PeriodEnd::end;
}

/// The message of a field, an added one if it is repeated.
template <class T>
T& mutable_part(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    auto* part =
        dynamic_cast<T*>(field.is_repeated() ? reflection.AddMessage(&message, &field)
                                             : reflection.MutableMessage(&message, &field));
    VERA_CHECK(part != nullptr);
    return *part;
}

bool take_special(const JsonValue& value, Message& message, const FieldDescriptor& field) {
    if (!value.is(Kind::text)) return false;
    switch (special_of(field)) {
        case Special::unik_id: {
            auto& id = mutable_part<v1::UnikId>(message, field);
            if (value.text.starts_with("urn:"))
                id.set_urn_identifikator(value.text);
            else
                id.set_uuid_identifikator(value.text);
            return true;
        }
        case Special::tidspunkt: {
            v1::Tidspunkt time;
            if (!read_tidspunkt(value.text, period_end(field), time)) return false;
            mutable_part<v1::Tidspunkt>(message, field) = std::move(time);
            return true;
        }
        case Special::timestamp: {
            google::protobuf::Timestamp time;
            if (!TimeUtil::FromString(value.text, &time) || TimeUtil::ToString(time) != value.text)
                return false;
            mutable_part<google::protobuf::Timestamp>(message, field) = time;
            return true;
        }
        case Special::none:
            break;
    }
    return false;
}

std::optional<JsonValue> special_value(const Message& part, const FieldDescriptor& field) {
    if (const auto* id = dynamic_cast<const v1::UnikId*>(&part))
        return JsonValue::of_text(id->has_urn_identifikator() ? id->urn_identifikator()
                                                              : id->uuid_identifikator());
    if (const auto* time = dynamic_cast<const v1::Tidspunkt*>(&part))
        return JsonValue::of_text(tidspunkt_text(*time, period_end(field)));
    const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&part);
    if (time == nullptr || time->seconds() < TimeUtil::kTimestampMinSeconds ||
        time->seconds() > TimeUtil::kTimestampMaxSeconds || time->nanos() < 0 ||
        time->nanos() >= 1'000'000'000)
        return std::nullopt;
    return JsonValue::of_text(TimeUtil::ToString(*time));
}

/// A whole number as JSON writes it: no sign of plus, no leading zero, no fraction.
template <class Int>
std::optional<Int> whole_number(const std::string& text) {
    Int number{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || std::to_string(number) != text) return std::nullopt;
    return number;
}

std::string number_text(double number) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

const google::protobuf::EnumValueDescriptor* enum_value(const JsonValue& value,
                                                        const FieldDescriptor& field) {
    for (int i = 0; value.is(Kind::text) && i < field.enum_type()->value_count(); ++i)
        if (lora_text(*field.enum_type()->value(i)) == value.text)
            return field.enum_type()->value(i);
    return nullptr;
}

class Taking {
public:
    Taking(const JsonValue& value, Message& message, const FieldDescriptor& field)
        : value_(value),
          message_(message),
          field_(field) {}

    bool run();

private:
    template <class T, class Set, class Add>
    bool store(T value, Set set, Add add) {
        const Reflection& reflection = *message_.GetReflection();
        // Without presence, what is not said and the default are one.
        if (!field_.is_repeated() && !field_.has_presence() && value == T{}) return false;
        if (field_.is_repeated())
            (reflection.*add)(&message_, &field_, std::move(value));
        else
            (reflection.*set)(&message_, &field_, std::move(value));
        return true;
    }
    template <class Int, class Set, class Add>
    bool whole(Set set, Add add) {
        if (!value_.is(Kind::number)) return false;
        const auto number = whole_number<Int>(value_.text);
        return number && store(*number, set, add);
    }
    bool floating();
    bool enumeration();
    bool text();

    const JsonValue& value_;
    Message& message_;
    const FieldDescriptor& field_;
};

bool Taking::floating() {
    if (!value_.is(Kind::number)) return false;
    double number = 0;
    const char* end = value_.text.data() + value_.text.size();
    const auto [rest, error] = std::from_chars(value_.text.data(), end, number);
    if (error != std::errc{} || rest != end || number_text(number) != value_.text) return false;
    if (field_.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE)
        return store(number, &Reflection::SetDouble, &Reflection::AddDouble);
    const auto narrow = static_cast<float>(number);
    return static_cast<double>(narrow) == number &&
           store(narrow, &Reflection::SetFloat, &Reflection::AddFloat);
}

bool Taking::enumeration() {
    int number = 0;
    if (const auto* known = enum_value(value_, field_); known != nullptr) {
        number = known->number();
    } else {
        // A value that came from a newer schema was written as its number.
        const auto unknown =
            value_.is(Kind::number) ? whole_number<int>(value_.text) : std::nullopt;
        if (!unknown || field_.enum_type()->FindValueByNumber(*unknown) != nullptr) return false;
        number = *unknown;
    }
    return store(number, &Reflection::SetEnumValue, &Reflection::AddEnumValue);
}

bool Taking::text() {
    if (is_indeks(field_) && value_.is(Kind::number))
        return whole_number<std::int64_t>(value_.text) &&
               store(value_.text, &Reflection::SetString, &Reflection::AddString);
    if (!value_.is(Kind::text)) return false;
    if (is_indeks(field_) && whole_number<std::int64_t>(value_.text)) return false;
    std::string text = value_.text;
    if (field_.type() == FieldDescriptor::TYPE_BYTES) {
        const auto bytes = event::from_base64(text);
        if (!bytes || event::to_base64(*bytes) != text) return false;
        text = *bytes;
    }
    return store(std::move(text), &Reflection::SetString, &Reflection::AddString);
}

bool Taking::run() {
    switch (field_.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return whole<std::int32_t>(&Reflection::SetInt32, &Reflection::AddInt32);
        case FieldDescriptor::CPPTYPE_INT64:
            return whole<std::int64_t>(&Reflection::SetInt64, &Reflection::AddInt64);
        case FieldDescriptor::CPPTYPE_UINT32:
            return whole<std::uint32_t>(&Reflection::SetUInt32, &Reflection::AddUInt32);
        case FieldDescriptor::CPPTYPE_UINT64:
            return whole<std::uint64_t>(&Reflection::SetUInt64, &Reflection::AddUInt64);
        case FieldDescriptor::CPPTYPE_DOUBLE:
        case FieldDescriptor::CPPTYPE_FLOAT:
            return floating();
        case FieldDescriptor::CPPTYPE_BOOL:
            return value_.is(Kind::boolean) &&
                   store(value_.truth, &Reflection::SetBool, &Reflection::AddBool);
        case FieldDescriptor::CPPTYPE_ENUM:
            return enumeration();
        case FieldDescriptor::CPPTYPE_STRING:
            return text();
        case FieldDescriptor::CPPTYPE_MESSAGE:
            break;
    }
    return take_special(value_, message_, field_);
}

JsonValue enum_text(int number, const FieldDescriptor& field) {
    const auto* known = field.enum_type()->FindValueByNumber(number);
    return known == nullptr ? JsonValue::of_number(std::to_string(number))
                            : JsonValue::of_text(lora_text(*known));
}

JsonValue text_value(const std::string& text, const FieldDescriptor& field) {
    if (field.type() == FieldDescriptor::TYPE_BYTES)
        return JsonValue::of_text(event::to_base64(text));
    return is_indeks(field) && whole_number<std::int64_t>(text) ? JsonValue::of_number(text)
                                                                : JsonValue::of_text(text);
}

std::optional<JsonValue> floating_value(double number) {
    if (!std::isfinite(number)) return std::nullopt;
    return JsonValue::of_number(number_text(number));
}

}  // namespace

bool is_indeks(const FieldDescriptor& field) {
    return field.name() == "indeks" && field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

bool is_single_value(const FieldDescriptor& field) {
    return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
           special_of(field) != Special::none;
}

bool take_value(const JsonValue& value, Message& message, const FieldDescriptor& field) {
    return Taking(value, message, field).run();
}

std::optional<JsonValue> value_of(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    const auto get = [&](auto single, auto repeated) {
        return index < 0 ? (reflection.*single)(message, &field)
                         : (reflection.*repeated)(message, &field, index);
    };
    const auto whole = [](auto number) { return JsonValue::of_number(std::to_string(number)); };
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return whole(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
        case FieldDescriptor::CPPTYPE_INT64:
            return whole(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
        case FieldDescriptor::CPPTYPE_UINT32:
            return whole(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
        case FieldDescriptor::CPPTYPE_UINT64:
            return whole(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return floating_value(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
        case FieldDescriptor::CPPTYPE_FLOAT:
            return floating_value(
                static_cast<double>(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat)));
        case FieldDescriptor::CPPTYPE_BOOL:
            return JsonValue::of_bool(get(&Reflection::GetBool, &Reflection::GetRepeatedBool));
        case FieldDescriptor::CPPTYPE_ENUM:
            return enum_text(get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue),
                             field);
        case FieldDescriptor::CPPTYPE_STRING:
            return text_value(get(&Reflection::GetString, &Reflection::GetRepeatedString), field);
        case FieldDescriptor::CPPTYPE_MESSAGE:
            break;
    }
    return special_value(index < 0 ? reflection.GetMessage(message, &field)
                                   : reflection.GetRepeatedMessage(message, &field, index),
                         field);
}

}  // namespace vera::oio
