#include "bus/cli/marked_fields.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <string>

namespace vera::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

bool is_personal(const FieldDescriptor& field) {
    return field.type() == FieldDescriptor::TYPE_BYTES ||
           field.options().GetExtension(options::v1::personoplysning) !=
               options::v1::PERSONOPLYSNING_UNSPECIFIED;
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

// The message that an object with a "@type" is; none if the type is not known.
const Descriptor* named_type(const json& type) {
    if (!type.is_string()) return nullptr;
    const auto& url = type.get_ref<const std::string&>();
    return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        url.substr(url.rfind('/') + 1));
}

void walk(json& value, const Descriptor* message) {
    if (value.is_array()) {
        for (json& element : value)
            walk(element, message);
        return;
    }
    if (!value.is_object()) return;
    const auto type = value.find("@type");
    const bool is_any = type != value.end();
    if (is_any) message = named_type(*type);
    for (auto& [name, element] : value.items()) {
        if (is_any && name == "@type") continue;
        const FieldDescriptor* field = field_of(message, name);
        if (is_any && message == nullptr)
            mask_all(element);
        else if (field != nullptr && is_personal(*field))
            mask_all(element);
        else
            walk(element, field == nullptr ? nullptr : field->message_type());
    }
}

}  // namespace

void mask_marked(json& kuvert) {
    walk(kuvert, besked::v1::Haendelsesbesked::descriptor());
}

}  // namespace vera::cli
