#pragma once
// The classes of the information model as LoRa's JSON names them, found by descriptor: whatever
// message has the shape of an object (schemas/README.md) is a class, and the keys of its JSON
// follow from the names of its fields. No class is named in code.
#include "bus/base/result.hpp"
#include "bus/event/message_types.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::oio {

/// One member of a JSON object and the field that holds it.
struct Member {
    std::string name;
    const google::protobuf::FieldDescriptor* field = nullptr;
};

/// A class and the keys of its JSON.
struct ObjectClass {
    const google::protobuf::Descriptor* type = nullptr;
    std::string key;                  ///< "organisationfunktion"
    std::vector<Member> attributter;  ///< members of "attributter": "sagegenskaber"
    std::vector<Member> tilstande;    ///< members of "tilstande": "sagfremdrift"
    std::vector<Member> others;       ///< members of the object itself: "varianter"
    const google::protobuf::FieldDescriptor* objekt_id = nullptr;
    const google::protobuf::FieldDescriptor* registrering = nullptr;
    const google::protobuf::FieldDescriptor* relationer = nullptr;  ///< nullptr: it has none
};

/// Immutable after construction; shared use from any thread. Messages made by it do not outlive it.
class Model {
public:
    /// The schemas compiled into VeRA.
    [[nodiscard]] static std::shared_ptr<const Model> built_in();

    [[nodiscard]] const std::vector<ObjectClass>& classes() const;
    /// By key, by the name of its message ("OrganisationFunktion") or the full name, in any case.
    /// nullptr: there is none.
    [[nodiscard]] const ObjectClass* find(std::string_view name) const;
    /// nullptr: there is none.
    [[nodiscard]] const google::protobuf::Descriptor* type(const std::string& full_name) const;
    /// An empty message.
    [[nodiscard]] std::unique_ptr<google::protobuf::Message> make(
        const google::protobuf::Descriptor& type) const;

    [[nodiscard]] const event::MessageTypes& messages() const;

    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    ~Model();

private:
    Model();
    struct Contents;
    std::unique_ptr<Contents> contents_;
};

/// Name of a field in LoRa's JSON. Relation.reference_id, which is "uuid" or "urn" there, and the
/// objects' objekt_id ("id") keep their own.
[[nodiscard]] std::string_view lora_name(const google::protobuf::FieldDescriptor& field);
/// nullptr: `type` has no field of that name in LoRa's JSON.
[[nodiscard]] const google::protobuf::FieldDescriptor* field_named(
    const google::protobuf::Descriptor& type, std::string_view lora_name);
/// The field that holds what a relation refers to; nullptr: `type` is no relation.
[[nodiscard]] const google::protobuf::FieldDescriptor* reference_of(
    const google::protobuf::Descriptor& type);
/// Its JSON is a list of texts, one per field, in their order.
[[nodiscard]] bool is_list_of_texts(const google::protobuf::Descriptor& type);
/// Text of a value in LoRa's JSON.
[[nodiscard]] const std::string& lora_text(const google::protobuf::EnumValueDescriptor& value);

}  // namespace vera::oio
