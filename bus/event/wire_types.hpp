#pragma once
// How a field stands on the wire (Protobuf encoding, "Message Structure").
#include "bus/event/wire.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::event {

/// Of one element, unless it is packed.
[[nodiscard]] WireType wire_type_of(const google::protobuf::FieldDescriptor& field);

}  // namespace vera::event
