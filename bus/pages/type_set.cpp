#include "bus/pages/type_set.hpp"

#include "bus/base/check.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/schema_options.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "schemas/descriptor_set.hpp"

namespace vera::pages {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

/// Keeps the first thing that is wrong.
class FirstError : public DescriptorPool::ErrorCollector {
public:
    void AddError(const std::string& file,
                  const std::string& element,
                  const google::protobuf::Message* /*descriptor*/,
                  ErrorLocation /*location*/,
                  const std::string& message) override {
        if (text.empty()) text = file + ": " + element + ": " + message;
    }
    std::string text;
};

void add_events(const Descriptor& message, std::vector<const Descriptor*>& events) {
    if (event::payload_of(message)) events.push_back(&message);
    for (int i = 0; i < message.nested_type_count(); ++i)
        add_events(*message.nested_type(i), events);
}

}  // namespace

Result<TypeSet> TypeSet::make(std::string_view descriptor_set) {
    google::protobuf::FileDescriptorSet set;
    if (descriptor_set.size() > INT_MAX ||
        !set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size())))
        return fail(Errc::bad_input, "is no google.protobuf.FileDescriptorSet");
    auto pool = std::make_shared<DescriptorPool>();
    TypeSet types;
    for (const auto& file : set.file()) {
        FirstError error;
        const FileDescriptor* built = pool->BuildFileCollectingErrors(file, &error);
        if (built == nullptr) return fail(Errc::bad_input, error.text);
        types.add(*built);
    }
    types.pool_ = std::move(pool);
    return types;
}

TypeSet TypeSet::of(std::shared_ptr<const event::Catalogue> catalogue) {
    const event::MessageTypes& messages = catalogue->messages();
    TypeSet types;
    types.pool_ = std::shared_ptr<const DescriptorPool>(std::move(catalogue), &messages.pool());
    for (const FileDescriptor* file : messages.files())
        types.add(*file);
    return types;
}

void TypeSet::add(const FileDescriptor& file) {
    if (!event::is_of_package(file.package(), "google.protobuf")) files_.push_back(&file);
}

TypeSet TypeSet::built_in() {
    auto types = make(schemas::descriptor_set());
    VERA_CHECK(types.has_value());  // our own schemas, not input
    return std::move(*types);
}

std::vector<const Descriptor*> TypeSet::events() const {
    std::vector<const Descriptor*> events;
    for (const FileDescriptor* file : files_)
        for (int i = 0; i < file->message_type_count(); ++i)
            add_events(*file->message_type(i), events);
    std::ranges::sort(events, {}, [](const Descriptor* event) -> const std::string& {
        return event->full_name();
    });
    return events;
}

}  // namespace vera::pages
