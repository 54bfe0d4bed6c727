#include "tests/fuzz/schema_run.hpp"

#include "bus/base/check.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/message_rules.hpp"
#include "tests/fuzz/choices.hpp"

#include "vera/oio/v1/registrering.pb.h"
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wire_format_lite.h>

#include <memory>
#include <string>

namespace vera::fuzz {
namespace {

constexpr const char* drawn_pattern = "[a-z0-9æ]*";

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
namespace options = vera::options::v1;

constexpr int max_messages = 4;

/// A file of a few messages whose fields may be of each other's types.
class Schema {
public:
    explicit Schema(Choices& choices) : choices_(choices) {}

    FileDescriptorProto make() {
        file_.set_name("random.proto");
        is_proto2_ = choices_.once_in(4);
        file_.set_syntax(is_proto2_ ? "proto2" : "proto3");
        file_.add_dependency("google/protobuf/timestamp.proto");
        file_.add_dependency("google/protobuf/struct.proto");
        file_.add_dependency("vera/oio/v1/grundtyper.proto");
        file_.add_dependency("vera/oio/v1/registrering.proto");
        auto& kind = *file_.add_enum_type();
        kind.set_name("E");
        for (const int number : {0, 1, 63, 64, -5}) {
            auto& value = *kind.add_value();
            value.set_name("E" + std::to_string(kind.value_size()));
            value.set_number(number);
        }
        count_ = 1 + static_cast<int>(choices_.below(max_messages));
        for (int i = 0; i < count_; ++i)
            message(*file_.add_message_type(), i);
        return std::move(file_);
    }

private:
    void message(DescriptorProto& message, int index);
    void field(DescriptorProto& message, int number);
    void rules(FieldDescriptorProto& field);

    Choices& choices_;
    FileDescriptorProto file_;
    int count_ = 0;
    bool is_proto2_ = false;
};

void Schema::message(DescriptorProto& message, int index) {
    message.set_name("M" + std::to_string(index));
    const int fields = choices_.once_in(16) ? 70 : 1 + static_cast<int>(choices_.below(8));
    for (int i = 1; i <= fields; ++i)
        field(message, choices_.once_in(20) ? 1000 + i * 5000 : i);
    if (!is_proto2_ && choices_.once_in(4)) {
        message.add_oneof_decl()->set_name("choice");
        if (choices_.once_in(2))
            message.mutable_oneof_decl(0)->mutable_options()->SetExtension(options::oneof_required,
                                                                           true);
        bool has_member = false;
        for (auto& one : *message.mutable_field()) {  // they have to stand together
            if (one.label() == FieldDescriptorProto::LABEL_REPEATED || choices_.once_in(3)) {
                if (has_member) break;
                continue;
            }
            one.set_oneof_index(0);
            has_member = true;
        }
        if (!has_member) message.clear_oneof_decl();
    }
    if (message.field_size() < 2 || message.oneof_decl_size() != 0 || !choices_.once_in(3)) return;
    auto& period = *message.mutable_options()->AddExtension(options::periode);
    period.set_fra(message.field(0).name());
    period.set_til(message.field(1).name());
    const auto kind = choices_.below(3);
    for (auto* end : {message.mutable_field(0), message.mutable_field(1)}) {
        end->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
        end->clear_options();
        end->clear_oneof_index();
        end->clear_type_name();
        end->set_type(kind == 0 ? FieldDescriptorProto::TYPE_STRING
                                : FieldDescriptorProto::TYPE_MESSAGE);
        if (kind == 0)
            end->mutable_options()->SetExtension(options::format, options::FORMAT_DATO);
        else
            end->set_type_name(kind == 1 ? ".google.protobuf.Timestamp" : ".vera.oio.v1.Tidspunkt");
    }
}

void Schema::field(DescriptorProto& message, int number) {
    auto& field = *message.add_field();
    field.set_name("f" + std::to_string(number));
    field.set_number(number);
    // Groups (10) are refused; message types come more often than by their turn.
    auto type = 1 + static_cast<int>(choices_.below(18));
    if (type == FieldDescriptorProto::TYPE_GROUP && !choices_.once_in(64))
        type = FieldDescriptorProto::TYPE_MESSAGE;
    if (choices_.once_in(4)) type = FieldDescriptorProto::TYPE_STRING;
    field.set_type(static_cast<FieldDescriptorProto::Type>(type));
    field.set_label(choices_.once_in(3) ? FieldDescriptorProto::LABEL_REPEATED
                                        : FieldDescriptorProto::LABEL_OPTIONAL);
    if (is_proto2_ && choices_.once_in(16)) field.set_label(FieldDescriptorProto::LABEL_REQUIRED);
    if (type == FieldDescriptorProto::TYPE_ENUM) field.set_type_name(".E");
    if (type == FieldDescriptorProto::TYPE_GROUP) field.set_type_name(".M0");
    if (type == FieldDescriptorProto::TYPE_MESSAGE) {
        const auto what = choices_.below(8);
        const char* const known[] = {".google.protobuf.Timestamp",
                                     ".google.protobuf.Value",
                                     ".vera.oio.v1.UnikId",
                                     ".vera.oio.v1.Virkning"};
        field.set_type_name(
            what < 4 ? known[what]
                     : ".M" + std::to_string(choices_.below(static_cast<std::uint32_t>(count_))));
    }
    rules(field);
}

void Schema::rules(FieldDescriptorProto& field) {
    if (choices_.once_in(16)) field.mutable_options()->SetExtension(options::required, true);
    if (field.type() == FieldDescriptorProto::TYPE_ENUM && choices_.once_in(2))
        field.mutable_options()->SetExtension(options::known_value, true);
    if (field.type() != FieldDescriptorProto::TYPE_STRING) return;
    auto& rules = *field.mutable_options();
    switch (choices_.below(8)) {
        case 0:
            rules.SetExtension(options::format, static_cast<options::Format>(choices_.below(12)));
            break;
        case 1:
            rules.SetExtension(options::pattern, drawn_pattern);
            break;
        case 2:
            rules.MutableExtension(options::length)->set_min(choices_.below(4));
            rules.MutableExtension(options::length)->set_max(choices_.below(40));
            break;
        case 3:
            rules.AddExtension(options::urn, options::URN_ART_KLE);
            break;
        default:
            break;
    }
}

/// Bytes that follow the schema most of the time.
class Wire {
public:
    explicit Wire(Choices& choices) : choices_(choices) {}

