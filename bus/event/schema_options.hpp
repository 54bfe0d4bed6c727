#pragma once
// VeRA's options of a descriptor, from whatever pool it is. Only the pool of the generated code
// knows the extensions' types; elsewhere they are read from the options' bytes.
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <vector>

namespace vera::event {

/// What the options of a field say about it.
struct FieldOptions {
    bool is_required = false;
    bool wants_known_value = false;
    bool is_protected_address = false;
    vera::options::v1::Format format = vera::options::v1::FORMAT_UNSPECIFIED;
    vera::options::v1::Personoplysning personal = vera::options::v1::PERSONOPLYSNING_UNSPECIFIED;
    vera::options::v1::Maskering masking = vera::options::v1::MASKERING_UNSPECIFIED;
    std::optional<vera::options::v1::Laengde> length;
    std::string pattern;
    std::vector<vera::options::v1::UrnArt> urns;
    std::string example;
};
[[nodiscard]] FieldOptions options_of(const google::protobuf::FieldDescriptor& field);

/// What the options of a message say about it.
struct MessageOptions {
    std::optional<vera::options::v1::Besked> besked;  ///< none: no payload of an event
    std::vector<vera::options::v1::Periode> periods;
};
[[nodiscard]] MessageOptions options_of(const google::protobuf::Descriptor& message);

/// One member has to be set.
[[nodiscard]] bool is_required(const google::protobuf::OneofDescriptor& oneof);

}  // namespace vera::event
