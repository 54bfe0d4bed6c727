#pragma once
// What expressions may ask of kuvert and payload, from Protobuf's descriptors: fields of the kuvert
// by their JSON names, which are the XSD's element names, fields of payloads by their Protobuf
// names (design §7).
#include "bus/expr/schema.hpp"

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vera::event {

/// The attributes of an event and their types, in the order of the documentation.
[[nodiscard]] const std::vector<std::pair<std::string, expr::Type>>& attribute_types();

/// Immutable after construction; the descriptors' pool outlives it.
class DescriptorSchema : public expr::Schema {
public:
    /// `kuvert`: vera.besked.v1.Beskedkuvert. `has_closed_attributes`: other names than
    /// attribute_types() are errors.
    DescriptorSchema(const google::protobuf::Descriptor* kuvert,
                     const std::vector<const google::protobuf::Descriptor*>& payloads,
                     bool has_closed_attributes);
    ~DescriptorSchema() override;
    DescriptorSchema(const DescriptorSchema&) = delete;
    DescriptorSchema& operator=(const DescriptorSchema&) = delete;

    [[nodiscard]] const std::vector<std::pair<std::string, expr::Type>>* attributes()
        const override;
    [[nodiscard]] const expr::MessageShape* kuvert() const override { return kuvert_; }
    [[nodiscard]] std::vector<const expr::MessageShape*> payloads() const override {
        return payloads_;
    }
    [[nodiscard]] const std::vector<std::string>* lists() const override { return nullptr; }

private:
    struct Shapes;
    std::unique_ptr<Shapes> shapes_;
    const expr::MessageShape* kuvert_ = nullptr;
    std::vector<const expr::MessageShape*> payloads_;
    bool has_closed_attributes_;
};

}  // namespace vera::event
