#pragma once
// The next version of a schema: what people change, one or a few at a time. Much of it builds.
#include "tests/fuzz/choices.hpp"

#include <google/protobuf/descriptor.pb.h>

namespace vera::fuzz {

/// Numbers, types, names, rules, values, defaults, choices, reservations, syntax, options of the
/// file; something less or more.
[[nodiscard]] google::protobuf::FileDescriptorProto changed_file(
    google::protobuf::FileDescriptorProto file, Dice& dice);

}  // namespace vera::fuzz
