#include "adapters/oio/object_writer.hpp"

#include "adapters/oio/object_reader.hpp"
#include "adapters/oio/value_text.hpp"
#include "bus/base/check.hpp"

#include "vera/oio/v1/registrering.pb.h"

#include <algorithm>
#include <string>
#include <utility>

namespace vera::oio {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = JsonValue::Kind;

class ObjectWriter {
public:
    ObjectWriter(const ObjectClass& type, const Message& object, const JsonValue* id)
        : type_(type),
          object_(object),
          id_(id),
          registration_(dynamic_cast<const v1::Registrering*>(
              &object.GetReflection()->GetMessage(object, type.registrering))) {
        VERA_CHECK(registration_ != nullptr);
    }

    Result<JsonValue> run();

private:
    void registration(JsonValue& body);
    void bound(JsonValue& body, const char* name, int time, int included);
    void groups(JsonValue& body, const char* name, const std::vector<Member>& known);
    void relations(JsonValue& body);
    void add_aside(JsonValue& body);

    JsonValue object(const Message& message);
    JsonValue texts(const Message& message);
    JsonValue field(const Message& message, const FieldDescriptor& field);
    JsonValue element(const Message& message, const FieldDescriptor& field, int index);
    void reference(JsonValue& out, const v1::UnikId& id);
    void check_unknown(const Message& message);
    [[nodiscard]] bool has_passive_order() const;

    void wrong(const std::string& what) {
        if (error_.empty()) error_ = path_ + (path_.empty() ? "" : ": ") + what;
    }

    const ObjectClass& type_;
    const Message& object_;
    const JsonValue* id_;
    const v1::Registrering* registration_;
    std::string path_;
    std::string error_;
};

bool is_set(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                               : reflection.HasField(message, &field);
}

/// A field from a newer schema would be lost.
void ObjectWriter::check_unknown(const Message& message) {
    const auto& unknown = message.GetReflection()->GetUnknownFields(message);
    if (!unknown.empty())
        wrong("field " + std::to_string(unknown.field(0).number()) + " is not in the schema of " +
              message.GetDescriptor()->name());
}

JsonValue ObjectWriter::texts(const Message& message) {
    JsonValue list = JsonValue::of(Kind::list);
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        if (!is_set(message, *type.field(i))) continue;
        while (list.elements.size() < static_cast<std::size_t>(i))
            list.elements.emplace_back();
        list.elements.push_back(value_of(message, *type.field(i), -1).value_or(JsonValue{}));
    }
    return list;
}

void ObjectWriter::reference(JsonValue& out, const v1::UnikId& id) {
    check_unknown(id);
    if (id.has_uuid_identifikator())
        out.add("uuid", JsonValue::of_text(id.uuid_identifikator()));
    else if (id.has_urn_identifikator())
        out.add("urn", JsonValue::of_text(id.urn_identifikator()));
}

JsonValue ObjectWriter::object(const Message& message) {
    JsonValue out = JsonValue::of(Kind::object);
    const FieldDescriptor* refers = reference_of(*message.GetDescriptor());
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* present : fields) {
        if (!error_.empty()) break;
        if (present == refers) {
            const auto* id = dynamic_cast<const v1::UnikId*>(
                &message.GetReflection()->GetMessage(message, present));
            VERA_CHECK(id != nullptr);
            reference(out, *id);
        } else {
            out.add(std::string(lora_name(*present)), field(message, *present));
        }
    }
    return out;
}

JsonValue ObjectWriter::element(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    if (field.message_type() != nullptr)
        check_unknown(index < 0 ? reflection.GetMessage(message, &field)
                                : reflection.GetRepeatedMessage(message, &field, index));
    if (is_single_value(field)) {
        auto value = value_of(message, field, index);
        if (!value) wrong("LoRa's JSON has no text for it");
        if (value && value->text.size() > JsonLimits{}.text_bytes)
            wrong("a text of more than " + std::to_string(JsonLimits{}.text_bytes) + " bytes");
        return value ? std::move(*value) : JsonValue{};
    }
    const Message& part = index < 0 ? reflection.GetMessage(message, &field)
                                    : reflection.GetRepeatedMessage(message, &field, index);
    return is_list_of_texts(*part.GetDescriptor()) ? texts(part) : object(part);
}

JsonValue ObjectWriter::field(const Message& message, const FieldDescriptor& field) {
    const std::size_t length = path_.size();
    path_ += (path_.empty() ? "" : ".") + field.name();
    JsonValue out;
    if (!field.is_repeated()) {
        out = element(message, field, -1);
    } else {
        out = JsonValue::of(Kind::list);
        const std::size_t name_end = path_.size();
        const int count = message.GetReflection()->FieldSize(message, &field);
        for (int i = 0; i < count && error_.empty(); ++i) {
            path_ += '[' + std::to_string(i) + ']';
            out.elements.push_back(element(message, field, i));
            path_.resize(name_end);
        }
    }
    if (error_.empty()) path_.resize(length);
    return out;
}

