#pragma once
// A schema of names and types for tests.
#include "bus/expr/schema.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vera::expr {

class PlainEnum : public EnumShape {
public:
    explicit PlainEnum(std::vector<std::string> names) : names_(std::move(names)) {}
    std::vector<std::string> names() const override { return names_; }
    std::string_view name_of(std::int64_t number) const override {
        return names_.at(static_cast<std::size_t>(number));
    }

private:
    std::vector<std::string> names_;
};

class PlainMessage : public MessageShape {
public:
    PlainMessage(std::string name, std::map<std::string, FieldShape> fields)
        : name_(std::move(name)),
          fields_(std::move(fields)) {}
    std::string_view full_name() const override { return name_; }
    std::optional<FieldShape> field(std::string_view name) const override;
    std::vector<std::string> field_names() const override;

private:
    std::string name_;
    std::map<std::string, FieldShape> fields_;
};

/// Attributes id, type, kle, time (texts) and foelsomhed; payloads test.Moved and test.Closed;
/// lists nord and syd.
class PlainSchema : public Schema {
public:
    PlainSchema();
    const std::vector<std::pair<std::string, Type>>* attributes() const override {
        return &attributes_;
    }
    const MessageShape* kuvert() const override { return &kuvert_; }
    std::vector<const MessageShape*> payloads() const override { return {&moved_, &closed_}; }
    const std::vector<std::string>* lists() const override { return &lists_; }

private:
    std::vector<std::pair<std::string, Type>> attributes_;
    std::vector<std::string> lists_;
    PlainEnum kind_;
    PlainMessage address_;
    PlainMessage moved_;
    PlainMessage closed_;
    PlainMessage actor_;
    PlainMessage filter_;
    PlainMessage kuvert_;
};

}  // namespace vera::expr
