#include "bus/event/descriptor_schema.hpp"

#include "bus/event/schema_options.hpp"

#include <map>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

class DescribedEnum : public expr::EnumShape {
public:
    explicit DescribedEnum(const EnumDescriptor* descriptor) : descriptor_(descriptor) {}
    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (int i = 0; i < descriptor_->value_count(); ++i)
            names.push_back(descriptor_->value(i)->name());
        return names;
    }
    std::string_view name_of(std::int64_t number) const override {
        const auto* value = descriptor_->FindValueByNumber(static_cast<int>(number));
        return value == nullptr ? std::string_view{} : value->name();
    }

private:
    const EnumDescriptor* descriptor_;
};

void set_kind(const FieldDescriptor& field, expr::FieldShape& shape) {
    using expr::Encoding;
    using expr::FieldKind;
    const auto integer = [&](Encoding encoding) {
        shape.kind = FieldKind::integer;
        shape.encoding = encoding;
    };
    switch (field.type()) {
        case FieldDescriptor::TYPE_BOOL:
            shape.kind = FieldKind::boolean;
            return;
        case FieldDescriptor::TYPE_STRING:
            shape.kind = FieldKind::text;
            return;
        case FieldDescriptor::TYPE_ENUM:
            shape.kind = FieldKind::enumeration;
            return;
        case FieldDescriptor::TYPE_INT32:
        case FieldDescriptor::TYPE_INT64:
        case FieldDescriptor::TYPE_UINT32:
        case FieldDescriptor::TYPE_UINT64:
            return integer(Encoding::varint);
        case FieldDescriptor::TYPE_SINT32:
        case FieldDescriptor::TYPE_SINT64:
            return integer(Encoding::zigzag);
        case FieldDescriptor::TYPE_FIXED32:
        case FieldDescriptor::TYPE_FIXED64:
        case FieldDescriptor::TYPE_SFIXED32:
        case FieldDescriptor::TYPE_SFIXED64:
            return integer(Encoding::fixed);
        case FieldDescriptor::TYPE_MESSAGE:
            shape.kind = field.message_type()->full_name() == "google.protobuf.Timestamp"
                             ? FieldKind::timestamp
                             : FieldKind::message;
            return;
        case FieldDescriptor::TYPE_DOUBLE:
        case FieldDescriptor::TYPE_FLOAT:
        case FieldDescriptor::TYPE_BYTES:
        case FieldDescriptor::TYPE_GROUP:
            shape.kind = FieldKind::other;
            return;
    }
}

/// One message; the shapes of those inside it are found through the schema.
class DescribedMessage : public expr::MessageShape {
public:
    DescribedMessage(const Descriptor* descriptor, bool by_json_name)
        : descriptor_(descriptor),
          by_json_name_(by_json_name) {}
    std::string_view full_name() const override { return descriptor_->full_name(); }
    std::optional<expr::FieldShape> field(std::string_view name) const override {
        const auto found = fields_.find(name);
        return found == fields_.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<std::string> field_names() const override {
        std::vector<std::string> names;
        for (const auto& [name, shape] : fields_)
            names.push_back(name);
        return names;
    }
    void add(const FieldDescriptor& field, const expr::FieldShape& shape) {
        fields_.emplace(by_json_name_ ? field.json_name() : field.name(), shape);
    }

private:
    const Descriptor* descriptor_;
    bool by_json_name_;
    std::map<std::string, expr::FieldShape, std::less<>> fields_;
};

}  // namespace

struct DescriptorSchema::Shapes {
    std::map<std::pair<const Descriptor*, bool>, DescribedMessage> messages;
    std::map<const EnumDescriptor*, DescribedEnum> enums;

    /// Types may hold themselves: a message is known before its fields are looked at.
    const expr::MessageShape* message(const Descriptor* descriptor, bool by_json_name) {
        const auto [known, is_new] =
            messages.try_emplace({descriptor, by_json_name}, descriptor, by_json_name);
        if (!is_new) return &known->second;
        for (int i = 0; i < descriptor->field_count(); ++i) {
            const FieldDescriptor& field = *descriptor->field(i);
            expr::FieldShape shape;
            shape.number = static_cast<std::uint32_t>(field.number());
            shape.is_repeated = field.is_repeated();
            set_kind(field, shape);
            shape.is_personal =
                !can_mark(*descriptor->file()) ||
                options_of(field).personal != options::v1::PERSONOPLYSNING_UNSPECIFIED;
            // An enum's first value stands for "not told".
            shape.has_default =
                !field.has_presence() && !field.is_repeated() &&
                (shape.kind == expr::FieldKind::boolean || shape.kind == expr::FieldKind::integer);
            if (shape.kind == expr::FieldKind::message)
                shape.message = message(field.message_type(), by_json_name);
            if (shape.kind == expr::FieldKind::enumeration)
                shape.enumeration =
                    &enums.try_emplace(field.enum_type(), field.enum_type()).first->second;
            known->second.add(field, shape);
        }
        return &known->second;
    }
};

const std::vector<std::pair<std::string, expr::Type>>& attribute_types() {
    using expr::Type;
    static const std::vector<std::pair<std::string, Type>> types = {{"id", Type::string},
                                                                    {"source", Type::string},
                                                                    {"specversion", Type::string},
                                                                    {"type", Type::string},
                                                                    {"subject", Type::string},
                                                                    {"time", Type::string},
                                                                    {"dataschema", Type::string},
                                                                    {"beskedtype", Type::string},
                                                                    {"myndighed", Type::string},
                                                                    {"objekttype", Type::string},
                                                                    {"handling", Type::string},
                                                                    {"kle", Type::string},
                                                                    {"foelsomhed", Type::integer}};
    return types;
}

DescriptorSchema::DescriptorSchema(const Descriptor* kuvert,
                                   const std::vector<const Descriptor*>& payloads,
                                   bool has_closed_attributes)
    : shapes_(std::make_unique<Shapes>()),
      has_closed_attributes_(has_closed_attributes) {
    kuvert_ = shapes_->message(kuvert, true);
    for (const Descriptor* payload : payloads)
        payloads_.push_back(shapes_->message(payload, false));
}

DescriptorSchema::~DescriptorSchema() = default;

const std::vector<std::pair<std::string, expr::Type>>* DescriptorSchema::attributes() const {
    return has_closed_attributes_ ? &attribute_types() : nullptr;
}

}  // namespace vera::event