void ObjectWriter::groups(JsonValue& body, const char* name, const std::vector<Member>& known) {
    JsonValue groups = JsonValue::of(Kind::object);
    for (const Member& group : known)
        if (is_set(object_, *group.field)) groups.add(group.name, field(object_, *group.field));
    if (!groups.elements.empty()) body.add(name, std::move(groups));
}

void ObjectWriter::relations(JsonValue& body) {
    if (type_.relationer == nullptr) return;
    JsonValue out = JsonValue::of(Kind::object);
    const bool is_there = is_set(object_, *type_.relationer);
    if (is_there) out = field(object_, *type_.relationer);
    for (const std::string& name : registration_->toemte_relationer()) {
        const FieldDescriptor* known = type_.relationer->message_type()->FindFieldByName(name);
        const std::string lora(known == nullptr ? name : lora_name(*known));
        if (out.find(lora) == nullptr) out.add(lora, JsonValue::of(Kind::list));
    }
    if (is_there || !out.elements.empty()) body.add("relationer", std::move(out));
}

void ObjectWriter::bound(JsonValue& body, const char* name, int time, int included) {
    const Descriptor& type = *v1::Registrering::descriptor();
    JsonValue out = JsonValue::of(Kind::object);
    for (const auto& [part, number] :
         {std::pair{"tidsstempeldatotid", time}, std::pair{"graenseindikator", included}})
        if (is_set(*registration_, *type.FindFieldByNumber(number)))
            out.add(part, field(*registration_, *type.FindFieldByNumber(number)));
    if (!out.elements.empty()) body.add(name, std::move(out));
}

bool ObjectWriter::has_passive_order() const {
    return registration_->livscyklus_kode() == v1::LIVSCYKLUS_KODE_PASSIVERET &&
           std::ranges::any_of(registration_->lokale_udvidelser(), [](const auto& kept) {
               return kept.sti() == pointer_to({}, passive_order) && kept.vaerdi() == "\"Passiv\"";
           });
}

void ObjectWriter::registration(JsonValue& body) {
    check_unknown(*registration_);
    const Descriptor& type = *v1::Registrering::descriptor();
    for (const int number : {v1::Registrering::kNoteTekstFieldNumber,
                             v1::Registrering::kLivscyklusKodeFieldNumber,
                             v1::Registrering::kBrugerRefFieldNumber,
                             v1::Registrering::kStsTidspunktFieldNumber}) {
        const FieldDescriptor& part = *type.FindFieldByNumber(number);
        const bool is_said_already =
            number == v1::Registrering::kLivscyklusKodeFieldNumber && has_passive_order();
        if (is_set(*registration_, part) && !is_said_already)
            body.add(std::string(lora_name(part)), field(*registration_, part));
    }
    bound(body,
          "fratidspunkt",
          v1::Registrering::kFraTidspunktFieldNumber,
          v1::Registrering::kFraInkluderetFieldNumber);
    bound(body,
          "tiltidspunkt",
          v1::Registrering::kTilTidspunktFieldNumber,
          v1::Registrering::kTilInkluderetFieldNumber);
}

/// In their order: each stands where it stood when those before it are back.
void ObjectWriter::add_aside(JsonValue& body) {
    std::size_t budget = aside_budget;
    for (int i = 0; i < registration_->lokale_udvidelser_size() && error_.empty(); ++i) {
        const v1::LokalUdvidelse& kept = registration_->lokale_udvidelser(i);
        path_ = "registrering.lokale_udvidelser[" + std::to_string(i) + ']';
        auto value = parse_json(kept.vaerdi());
        if (!value) return wrong("vaerdi is no JSON: " + value.error().text);
        const auto added = add_at(body, kept.sti(), std::move(*value));
        if (!added) return wrong("sti: " + added.error().text);
        budget -= std::min(budget, *added);
        if (budget == 0) return wrong("too many values were kept aside");
    }
}

Result<JsonValue> ObjectWriter::run() {
    JsonValue body = JsonValue::of(Kind::object);
    check_unknown(object_);
    if (is_set(object_, *type_.objekt_id)) {
        JsonValue id = field(object_, *type_.objekt_id);
        if (id_ == nullptr || id_->text != id.text) body.add("id", std::move(id));
    }
    registration(body);
    groups(body, "attributter", type_.attributter);
    groups(body, "tilstande", type_.tilstande);
    relations(body);
    for (const Member& other : type_.others)
        if (is_set(object_, *other.field)) body.add(other.name, field(object_, *other.field));
    if (error_.empty()) add_aside(body);
    if (!error_.empty()) return fail(Errc::bad_input, error_);
    return body;
}

}  // namespace

Result<JsonValue> write_object(const ObjectClass& type,
                               const Message& message,
                               const JsonValue* id) {
    return ObjectWriter(type, message, id).run();
}

}  // namespace vera::oio
