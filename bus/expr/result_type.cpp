#include "bus/expr/result_type.hpp"

#include "bus/expr/functions.hpp"
#include "bus/expr/paths.hpp"

#include <algorithm>

namespace vera::expr {
namespace {

Type type_of(FieldKind kind) {
    switch (kind) {
        case FieldKind::boolean:
            return Type::boolean;
        case FieldKind::integer:
            return Type::int64;
        case FieldKind::text:
            return Type::text;
        case FieldKind::timestamp:
            return Type::timestamp;
        case FieldKind::enumeration:
            return Type::enumeration;
        case FieldKind::message:
        case FieldKind::other:
            break;
    }
    return Type::null;
}

class Inference {
public:
    Inference(const Syntax& syntax, const Schema* schema) : syntax_(syntax), schema_(schema) {}

    ResultType of(NodeIndex index) const {
        const Node& node = syntax_.nodes[index];
        switch (node.kind) {
            case NodeKind::literal:
                return {node.literal.type, std::nullopt};
            case NodeKind::attribute:
                return attribute(node);
            case NodeKind::path:
                return path(node);
            case NodeKind::negate:
            case NodeKind::add:
            case NodeKind::subtract:
            case NodeKind::multiply:
            case NodeKind::divide:
            case NodeKind::remainder:
                return arithmetic(node);
            case NodeKind::call:
                return call(node);
            default:
                return {Type::boolean, std::nullopt};
        }
    }

private:
    ResultType attribute(const Node& node) const {
        if (schema_ != nullptr && schema_->attributes() != nullptr)
            for (const auto& [name, type] : *schema_->attributes())
                if (name == node.text) return {type, std::nullopt};
        return {};
    }

    ResultType path(const Node& node) const {
        std::vector<Diagnostic> ignored;
        Syntax alone;
        alone.nodes.push_back(node);
        const FieldPath found = resolve_paths(alone, schema_, ignored).front();
        if (found.resolved.empty()) return {std::nullopt, std::nullopt, true, true};
        const auto& steps = found.resolved.front().steps;
        ResultType result;
        result.field = steps.back();
        if (const Type type = type_of(steps.back().kind); type != Type::null) result.type = type;
        result.may_be_many = std::ranges::any_of(steps, &FieldShape::is_repeated);
        result.may_be_missing = !steps.back().has_default || steps.size() > 1 || result.may_be_many;
        return result;
    }

    ResultType arithmetic(const Node& node) const {
        ResultType result{Type::integer, std::nullopt};
        for (const NodeIndex child : node.children) {
            const ResultType operand = of(child);
            if (!operand.type || *operand.type == Type::int64) result.type = operand.type;
            result.may_be_missing = result.may_be_missing || operand.may_be_missing;
        }
        return result;
    }

    ResultType call(const Node& node) const {
        const Function* const function = find_function(node.text, node.children.size());
        if (function == nullptr) return {};
        ResultType result;
        const bool gives_argument = function->gives == Type::null;
        if (!gives_argument) result.type = function->gives;
        const std::size_t first = node.text == "IF" ? 1 : 0;
        bool is_first = true;
        bool may_all_be_missing = true;
        bool may_one_be_missing = false;
        for (std::size_t i = gives_argument ? first : 0; i < node.children.size(); ++i) {
            const ResultType argument = of(node.children[i]);
            may_all_be_missing = may_all_be_missing && argument.may_be_missing;
            may_one_be_missing = may_one_be_missing || argument.may_be_missing;
            if (!gives_argument) continue;
            if (is_first) {
                result.type = argument.type;
            } else {
                result.type = common(result.type, argument.type);
            }
            is_first = false;
        }
        const bool takes_fields =
            !function->parameters.empty() && function->parameters.front() == Parameter::field;
        result.may_be_missing =
            node.text == "COALESCE" ? may_all_be_missing : may_one_be_missing && !takes_fields;
        return result;
    }

    static std::optional<Type> common(std::optional<Type> left, std::optional<Type> right) {
        const auto own = [](std::optional<Type> type) {
            if (type == Type::string) return std::optional(Type::text);
            if (type == Type::integer) return std::optional(Type::int64);
            return type;
        };
        return own(left) == own(right) ? own(left) : std::nullopt;
    }

    const Syntax& syntax_;
    const Schema* schema_;
};

}  // namespace

ResultType result_type(const Syntax& syntax, const Schema* schema) {
    return Inference(syntax, schema).of(syntax.root);
}

}  // namespace vera::expr
