#pragma once
// Messages of types that are known at run time only, for the forms that people and tools read. Not
// on the way of an event: there the tables of message_rules do.
#include "bus/event/nearest_names.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// Borrows the pool, which outlives it and all messages made. Any thread.
class MessageTypes {
public:
    explicit MessageTypes(const google::protobuf::DescriptorPool& pool)
        : pool_(pool),
          factory_(std::make_unique<google::protobuf::DynamicMessageFactory>(&pool)) {
        // Of a pool that stands on the generated one: its types stay those that code names.
        factory_->SetDelegateToGeneratedFactory(true);
    }

    [[nodiscard]] const google::protobuf::DescriptorPool& pool() const { return pool_; }
    /// By full name; nullptr if it is not known.
    [[nodiscard]] const google::protobuf::Descriptor* find(std::string_view name) const {
        return pool_.FindMessageTypeByName(std::string(name));
    }
    /// An empty one. It does not outlive this.
    [[nodiscard]] std::unique_ptr<google::protobuf::Message> make(
        const google::protobuf::Descriptor& type) const {
        return std::unique_ptr<google::protobuf::Message>(factory_->GetPrototype(&type)->New());
    }

    /// "unknown type x; nearest: y": of the payloads that were named.
    [[nodiscard]] std::string unknown(std::string_view name) const {
        return "unknown type " + std::string(name) + suggestion(name, payloads_);
    }
    /// Those that were named, each after those it imports.
    [[nodiscard]] const std::vector<const google::protobuf::FileDescriptor*>& files() const {
        return files_;
    }

    /// The two are for whoever made the pool, before others use it.
    void name_payloads(std::vector<std::string> names) { payloads_ = std::move(names); }
    void name_file(const google::protobuf::FileDescriptor& file) { files_.push_back(&file); }

private:
    const google::protobuf::DescriptorPool& pool_;
    std::unique_ptr<google::protobuf::DynamicMessageFactory> factory_;
    std::vector<std::string> payloads_;
    std::vector<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace vera::event
