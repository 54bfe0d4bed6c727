#include "adapters/oio/model.hpp"

#include "bus/base/check.hpp"

#include "vera/oio/v1/grundtyper.pb.h"
#include "vera/oio/v1/registrering.pb.h"
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <utility>

#include "schemas/descriptor_set.hpp"

namespace vera::oio {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

/// Fields of the shared types have the names of the OIO standard; these are LoRa's for them.
struct Renamed {
    std::string_view field;
    std::string_view lora;
};
constexpr std::array renamed{
    Renamed{"vera.oio.v1.Virkning.fra_tidspunkt", "from"},
    Renamed{"vera.oio.v1.Virkning.til_tidspunkt", "to"},
    Renamed{"vera.oio.v1.Virkning.fra_inkluderet", "from_included"},
    Renamed{"vera.oio.v1.Virkning.til_inkluderet", "to_included"},
    Renamed{"vera.oio.v1.Virkning.aktoer_ref", "aktoerref"},
    Renamed{"vera.oio.v1.Virkning.aktoer_type_kode", "aktoertypekode"},
    Renamed{"vera.oio.v1.Virkning.note_tekst", "notetekst"},
    Renamed{"vera.oio.v1.Registrering.note_tekst", "note"},
    Renamed{"vera.oio.v1.Registrering.livscyklus_kode", "livscykluskode"},
    Renamed{"vera.oio.v1.Registrering.bruger_ref", "brugerref"},
    Renamed{"vera.oio.v1.Registrering.sts_tidspunkt", "ststidspunkt"},
};

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool holds(const FieldDescriptor* field, const Descriptor* type) {
    return field != nullptr && field->message_type() == type;
}

bool has_virkning(const Descriptor& type) {
    return holds(type.FindFieldByName("virkning"), v1::Virkning::descriptor());
}

/// A state is a virkning and one enum that is named as the state.
bool is_state(const FieldDescriptor& field) {
    const Descriptor& type = *field.message_type();
    const FieldDescriptor* value = type.FindFieldByName(field.name());
    return type.field_count() == 2 && value != nullptr && value->enum_type() != nullptr;
}

bool is_object(const Descriptor& type) {
    return holds(type.FindFieldByName("objekt_id"), v1::UnikId::descriptor()) &&
           holds(type.FindFieldByName("registrering"), v1::Registrering::descriptor());
}

ObjectClass class_of(const Descriptor& type) {
    ObjectClass made;
    made.type = &type;
    made.key = lower(type.name());
    made.objekt_id = type.FindFieldByName("objekt_id");
    made.registrering = type.FindFieldByName("registrering");
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor* field = type.field(i);
        if (field == made.objekt_id || field == made.registrering) continue;
        const bool is_group = field->is_repeated() && field->message_type() != nullptr &&
                              has_virkning(*field->message_type());
        const std::string name(lora_name(*field));
        if (field->name() == "relationer" && field->message_type() != nullptr)
            made.relationer = field;
        else if (is_group && is_state(*field))
            made.tilstande.push_back({made.key + name, field});
        else if (is_group)
            made.attributter.push_back({made.key + name, field});
        else
            made.others.push_back({name, field});
    }
    return made;
}

}  // namespace

struct Model::Contents {
    // What is compiled in is taken from there, so that shared types are those that code names.
    DescriptorPool pool{DescriptorPool::generated_pool()};
    event::MessageTypes messages{pool};
    std::vector<ObjectClass> classes;
};

Model::Model() : contents_(std::make_unique<Contents>()) {
    const std::string_view bytes = schemas::descriptor_set();
    google::protobuf::FileDescriptorSet set;
    VERA_CHECK(set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    // The shared types by name: their files are then in the generated pool.
    VERA_CHECK(v1::Virkning::descriptor() != nullptr && v1::UnikId::descriptor() != nullptr);
    for (const auto& file : set.file()) {
        const auto* known = contents_->pool.FindFileByName(file.name());
        if (known == nullptr) known = contents_->pool.BuildFile(file);
        VERA_CHECK(known != nullptr);
        for (int i = 0; i < known->message_type_count(); ++i)
            if (is_object(*known->message_type(i)))
                contents_->classes.push_back(class_of(*known->message_type(i)));
    }
    std::ranges::sort(contents_->classes, {}, &ObjectClass::key);
}

Model::~Model() = default;

std::shared_ptr<const Model> Model::built_in() {
    return std::shared_ptr<const Model>(new Model);
}

const std::vector<ObjectClass>& Model::classes() const {
    return contents_->classes;
}

const ObjectClass* Model::find(std::string_view name) const {
    const std::string wanted = lower(name);
    const auto found = std::ranges::find_if(contents_->classes, [&](const ObjectClass& one) {
        return one.key == wanted || lower(one.type->full_name()) == wanted;
    });
    return found == contents_->classes.end() ? nullptr : &*found;
}

const Descriptor* Model::type(const std::string& full_name) const {
    return contents_->pool.FindMessageTypeByName(full_name);
}

const event::MessageTypes& Model::messages() const {
    return contents_->messages;
}

std::unique_ptr<google::protobuf::Message> Model::make(const Descriptor& type) const {
    return contents_->messages.make(type);
}

std::string_view lora_name(const FieldDescriptor& field) {
    const auto found = std::ranges::find(renamed, field.full_name(), &Renamed::field);
    if (found != renamed.end()) return found->lora;
    const std::string& source = field.options().GetExtension(options::v1::source_name);
    return source.empty() ? field.name() : source;
}

const FieldDescriptor* field_named(const Descriptor& type, std::string_view name) {
    for (int i = 0; i < type.field_count(); ++i)
        if (lora_name(*type.field(i)) == name) return type.field(i);
    return nullptr;
}

const FieldDescriptor* reference_of(const Descriptor& type) {
    const FieldDescriptor* field = type.FindFieldByName("reference_id");
    return has_virkning(type) && holds(field, v1::UnikId::descriptor()) ? field : nullptr;
}

bool is_list_of_texts(const Descriptor& type) {
    return type.full_name() == "vera.klassifikation.v1.Soegeord";
}

const std::string& lora_text(const EnumValueDescriptor& value) {
    const std::string& source = value.options().GetExtension(options::v1::source_text);
    return source.empty() ? value.name() : source;
}

}  // namespace vera::oio
