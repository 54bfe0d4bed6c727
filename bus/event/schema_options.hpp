#pragma once
// VeRA's options of a descriptor, from whatever pool it is. Only the pool of the generated code
// knows the extensions' types; elsewhere they are read from the options' bytes.
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::event {

/// Of a package, or of one below it: "vera.sag.v1" is of "vera".
[[nodiscard]] bool is_of_package(std::string_view package, std::string_view root);

/// Of VeRA's extensions of Protobuf's options.
[[nodiscard]] constexpr bool is_number_of_option(int number) {
    return number >= 50801 && number <= 50841;
}

/// Without VeRA's options a schema can mark nothing, and so says nothing of what is personal.
[[nodiscard]] bool can_mark(const google::protobuf::FileDescriptor& file);

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
    std::uint32_t max_at_a_time = 0;
    std::string example;
};
[[nodiscard]] FieldOptions options_of(const google::protobuf::FieldDescriptor& field);

/// What the options of a message say about it.
struct MessageOptions {
    std::optional<vera::options::v1::Besked> besked;  ///< none: no payload of an event
    std::vector<vera::options::v1::Periode> periods;
};
[[nodiscard]] MessageOptions options_of(const google::protobuf::Descriptor& message);

/// What is said of a message as the payload of an event: its option, or nothing if it stands at the
/// top level of a file that cannot say it, one that neither is VeRA's nor imports its options. No
/// value: it is no payload.
[[nodiscard]] std::optional<vera::options::v1::Besked> payload_of(
    const google::protobuf::Descriptor& message);

/// One member has to be set.
[[nodiscard]] bool is_required(const google::protobuf::OneofDescriptor& oneof);

}  // namespace vera::event