    std::string message(const Descriptor& type, int depth) {
        std::string out;
        for (auto left = choices_.below(type.field_count() > 64 ? 90 : 12); left != 0; --left) {
            if (choices_.once_in(200)) {
                out.push_back(static_cast<char>(choices_.byte()));
                continue;
            }
            const auto index = choices_.below(static_cast<std::uint32_t>(type.field_count()));
            field(*type.field(static_cast<int>(index)), depth, out);
        }
        return out;
    }

private:
    static void varint(std::uint64_t value, std::string& out) {
        for (; value >= 0x80U; value >>= 7U)
            out.push_back(static_cast<char>(value | 0x80U));
        out.push_back(static_cast<char>(value));
    }
    void field(const FieldDescriptor& field, int depth, std::string& out);
    void packed(const FieldDescriptor& field, int type, std::string& out);
    [[nodiscard]] std::uint64_t number(const FieldDescriptor& field);
    [[nodiscard]] std::string text(const FieldDescriptor& field);

    Choices& choices_;
};

std::uint64_t Wire::number(const FieldDescriptor& field) {
    constexpr std::uint64_t values[] = {0, 1, 63, 64, static_cast<std::uint64_t>(-5), 1, 1, 63};
    if (field.type() == FieldDescriptor::TYPE_ENUM && !choices_.once_in(16))
        return values[choices_.below(8)];
    return choices_.once_in(16) ? ~std::uint64_t{0} : choices_.any32();
}

std::string Wire::text(const FieldDescriptor& field) {
    static constexpr std::string_view texts[] = {"",
                                                 "abc",
                                                 "æ",
                                                 "2026-11-23",
                                                 "2026-02-29",
                                                 "2026-11-24",
                                                 "96514e13-afdd-44d6-95a8-adc2ca19b127",
                                                 "urn:oio:kle:27.24",
                                                 "urn:oio:cvr-nr:29189382",
                                                 "29189382",
                                                 "2512484916",
                                                 "27.24.06",
                                                 "0810",
                                                 "G01",
                                                 "https://laesoe.dk/",
                                                 "da-DK"};
    if (field.message_type() == nullptr && choices_.once_in(32)) return "\xe6";
    return std::string(texts[choices_.below(16)]);
}

void Wire::field(const FieldDescriptor& field, int depth, std::string& out) {
    using google::protobuf::internal::WireFormatLite;
    const int type =
        WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field.type()));
    const bool is_wrong = choices_.once_in(150);
    const int sent = is_wrong ? static_cast<int>(choices_.below(8)) : type;
    const auto number32 = static_cast<std::uint64_t>(field.number());
    if (field.is_packable() && choices_.once_in(2)) {
        varint(number32 << 3U | 2U, out);
        return packed(field, type, out);
    }
    varint(number32 << 3U | static_cast<unsigned>(sent), out);
    switch (sent) {
        case 0:
            return varint(number(field), out);
        case 1:
            return out.append(8, static_cast<char>(choices_.below(2))), void();
        case 5:
            return out.append(4, static_cast<char>(choices_.below(2))), void();
        case 2: {
            const std::string inner = field.message_type() != nullptr && depth < 6
                                          ? message(*field.message_type(), depth + 1)
                                          : text(field);
            varint(inner.size() + (choices_.once_in(150) ? choices_.below(4) : 0U), out);
            out += inner;
            return;
        }
        default:
            return;
    }
}

