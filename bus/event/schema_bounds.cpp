#include "bus/event/schema_bounds.hpp"

#include <algorithm>
#include <unordered_map>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;

std::size_t count(int size) {
    return static_cast<std::size_t>(size);
}

/// Which message holds which, as a graph of numbers; taken apart from its ends, which leaves the
/// rings and what is between them.
class Holding {
public:
    explicit Holding(const std::vector<const FileDescriptor*>& files) {
        for (const FileDescriptor* file : files)
            for (int i = 0; i < file->message_type_count(); ++i)
                enter(*file->message_type(i));
        held_.resize(messages_.size());
        holders_.resize(messages_.size());
        for (std::size_t at = 0; at < messages_.size(); ++at)
            connect(at);
    }

    [[nodiscard]] const Descriptor* longer_than(std::size_t most) const {
        std::vector<bool> is_open(messages_.size(), true);
        const auto below = peel(held_, holders_, is_open);
        const auto above = peel(holders_, held_, is_open);
        std::size_t ring = 0;
        std::size_t under_ring = 0;
        std::size_t over_ring = 0;
        const Descriptor* of_ring = nullptr;
        for (std::size_t at = 0; at < messages_.size(); ++at) {
            if (is_open[at]) {
                if (of_ring == nullptr) of_ring = messages_[at];
                ++ring;
                under_ring = std::max(under_ring, below[at]);
                over_ring = std::max(over_ring, above[at]);
            } else if (below[at] + above[at] > most) {
                return messages_[at];
            }
        }
        return ring + under_ring + over_ring > most ? of_ring : nullptr;
    }

private:
    using Edges = std::vector<std::vector<std::size_t>>;

    void enter(const Descriptor& message) {
        numbers_.emplace(&message, messages_.size());
        messages_.push_back(&message);
        for (int i = 0; i < message.nested_type_count(); ++i)
            enter(*message.nested_type(i));
    }

    void connect(std::size_t from) {
        for (int i = 0; i < messages_[from]->field_count(); ++i) {
            const FieldDescriptor& field = *messages_[from]->field(i);
            if (field.message_type() == nullptr || field.real_containing_oneof() != nullptr)
                continue;
            if (field.is_repeated() && !field.is_map()) continue;
            const auto to = numbers_.find(field.message_type());
            if (to == numbers_.end()) continue;
            held_[from].push_back(to->second);
            holders_[to->second].push_back(from);
        }
    }

    /// Closes, from the ends on, what has no open edge left. The longest way over closed ones, the
    /// message itself counted if it was closed here.
    static std::vector<std::size_t> peel(const Edges& out,
                                         const Edges& in,
                                         std::vector<bool>& is_open) {
        std::vector<std::size_t> length(out.size(), 0);
        std::vector<std::size_t> left(out.size(), 0);
        std::vector<std::size_t> ends;
        for (std::size_t at = 0; at < out.size(); ++at) {
            if (!is_open[at]) continue;
            left[at] = static_cast<std::size_t>(
                std::ranges::count_if(out[at], [&](std::size_t to) { return is_open[to]; }));
            if (left[at] == 0) ends.push_back(at);
        }
        while (!ends.empty()) {
            const std::size_t at = ends.back();
            ends.pop_back();
            is_open[at] = false;
            ++length[at];
            for (const std::size_t from : in[at]) {
                if (!is_open[from]) continue;
                length[from] = std::max(length[from], length[at]);
                if (--left[from] == 0) ends.push_back(from);
            }
        }
        return length;
    }

    std::vector<const Descriptor*> messages_;
    std::unordered_map<const Descriptor*, std::size_t> numbers_;
    Edges held_;     ///< by holder
    Edges holders_;  ///< by what is held
};

}  // namespace

bool is_nested_too_deeply(std::string_view text) {
    constexpr int most = 200;
    int depth = 0;
    for (const char c : text) {
        if (c == '{' || c == '[' || c == '(' || c == '<') ++depth;
        if ((c == '}' || c == ']' || c == ')' || c == '>') && depth > 0) --depth;
        if (depth > most) return true;
    }
    return false;
}

bool has_unresolved_options(const Message& descriptor) {
    if (descriptor.GetDescriptor() == google::protobuf::UninterpretedOption::descriptor())
        return true;
    const auto& reflection = *descriptor.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(descriptor, &fields);
    return std::ranges::any_of(fields, [&](const FieldDescriptor* field) {
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
        if (!field->is_repeated())
            return has_unresolved_options(reflection.GetMessage(descriptor, field));
        for (int i = 0; i < reflection.FieldSize(descriptor, field); ++i)
            if (has_unresolved_options(reflection.GetRepeatedMessage(descriptor, field, i)))
                return true;
        return false;
    });
}

void Declarations::add(const FileDescriptorProto& file) {
    for (const DescriptorProto& message : file.message_type())
        add(message);
    for (const auto& one : file.enum_type())
        members_ += 1 + count(one.value_size());
    for (const auto& one : file.service())
        members_ += 1 + count(one.method_size());
    members_ += count(file.extension_size());
}

void Declarations::add(const DescriptorProto& message) {
    ++messages_;
    members_ += count(message.field_size()) + count(message.extension_size());
    for (const auto& one : message.enum_type())
        members_ += 1 + count(one.value_size());
    for (const DescriptorProto& nested : message.nested_type())
        add(nested);
}

const Descriptor* too_long_chain(const std::vector<const FileDescriptor*>& files,
                                 std::size_t most) {
    return Holding(files).longer_than(most);
}

}  // namespace vera::event
