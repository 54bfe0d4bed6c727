#pragma once
// How much strangers' schemas may be, and how deep: so that what reads them by recursion ends, and
// what is built of them is of a size. Protobuf itself bounds neither.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace vera::event {

/// More than 200 brackets are open at once in a .proto file. The compiler reads options by
/// recursion; what is in comments and quotes is counted too, and never comes near.
[[nodiscard]] bool is_nested_too_deeply(std::string_view text);

/// An option is there as it was written, which a descriptor set has no reason to hold: its text
/// would be read by recursion.
[[nodiscard]] bool has_unresolved_options(const google::protobuf::Message& descriptor);

/// What the files of a folder declare.
class Declarations {
public:
    static constexpr std::size_t max_messages = 20'000;
    static constexpr std::size_t max_members = 200'000;  ///< fields, values, extensions, methods

    void add(const google::protobuf::FileDescriptorProto& file);
    [[nodiscard]] bool are_too_many() const {
        return messages_ > max_messages || members_ > max_members;
    }

private:
    void add(const google::protobuf::DescriptorProto& message);

    std::size_t messages_ = 0;
    std::size_t members_ = 0;
};

/// A message that holds a message that holds a message …, more than `most` in a row; nullptr if
/// there is none. Counted as DynamicMessageFactory descends: along single fields and values of
/// maps, but not members of a choice. Messages that hold each other in a ring are counted all.
[[nodiscard]] const google::protobuf::Descriptor* too_long_chain(
    const std::vector<const google::protobuf::FileDescriptor*>& files, std::size_t most);

}  // namespace vera::event
