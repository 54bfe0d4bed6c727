#include "tests/unit/schemas/schema_pool.hpp"

#include "tests/support/catch.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <string_view>

#include "schemas/descriptor_set.hpp"

namespace vera::schemas::test {
namespace {

struct Schemas {
    google::protobuf::DescriptorPool pool;
    std::vector<const FileDescriptor*> files;
    std::vector<const Descriptor*> messages;
    std::vector<const EnumDescriptor*> enums;

    Schemas() {
        google::protobuf::FileDescriptorSet set;
        const std::string_view bytes = descriptor_set();
        REQUIRE(set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        for (const auto& file : set.file()) {
            const FileDescriptor* built = pool.BuildFile(file);
            CAPTURE(file.name());
            REQUIRE(built != nullptr);
            if (built->package().starts_with("vera.")) add(*built);
        }
    }

    void add(const FileDescriptor& file) {
        files.push_back(&file);
        for (int i = 0; i < file.message_type_count(); ++i)
            add(*file.message_type(i));
        for (int i = 0; i < file.enum_type_count(); ++i)
            enums.push_back(file.enum_type(i));
    }

    void add(const Descriptor& message) {
        messages.push_back(&message);
        for (int i = 0; i < message.nested_type_count(); ++i)
            add(*message.nested_type(i));
        for (int i = 0; i < message.enum_type_count(); ++i)
            enums.push_back(message.enum_type(i));
    }
};

const Schemas& schemas() {
    static const Schemas all;
    return all;
}

std::vector<const Descriptor*> messages_with(const std::function<bool(const Descriptor&)>& wanted) {
    std::vector<const Descriptor*> found;
    for (const Descriptor* message : messages())
        if (wanted(*message)) found.push_back(message);
    return found;
}

}  // namespace

const std::vector<const FileDescriptor*>& files() {
    return schemas().files;
}

const std::vector<const Descriptor*>& messages() {
    return schemas().messages;
}

const std::vector<const EnumDescriptor*>& enums() {
    return schemas().enums;
}

std::vector<const Descriptor*> classes() {
    return messages_with([](const Descriptor& message) { return !objekttype(message).empty(); });
}

std::vector<const Descriptor*> events() {
    return messages_with([](const Descriptor& message) {
        return message.options().HasExtension(vera::options::v1::besked);
    });
}

const vera::options::v1::Besked& besked(const Descriptor& message) {
    return message.options().GetExtension(vera::options::v1::besked);
}

std::string objekttype(const Descriptor& message) {
    return message.options().GetExtension(vera::options::v1::objekttype);
}

std::string source_name(const FieldDescriptor& field) {
    const std::string name = field.options().GetExtension(vera::options::v1::source_name);
    return name.empty() ? field.name() : name;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

}  // namespace vera::schemas::test