void Wire::packed(const FieldDescriptor& field, int type, std::string& out) {
    std::string inner;
    for (auto left = choices_.below(4); left != 0; --left) {
        if (type == 0)
            varint(number(field), inner);
        else
            inner.append(type == 1 ? 8 : 4, 'x');
    }
    if (choices_.once_in(32)) inner.push_back('\xff');
    varint(inner.size(), out);
    out += inner;
}

/// The rules, asked of a parsed message: a second opinion by another way.
bool keeps_rules(const google::protobuf::Message& message);

bool is_filled(const google::protobuf::Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    if (field.is_repeated()) {
        const int count = reflection.FieldSize(message, &field);
        if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return count != 0;
        for (int i = 0; i < count; ++i)
            if (!reflection.GetRepeatedString(message, &field, i).empty()) return true;
        return false;
    }
    if (!reflection.HasField(message, &field)) return false;
    return field.cpp_type() != FieldDescriptor::CPPTYPE_STRING ||
           !reflection.GetString(message, &field).empty();
}

bool keeps_rules(const std::string& text, const google::protobuf::FieldOptions& rules) {
    if (text.empty()) return true;
    if (!event::has_format(text, rules.GetExtension(options::format))) return false;
    if (rules.GetExtension(options::pattern) == drawn_pattern)  // not those of vera.oio's own
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool is_plain =
                (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
                text.compare(i, 2, "æ") == 0 || (i != 0 && text.compare(i - 1, 2, "æ") == 0);
            if (!is_plain) return false;
        }
    if (rules.HasExtension(options::length)) {
        std::size_t length = 0;
        for (const char c : text)
            length += (static_cast<unsigned char>(c) & 0xc0U) == 0x80U ? 0U : 1U;
        const auto& bounds = rules.GetExtension(options::length);
        if (length < bounds.min() || (bounds.max() != 0 && length > bounds.max())) return false;
    }
    return rules.ExtensionSize(options::urn) == 0 || text.starts_with("urn:oio:kle:");
}

bool keeps_rules(const google::protobuf::Message& message, const FieldDescriptor& field) {
    const auto& rules = field.options();
    const auto& reflection = *message.GetReflection();
    if (rules.GetExtension(options::required) && !is_filled(message, field)) return false;
    const int count = field.is_repeated()                    ? reflection.FieldSize(message, &field)
                      : reflection.HasField(message, &field) ? 1
                                                             : 0;
    for (int i = 0; i < count; ++i) {
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            if (!keeps_rules(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                                 : reflection.GetMessage(message, &field)))
                return false;
        } else if (field.type() == FieldDescriptor::TYPE_STRING) {
            if (!keeps_rules(field.is_repeated() ? reflection.GetRepeatedString(message, &field, i)
                                                 : reflection.GetString(message, &field),
                             rules))
                return false;
        } else if (field.type() == FieldDescriptor::TYPE_ENUM &&
                   rules.GetExtension(options::known_value)) {
            const int value = field.is_repeated()
                                  ? reflection.GetRepeatedEnumValue(message, &field, i)
                                  : reflection.GetEnumValue(message, &field);
            if (field.enum_type()->FindValueByNumber(value) == nullptr) return false;
        }
    }
    return true;
}

bool keeps_rules(const google::protobuf::Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i)
        if (!keeps_rules(message, *type.field(i))) return false;
    return true;
}

}  // namespace

void run_schema(std::string_view bytes, SchemaTally& tally) {
    ++tally.runs;
    Choices choices(bytes);
    // Names the files that the random one imports, so that the linker keeps them.
    (void)google::protobuf::Value::descriptor();
    (void)vera::oio::v1::Virkning::descriptor();
    DescriptorPool pool(DescriptorPool::generated_pool());
    const auto* file = pool.BuildFile(Schema(choices).make());
    if (file == nullptr) return void(++tally.refused_schemas);
    event::RuleBook book;
    const Descriptor* type = file->message_type(0);
    const auto rules = book.compile(type);
    if (!rules) return void(++tally.refused_schemas);
    google::protobuf::DynamicMessageFactory factory;
    for (int round = 0; round < 8 && !choices.is_over(); ++round) {
        const std::string wire = Wire(choices).message(*type, 0);
        const auto broken = event::check_message(**rules, wire, event::UnknownFields::kept);
        if (broken) {
            VERA_CHECK(!broken->what.empty());
            ++tally.broken;
            continue;
        }
        ++tally.passed;
        const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
        VERA_CHECK(message->ParseFromString(wire));
        VERA_CHECK(keeps_rules(*message));
    }
}

}  // namespace vera::fuzz
