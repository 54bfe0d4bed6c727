#pragma once
// The rules of a schema's options, before and after: what the door took and refuses now. A rule
// that is looser breaks nothing.
#include "bus/event/difference.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::event {

/// Of a field.
void compare_rules(const google::protobuf::FieldDescriptor& old,
                   const google::protobuf::FieldDescriptor& fresh,
                   Differences& found);
/// Of a message by itself: what it is as a payload, its periods, its choices.
void compare_rules(const google::protobuf::Descriptor& old,
                   const google::protobuf::Descriptor& fresh,
                   Differences& found);

}  // namespace vera::event
