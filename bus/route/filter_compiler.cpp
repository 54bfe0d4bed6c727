#include "bus/route/filter_compiler.hpp"

#include "bus/event/descriptor_schema.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/type_info.hpp"

#include <optional>
#include <string>
#include <utility>

namespace vera::route {

/// Of all types of the catalogue, which it keeps.
struct FilterCompiler::Types {
    explicit Types(std::shared_ptr<const event::Catalogue> given)
        : catalogue(std::move(given)),
          schema(catalogue->messages().find("vera.besked.v1.Beskedkuvert"),
                 descriptors(*catalogue),
                 true) {}

    static std::vector<const google::protobuf::Descriptor*> descriptors(
        const event::Catalogue& catalogue) {
        std::vector<const google::protobuf::Descriptor*> found;
        for (const event::TypeInfo& info : catalogue.types())
            found.push_back(info.descriptor);
        return found;
    }

    std::shared_ptr<const event::Catalogue> catalogue;
    event::DescriptorSchema schema;
};

namespace {

/// Some of the types.
class SomeTypes : public expr::Schema {
public:
    SomeTypes(const expr::Schema& all, std::vector<const expr::MessageShape*> payloads)
        : all_(all),
          payloads_(std::move(payloads)) {}

    [[nodiscard]] const std::vector<std::pair<std::string, expr::Type>>* attributes()
        const override {
        return all_.attributes();
    }
    [[nodiscard]] const expr::MessageShape* kuvert() const override { return all_.kuvert(); }
    [[nodiscard]] std::vector<const expr::MessageShape*> payloads() const override {
        return payloads_;
    }
    [[nodiscard]] const std::vector<std::string>* lists() const override { return all_.lists(); }

private:
    const expr::Schema& all_;
    std::vector<const expr::MessageShape*> payloads_;
};

/// Those of `payloads` that the filter lets pass.
std::vector<const expr::MessageShape*> let_pass(
    const Filter& filter, const std::vector<const expr::MessageShape*>& payloads) {
    std::vector<const expr::MessageShape*> found;
    for (const expr::MessageShape* payload : payloads)
        if (lets_pass_type(filter, payload->full_name())) found.push_back(payload);
    return found;
}

bool reads_data(const expr::Program& program) {
    for (const expr::FieldPath& path : program.code().paths)
        if (path.root == expr::Root::data) return true;
    return false;
}

}  // namespace

FilterCompiler::FilterCompiler(std::shared_ptr<const event::Catalogue> catalogue)
    : types_(std::make_shared<const Types>(std::move(catalogue))) {}
FilterCompiler::~FilterCompiler() = default;

std::vector<expr::Diagnostic> FilterCompiler::compile(std::string_view text, Filter& filter) const {
    filter.expression.reset();
    const expr::Schema& all = types_->schema;
    auto payloads = filter.types.empty() ? all.payloads() : let_pass(filter, all.payloads());
    expr::CompileOptions options;
    const SomeTypes of_clauses(all, payloads);
    options.schema = &of_clauses;
    expr::Compiled compiled = expr::compile(text, options);
    if (!compiled.program) return std::move(compiled.diagnostics);
    const std::shared_ptr<const expr::Schema> kept(types_, &types_->schema);
    filter.expression = Expression{*compiled.program, kept};
    if (!reads_data(*compiled.program)) return std::move(compiled.diagnostics);
    // What it asks of the type itself leaves fewer types that its fields may be of.
    auto fewer = let_pass(filter, payloads);
    if (fewer.empty() || fewer.size() == payloads.size()) return std::move(compiled.diagnostics);
    const SomeTypes of_expression(all, std::move(fewer));
    options.schema = &of_expression;
    expr::Compiled again = expr::compile(text, options);
    filter.expression.reset();
    if (again.program) filter.expression = Expression{*std::move(again.program), kept};
    return std::move(again.diagnostics);
}

std::string to_text(const expr::Diagnostic& diagnostic) {
    std::string text =
        "offset " + std::to_string(diagnostic.offset) + ": " + std::move(diagnostic.text);
    if (!diagnostic.suggestion.empty()) text += "; did you mean `" + diagnostic.suggestion + "`?";
    return text;
}

}  // namespace vera::route
