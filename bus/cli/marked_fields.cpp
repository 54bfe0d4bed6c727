#include "bus/cli/marked_fields.hpp"

#include "bus/event/message_types.hpp"
#include "bus/event/schema_options.hpp"

#include <google/protobuf/descriptor.h>

#include <string>

namespace vera::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

bool is_personal(const FieldDescriptor& field) {
    return field.type() == FieldDescriptor::TYPE_BYTES ||
           event::options_of(field).personal != options::v1::PERSONOPLYSNING_UNSPECIFIED;
}

// By its JSON name, or as the schema has it: JSON that was no kuvert may have either.
const FieldDescriptor* field_of(const Descriptor* message, const std::string& name) {
    if (message == nullptr) return nullptr;
    for (int i = 0; i < message->field_count(); ++i)
        if (message->field(i)->json_name() == name || message->field(i)->name() == name)
            return message->field(i);
    return nullptr;
}

void mask_all(json& value) {
    if (value.is_structured()) {
        for (json& element : value)
            mask_all(element);
    } else if (!value.is_null()) {
        value = "***";
    }
}

// The message that an object with a "@type" is; none if the type is not known, or cannot tell what
// is personal.
const Descriptor* named_type(const json& type, const event::Catalogue& catalogue) {
    if (!type.is_string()) return nullptr;
    const auto& url = type.get_ref<const std::string&>();
    const Descriptor* found = catalogue.messages().find(url.substr(url.rfind('/') + 1));
    return found != nullptr && event::can_mark(*found->file()) ? found : nullptr;
}

void walk(json& value, const Descriptor* message, const event::Catalogue& catalogue);

void walk_member(json& value, const FieldDescriptor* field, const event::Catalogue& catalogue) {
    if (field != nullptr && is_personal(*field)) return mask_all(value);
    if (field == nullptr || !field->is_map() || !value.is_object())
        return walk(value, field == nullptr ? nullptr : field->message_type(), catalogue);
    // Its members are keys, not fields, and "@type" may be one.
    for (json& element : value)
        walk_member(element, field->message_type()->map_value(), catalogue);
}

void walk(json& value, const Descriptor* message, const event::Catalogue& catalogue) {
    if (value.is_array()) {
        for (json& element : value)
            walk(element, message, catalogue);
        return;
    }
    if (!value.is_object()) return;
    const auto type = value.find("@type");
    const bool is_any = type != value.end();
    if (is_any) message = named_type(*type, catalogue);
    for (auto& [name, element] : value.items()) {
        if (is_any && name == "@type") continue;
        if (is_any && message == nullptr)
            mask_all(element);
        else
            walk_member(element, field_of(message, name), catalogue);
    }
}

}  // namespace

void mask_marked(json& kuvert, const event::Catalogue& catalogue) {
    walk(kuvert, catalogue.messages().find("vera.besked.v1.Haendelsesbesked"), catalogue);
}

}  // namespace vera::cli
