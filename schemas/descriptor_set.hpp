#pragma once
// The built-in schemas as data: what `protoc --include_imports --include_source_info` makes of all
// files in this folder. For whoever needs all message types, their options and comments, but not
// their generated code. It is not a descriptor pool.
#include <string_view>

namespace vera::schemas {

/// A serialized google.protobuf.FileDescriptorSet, every file after those it imports. Lives as long
/// as the program.
[[nodiscard]] std::string_view descriptor_set() noexcept;

}  // namespace vera::schemas
