#pragma once
// Compiles what a mapping says about the fields of one message, and of those inside it, into a
// plan. Private to this room.
#include "bus/event/descriptor_schema.hpp"
#include "bus/expr/compiler.hpp"
#include "bus/expr/result_type.hpp"
#include "bus/transform/plan.hpp"
#include "bus/transform/source.hpp"
#include "bus/transform/target.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vera::transform {

/// What expressions may name: attributes, kuvert, payload, and the elements that they are inside.
class ScopedSchema : public expr::Schema {
public:
    struct Item {
        std::string name;
        const expr::MessageShape* shape = nullptr;  ///< none: its elements are values
        const Descriptor* message = nullptr;
    };

    explicit ScopedSchema(const event::DescriptorSchema& whole);
    void push(Item item, expr::Type type);
    void pop();
    [[nodiscard]] const std::vector<Item>& inside() const { return items_; }

    [[nodiscard]] const std::vector<std::pair<std::string, expr::Type>>* attributes()
        const override {
        return &attributes_;
    }
    [[nodiscard]] const expr::MessageShape* kuvert() const override { return whole_.kuvert(); }
    [[nodiscard]] std::vector<const expr::MessageShape*> payloads() const override {
        return whole_.payloads();
    }
    [[nodiscard]] const std::vector<std::string>* lists() const override { return &no_lists_; }
    [[nodiscard]] std::vector<std::pair<std::string, const expr::MessageShape*>> items()
        const override;

private:
    const event::DescriptorSchema& whole_;
    std::vector<Item> items_;
    std::vector<std::pair<std::string, expr::Type>> attributes_;
    std::vector<std::string> no_lists_;
};

/// Where fields of the same name are copied from.
struct CopyBase {
    SourcePath path;  ///< of the message
    const Descriptor* message = nullptr;
};

/// Lives for one compilation; borrows all it is given.
class MapCompiler {
public:
    struct Types {
        const Descriptor* kuvert = nullptr;
        const Descriptor* payload = nullptr;
    };
    MapCompiler(std::string file,
                const event::DescriptorSchema& schema,
                Types types,
                const std::vector<std::unique_ptr<const Table>>& tables,
                bool has_key,
                std::vector<Problem>& problems)
        : file_(std::move(file)),
          schema_(schema),
          types_(types),
          tables_(tables),
          has_key_(has_key),
          problems_(problems) {}

    /// `key`: how the map is called in errors. `base`: where `copy: all` copies from.
    [[nodiscard]] MapPlan compile(const MapSource& source,
                                  const Descriptor& target,
                                  const CopyBase& base,
                                  const std::string& key,
                                  bool by_json_name);
    [[nodiscard]] std::optional<Expression> condition(const Text& text, const std::string& key);

private:
    struct Entry {
        std::string path;
        int line = 0;
        const FieldSource* source = nullptr;
    };
    struct Named {
        std::string path;
        int line = 0;
    };
    /// All that is said about one message.
    struct Wanted {
        std::vector<Entry> entries;
        std::vector<Named> dropped, masked;
        std::optional<CopyBase> base;
        int line = 0;
        int copy_line = 0;
    };
    /// All that is said about one field of it.
    struct Group {
        const Entry* own = nullptr;
        std::vector<Entry> inner;
        bool is_dropped = false;
        bool is_masked = false;
        int mask_line = 0;
        std::vector<Named> dropped, masked;
    };
    struct ReadPath {
        SourcePath path;
        std::vector<expr::FieldShape> shapes;
        const FieldDescriptor* field = nullptr;  ///< its last one
        bool may_be_many = false;
        bool is_always_there = false;
    };
    struct Compiled {
        Expression expression;
        expr::ResultType type;
        expr::Syntax syntax;
    };

    MapPlan build(const Wanted& wanted, const Descriptor& target, const std::string& key);
    void group(const Wanted& wanted,
               const Descriptor& target,
               const std::string& key,
               std::vector<Group>& groups);
    void check_complete(const MapPlan& plan,
                        const Descriptor& target,
                        const std::vector<bool>& may_be_missing,
                        int line,
                        const std::string& key);
    std::optional<FieldPlan> inner(const Wanted& wanted,
                                   Group& group,
                                   const FieldDescriptor& field,
                                   const std::string& key);
    std::optional<FieldPlan> copied(const Wanted& wanted,
                                    const Group& group,
                                    const FieldDescriptor& field,
                                    const std::string& key,
                                    bool& may_be_missing);
    std::unique_ptr<MapPlan> copied_inside(const CopyBase& base,
                                           const Group& group,
                                           const FieldDescriptor& field,
                                           int line,
                                           const std::string& key);
    FieldPlan mapped(const FieldSource& source,
                     const FieldDescriptor& field,
                     const std::string& key,
                     bool& may_be_missing);
    Choice choice(const FieldSource& source,
                  const FieldPlan& target,
                  const std::string& key,
                  bool& may_be_missing);
    void value(const FieldSource& source,
               const FieldPlan& target,
               const std::string& key,
               bool is_element,
               Choice& choice,
               bool& may_be_missing);
    void looked_up(const FieldSource& source,
                   const FieldPlan& target,
                   const std::string& key,
                   Choice& choice);
    void check_mask(const FieldDescriptor& field,
                    const FieldDescriptor* source,
                    int line,
                    const std::string& key,
                    Choice& choice);
    bool enter(const FieldSource& source,
               const FieldPlan& target,
               const std::string& key,
               Choice& choice);

    std::optional<Compiled> expression(const Text& text,
                                       const std::string& key,
                                       bool is_condition = false);
    std::optional<ReadPath> read_path(const Text& text);
    void wrong(int line, const std::string& key, std::string text) {
        problems_.push_back({true, file_, line, key, std::move(text)});
    }

    std::string file_;
    ScopedSchema schema_;
    Types types_;
    const std::vector<std::unique_ptr<const Table>>& tables_;
    bool has_key_;
    bool by_json_name_ = false;
    std::vector<Problem>& problems_;
    int depth_ = 0;
};

}  // namespace vera::transform
