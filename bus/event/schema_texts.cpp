#include "bus/event/schema_texts.hpp"

#include "bus/event/formats.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <vector>

namespace vera::event {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string after(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + '.' + name;
}

/// What people call it: its own name, or that of the field that holds it.
std::string called(const Message& message, const FieldDescriptor& held_by) {
    const FieldDescriptor* name = message.GetDescriptor()->FindFieldByName("name");
    if (name == nullptr || name->is_repeated() || name->type() != FieldDescriptor::TYPE_STRING)
        return held_by.name();
    const std::string own = message.GetReflection()->GetString(message, name);
    return own.empty() || !is_utf8(own) ? held_by.name() : own;
}

template <class Visit>
void each_value(const Message& message, const FieldDescriptor& field, const Visit& visit) {
    if (!field.is_repeated()) return visit(-1);
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i)
        visit(i);
}

// Nested as deeply as the schema, which has been bounded.
void look(const Message& message, const std::string& path, std::optional<std::string>& found) {
    const auto& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields)
        each_value(message, *field, [&](int at) {
            if (found) return;
            if (field->type() == FieldDescriptor::TYPE_STRING) {
                const std::string text = at < 0 ? reflection.GetString(message, field)
                                                : reflection.GetRepeatedString(message, field, at);
                if (!is_utf8(text)) found = after(path, field->name());
            } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
                const Message& inner = at < 0 ? reflection.GetMessage(message, field)
                                              : reflection.GetRepeatedMessage(message, field, at);
                look(inner, after(path, called(inner, *field)), found);
            }
        });
}

}  // namespace

std::optional<TextPlace> not_utf8_at(std::string_view text) {
    if (is_utf8(text)) return std::nullopt;
    // Line by line: no character has the byte of a line's end in it.
    TextPlace place;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (!is_utf8(line)) {
            std::size_t good = 0;
            for (std::size_t end = 1; end <= line.size() && end - good <= 4; ++end)
                if (is_utf8(line.substr(good, end - good))) good = end;
            place.column = static_cast<int>(good) + 1;
            return place;
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++place.line;
    }
    return place;
}

std::optional<std::string> not_utf8_in(const Message& descriptor) {
    std::optional<std::string> found;
    look(descriptor, {}, found);
    return found;
}

}  // namespace vera::event
