#pragma once
// The built-in schemas as a descriptor pool, and what tests ask of all of them.
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <functional>
#include <string>
#include <vector>

namespace vera::schemas::test {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

/// Files of the package vera, built from the descriptor set.
[[nodiscard]] const std::vector<const FileDescriptor*>& files();
/// Their messages, nested ones too, in the order of the files.
[[nodiscard]] const std::vector<const Descriptor*>& messages();
/// Their enums, nested ones too.
[[nodiscard]] const std::vector<const EnumDescriptor*>& enums();

/// Messages that are a class of objects: option `objekttype`.
[[nodiscard]] std::vector<const Descriptor*> classes();
/// Messages that may be a payload: option `besked`.
[[nodiscard]] std::vector<const Descriptor*> events();

[[nodiscard]] const vera::options::v1::Besked& besked(const Descriptor& message);
[[nodiscard]] std::string objekttype(const Descriptor& message);
/// The name in the source: option `source_name`, else the field's own.
[[nodiscard]] std::string source_name(const FieldDescriptor& field);
[[nodiscard]] std::string lower(std::string text);
/// Leading comment, else the one on the same line; "" if there is neither.
template <typename Element>
[[nodiscard]] std::string comment(const Element& element) {
    google::protobuf::SourceLocation location;
    if (!element.GetSourceLocation(&location)) return {};
    return location.leading_comments.empty() ? location.trailing_comments
                                             : location.leading_comments;
}

}  // namespace vera::schemas::test
