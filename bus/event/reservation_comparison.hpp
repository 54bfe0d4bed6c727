#pragma once
// What a schema promised never to use again, before and after. Nothing breaks at once when it
// forgets a number; but the next change could use it, and would be compared with a schema that
// knows nothing of it any more.
#include "bus/event/difference.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::event {

/// Not of numbers and names that have come into use: that is told of the field or value.
void compare_reservations(const google::protobuf::Descriptor& old,
                          const google::protobuf::Descriptor& fresh,
                          Differences& found);
void compare_reservations(const google::protobuf::EnumDescriptor& old,
                          const google::protobuf::EnumDescriptor& fresh,
                          Differences& found);

}  // namespace vera::event
