#pragma once
// The types of a descriptor set, with their comments. What is made of them for people is in
// description.hpp.
#include "bus/base/result.hpp"
#include "bus/event/catalogue.hpp"

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// Immutable; shared use from any thread. Copies share the descriptors.
class TypeSet {
public:
    /// `descriptor_set` is a serialized google.protobuf.FileDescriptorSet, every file after those
    /// it imports. Errc::bad_input names the file and what is wrong with it.
    [[nodiscard]] static Result<TypeSet> make(std::string_view descriptor_set);
    /// All that a catalogue knows; keeps it.
    [[nodiscard]] static TypeSet of(std::shared_ptr<const event::Catalogue> catalogue);
    /// What VeRA is built with.
    [[nodiscard]] static TypeSet built_in();

    [[nodiscard]] const google::protobuf::DescriptorPool& pool() const { return *pool_; }
    /// In the order of the set, without Protobuf's own.
    [[nodiscard]] const std::vector<const google::protobuf::FileDescriptor*>& files() const {
        return files_;
    }
    /// Messages that may be the payload of an event (event::payload_of), by full name.
    [[nodiscard]] std::vector<const google::protobuf::Descriptor*> events() const;

private:
    TypeSet() = default;
    void add(const google::protobuf::FileDescriptor& file);

    std::shared_ptr<const google::protobuf::DescriptorPool> pool_;
    std::vector<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace vera::pages
