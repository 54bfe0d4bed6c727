#include "tests/fuzz/schema_changes.hpp"

#include "vera/options/v1/options.pb.h"

#include <string>
#include <vector>

namespace vera::fuzz {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
namespace options = vera::options::v1;

/// One step from a file to the next.
class Change {
public:
    Change(FileDescriptorProto& file, Dice& dice) : file_(file), dice_(dice) {
        for (auto& message : *file.mutable_message_type())
            see(message);
        for (auto& one : *file.mutable_enum_type())
            enums_.push_back(&one);
    }
    void run();

private:
    void see(DescriptorProto& message) {
        if (message.options().map_entry()) return;
        messages_.push_back(&message);
        for (auto& one : *message.mutable_enum_type())
            enums_.push_back(&one);
        for (auto& nested : *message.mutable_nested_type())
            see(nested);
    }
    template <class List>
    [[nodiscard]] int one_of(const List& list) {
        return static_cast<int>(dice_.below(static_cast<std::uint32_t>(list.size())));
    }
    void of_file();
    void of_message(DescriptorProto& message);
    void of_field(DescriptorProto& message, FieldDescriptorProto& field);
    void of_rules(FieldDescriptorProto& field);
    void of_enum(EnumDescriptorProto& type);

    FileDescriptorProto& file_;
    Dice& dice_;
    std::vector<DescriptorProto*> messages_;
    std::vector<EnumDescriptorProto*> enums_;
};

void Change::run() {
    const auto what = dice_.below(8);
    if (what == 0) return of_file();
    if (what == 1 && !enums_.empty())
        return of_enum(*enums_[static_cast<std::size_t>(one_of(enums_))]);
    if (messages_.empty()) return;
    DescriptorProto& message = *messages_[static_cast<std::size_t>(one_of(messages_))];
    if (what == 2 || message.field_size() == 0) return of_message(message);
    FieldDescriptorProto& field = *message.mutable_field(one_of(message.field()));
    what < 5 ? of_rules(field) : of_field(message, field);
}

void Change::of_file() {
    switch (dice_.below(5)) {
        case 0:
            file_.set_syntax(file_.syntax() == "proto3" ? "proto2" : "proto3");
            break;
        case 1:
            file_.mutable_options()->set_java_package(std::string("dk.") +
                                                      static_cast<char>('a' + dice_.below(26)));
            break;
        case 2:
            file_.mutable_options()->set_optimize_for(google::protobuf::FileOptions::LITE_RUNTIME);
            break;
        case 3:
            file_.clear_extension();
            break;
        default:
            if (file_.message_type_size() != 0) file_.mutable_message_type()->RemoveLast();
            break;
    }
}

void Change::of_message(DescriptorProto& message) {
    switch (dice_.below(6)) {
        case 0:
            message.clear_reserved_range();
            break;
        case 1:
            message.clear_reserved_name();
            break;
        case 2:
            message.mutable_options()->ClearExtension(options::besked);
            break;
        case 3:
            message.mutable_options()->ClearExtension(options::periode);
            break;
        case 4:
            if (message.oneof_decl_size() != 0)
                message.mutable_oneof_decl(0)->mutable_options()->SetExtension(
                    options::oneof_required, dice_.once_in(2));
            break;
        default: {
            auto& added = *message.add_field();
            added.set_number(static_cast<int>(1 + dice_.below(20)));
            added.set_name("ny" + std::to_string(added.number()));
            added.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
            added.set_type(FieldDescriptorProto::TYPE_STRING);
            break;
        }
    }
}

void Change::of_field(DescriptorProto& message, FieldDescriptorProto& field) {
    switch (dice_.below(9)) {
        case 0:
            field.set_number(static_cast<int>(1 + dice_.below(12)));
            break;
        case 1:
            field.set_type(static_cast<FieldDescriptorProto::Type>(1 + dice_.below(18)));
            break;
        case 2:
            field.set_label(static_cast<FieldDescriptorProto::Label>(1 + dice_.below(3)));
            break;
        case 3:
            field.set_name(field.name() + "x");
            break;
        case 4:
            field.set_json_name(field.name() + "Y");
            break;
        case 5:
            field.set_default_value(std::to_string(dice_.below(3)));
            break;
        case 6:
            field.clear_oneof_index();
            break;
        case 7:
            if (message.oneof_decl_size() != 0) field.set_oneof_index(0);
            break;
        default: {
            if (dice_.once_in(2)) {
                auto& range = *message.add_reserved_range();
                range.set_start(field.number());
                range.set_end(field.number() + 1);
                message.add_reserved_name(field.name());
            }
            field.Swap(message.mutable_field(message.field_size() - 1));
            message.mutable_field()->RemoveLast();
            break;
        }
    }
}

void Change::of_rules(FieldDescriptorProto& field) {
    auto& rules = *field.mutable_options();
    switch (dice_.below(8)) {
        case 0:
            rules.SetExtension(options::required, dice_.once_in(2));
            break;
        case 1:
            rules.SetExtension(options::known_value, dice_.once_in(2));
            break;
        case 2:
            rules.MutableExtension(options::length)->set_max(dice_.below(30));
            break;
        case 3:
            rules.MutableExtension(options::length)->set_min(dice_.below(3));
            break;
        case 4:
            rules.SetExtension(options::pattern, dice_.once_in(2) ? ".*" : "[0-9]?[A-Za-z]*");
            break;
        case 5:
            rules.SetExtension(options::format, static_cast<options::Format>(dice_.below(12)));
            break;
        case 6:
            rules.AddExtension(options::urn, static_cast<options::UrnArt>(1 + dice_.below(7)));
            break;
        default:
            field.clear_options();
            break;
    }
}

void Change::of_enum(EnumDescriptorProto& type) {
    if (type.value_size() == 0) return;
    auto& value = *type.mutable_value(one_of(type.value()));
    switch (dice_.below(4)) {
        case 0:
            value.set_number(static_cast<int>(dice_.below(4)));
            break;
        case 1:
            value.set_name(value.name() + "_X");
            break;
        case 2:
            type.mutable_value()->RemoveLast();
            break;
        default: {
            auto& added = *type.add_value();
            added.set_number(static_cast<int>(2 + dice_.below(8)));
            added.set_name("NY_" + std::to_string(added.number()));
            break;
        }
    }
}

}  // namespace

FileDescriptorProto changed_file(FileDescriptorProto file, Dice& dice) {
    for (auto left = 1 + dice.below(3); left != 0; --left)
        Change(file, dice).run();
    return file;
}

}  // namespace vera::fuzz
