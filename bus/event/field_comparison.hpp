#pragma once
// One field, before and after: what of bytes, JSON and programs breaks. Its rules with it.
#include "bus/event/difference.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::event {

/// Two fields of one number.
void compare_fields(const google::protobuf::FieldDescriptor& old,
                    const google::protobuf::FieldDescriptor& fresh,
                    Differences& found);
/// Only what their values are; of extensions too.
void compare_types(const google::protobuf::FieldDescriptor& old,
                   const google::protobuf::FieldDescriptor& fresh,
                   Differences& found);

}  // namespace vera::event
