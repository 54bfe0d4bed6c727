#include "bus/expr/checks.hpp"

#include "bus/expr/casting.hpp"
#include "bus/expr/functions.hpp"
#include "bus/expr/paths.hpp"
#include "bus/expr/suggestion.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace vera::expr {
namespace {

bool is_comparison(NodeKind kind) {
    return kind >= NodeKind::equal && kind <= NodeKind::greater_or_equal;
}

bool is_binary_logic(NodeKind kind) {
    return kind == NodeKind::logical_and || kind == NodeKind::logical_or ||
           kind == NodeKind::logical_xor;
}

class Checker {
public:
    Checker(const Syntax& syntax, const Schema* schema, std::vector<Diagnostic>& diagnostics)
        : syntax_(syntax),
          schema_(schema),
          diagnostics_(diagnostics) {}

    void check(const Node& node) {
        check_reading(node);
        if (node.kind == NodeKind::attribute) check_attribute(node);
        if (is_comparison(node.kind)) {
            const Node& left = child(node, 0);
            const Node& right = child(node, 1);
            check_pair(node, left, right);
            if (left.kind == NodeKind::literal) check_pair(node, right, left);
        }
        if (node.kind == NodeKind::in || node.kind == NodeKind::between)
            for (std::size_t i = 1; i < node.children.size(); ++i)
                check_pair(node, child(node, 0), child(node, i));
        if (node.kind == NodeKind::like) check_like(node);
        if (node.kind == NodeKind::in_list) check_list(node);
        if (node.kind == NodeKind::path) check_use(node);
    }

private:
    const Node& child(const Node& node, std::size_t i) const {
        return syntax_.nodes[node.children[i]];
    }
    std::string text_of(const Node& node) const {
        return syntax_.expression.substr(node.begin, node.end - node.begin);
    }
    void put(Severity severity,
             ErrorKind kind,
             const Node& at,
             std::string text,
             std::string suggestion = {}) {
        diagnostics_.push_back(
            {severity, kind, std::move(text), at.begin, at.end - at.begin, std::move(suggestion)});
    }

    void check_reading(const Node& node);
    void check_attribute(const Node& node);
    void check_pair(const Node& operation, const Node& value, const Node& literal);
    void check_field_pair(const Node& value, const FieldShape& field, const Node& literal);
    void check_attribute_pair(const Node& operation, const Node& value, const Node& literal);
    void check_type_name(const Node& value, const Node& literal);
    void check_like(const Node& node);
    void check_list(const Node& node);
    void check_use(const Node& node);
    std::optional<FieldShape> field_of(const Node& node) const {
        return node.kind == NodeKind::path ? shape_of(split_path(node.text), schema_)
                                           : std::nullopt;
    }
    std::optional<Type> attribute_type(const Node& node) const;

    const Syntax& syntax_;
    const Schema* schema_;
    std::vector<Diagnostic>& diagnostics_;
};

// CESQL 1.0.0 §3.6: NOT binds tighter than anything but a call, and AND binds no tighter than OR.
// Other languages differ.
void Checker::check_reading(const Node& node) {
    const bool takes_left = is_comparison(node.kind) || node.kind == NodeKind::like ||
                            node.kind == NodeKind::in || node.kind == NodeKind::in_list ||
                            node.kind == NodeKind::between;
    if (takes_left && child(node, 0).kind == NodeKind::logical_not &&
        !child(node, 0).is_parenthesized) {
        const Node& negation = child(node, 0);
        const std::string rest = syntax_.expression.substr(child(negation, 0).begin,
                                                           node.end - child(negation, 0).begin);
        put(Severity::warning,
            ErrorKind::generic,
            node,
            "NOT binds tighter than what follows: only " + text_of(child(negation, 0)) +
                " is negated",
            "NOT (" + rest + ")");
    }
    if (!is_binary_logic(node.kind)) return;
    const Node& left = child(node, 0);
    if (!is_binary_logic(left.kind) || left.is_parenthesized || left.kind == node.kind) return;
    if (left.kind == NodeKind::logical_and) return;  // reads the same everywhere
    const std::string rest = syntax_.expression.substr(left.end, node.end - left.end);
    put(Severity::warning,
        ErrorKind::generic,
        node,
        "AND, OR and XOR go from left to right, AND is not first: use parentheses",
        "(" + text_of(left) + ")" + rest);
}

std::optional<Type> Checker::attribute_type(const Node& node) const {
    if (node.kind != NodeKind::attribute || schema_ == nullptr || schema_->attributes() == nullptr)
        return std::nullopt;
    for (const auto& [name, type] : *schema_->attributes())
        if (name == node.text) return type;
    return std::nullopt;
}

void Checker::check_attribute(const Node& node) {
    if (schema_ == nullptr || schema_->attributes() == nullptr || attribute_type(node)) return;
    std::vector<std::string> known;
    for (const auto& [name, type] : *schema_->attributes())
        known.push_back(name);
    put(Severity::error,
        ErrorKind::missing_attribute,
        node,
        "events have no attribute " + node.text,
        nearest(node.text, known));
}

/// Messages and values that have no order: they can be asked for presence only.
void Checker::check_use(const Node& node) {
    const auto field = field_of(node);
    if (!field || (field->kind != FieldKind::message && field->kind != FieldKind::other)) return;
    const auto index = static_cast<NodeIndex>(&node - syntax_.nodes.data());
    for (const Node& user : syntax_.nodes) {
        const bool asks_presence = user.kind == NodeKind::exists ||
                                   user.kind == NodeKind::is_null ||
                                   (user.kind == NodeKind::call && user.text == "COUNT");
        if (asks_presence && std::ranges::find(user.children, index) != user.children.end()) return;
    }
    const bool is_message = field->kind == FieldKind::message && field->message != nullptr;
    put(Severity::error,
        ErrorKind::cast,
        node,
        is_message
            ? node.text + " is a " + std::string(field->message->full_name()) +
                  ": name one of its fields"
            : node.text +
                  " is of a type that has no values here: it can only be asked for presence");
}

void Checker::check_pair(const Node& operation, const Node& value, const Node& literal) {
    if (literal.kind != NodeKind::literal) return;
    if (const auto field = field_of(value)) return check_field_pair(value, *field, literal);
    check_attribute_pair(operation, value, literal);
}

void Checker::check_field_pair(const Node& value, const FieldShape& field, const Node& literal) {
    Value constant = literal.literal;
    constant.text = literal.text;
    const auto wrong = [&](std::string_view what) {
        put(Severity::error,
            ErrorKind::cast,
            literal,
            value.text + " is " + std::string(what) + ", " + text_of(literal) +
                " is not: they are never equal");
    };
    switch (field.kind) {
        case FieldKind::boolean:
            if (!to_boolean(constant)) wrong("a boolean");
            return;
        case FieldKind::integer:
            if (!to_int64(constant)) wrong("an integer");
            return;
        case FieldKind::timestamp:
            if (!to_timestamp(constant))
                wrong("a point in time as RFC 3339 writes it (2026-11-23T14:30:00Z)");
            return;
        case FieldKind::enumeration: {
            if (constant.type != Type::string || field.enumeration == nullptr) return;
            const auto names = field.enumeration->names();
            if (std::ranges::find(names, literal.text) == names.end())
                put(Severity::error,
                    ErrorKind::cast,
                    literal,
                    value.text + " has no value " + text_of(literal),
                    nearest(literal.text, names));
            return;
        }
        case FieldKind::text:
        case FieldKind::message:
        case FieldKind::other:
            return;
    }
}

void Checker::check_attribute_pair(const Node& operation, const Node& value, const Node& literal) {
    check_type_name(value, literal);
    const bool is_text = attribute_type(value) == Type::string;
    const bool is_number = attribute_type(value) == Type::integer;
    Value constant = literal.literal;
    constant.text = literal.text;
    const bool is_ordered =
        (is_comparison(operation.kind) && operation.kind > NodeKind::not_equal) ||
        operation.kind == NodeKind::between;
    if (is_ordered && constant.type == Type::string && !to_integer(constant) &&
        value.kind != NodeKind::path && value.kind != NodeKind::call) {
        put(Severity::warning,
            ErrorKind::cast,
            literal,
            "order is of integers, and " + text_of(literal) + " is none: always an error",
            to_timestamp(constant)
                ? "TIMESTAMP(" + text_of(value) + ") and TIMESTAMP(" + text_of(literal) + ")"
                : "");
    } else if (is_text && constant.type == Type::integer) {
        put(Severity::warning,
            ErrorKind::cast,
            literal,
            value.text + " is a text and is cast to an integer here: an error where that fails",
            "'" + text_of(literal) + "'");
    } else if (is_number && constant.type == Type::string && !to_integer(constant) &&
               operation.kind != NodeKind::between) {
        put(Severity::warning,
            ErrorKind::cast,
            literal,
            value.text + " is an integer, " + text_of(literal) + " is not: always false");
    }
}

void Checker::check_type_name(const Node& value, const Node& literal) {
    if (value.kind != NodeKind::attribute || value.text != "type" || schema_ == nullptr ||
        literal.literal.type != Type::string)
        return;
    std::vector<std::string> names;
    for (const MessageShape* payload : schema_->payloads())
        names.emplace_back(payload->full_name());
    if (names.empty() || std::ranges::find(names, literal.text) != names.end()) return;
    const std::string near = nearest(literal.text, names);
    put(Severity::warning,
        ErrorKind::generic,
        literal,
        "no type is called " + text_of(literal) + ": always false",
        near.empty() ? "" : "'" + near + "'");
}

void Checker::check_like(const Node& node) {
    const auto field = field_of(child(node, 0));
    if (field && (field->kind == FieldKind::integer || field->kind == FieldKind::timestamp ||
                  field->kind == FieldKind::boolean))
        put(Severity::warning,
            ErrorKind::cast,
            child(node, 0),
            child(node, 0).text + " is no text: LIKE looks at it as it is written out");
    if (node.text.find_first_of("%_") == std::string::npos &&
        node.text.find('*') != std::string::npos) {
        std::string pattern = node.text;
        std::ranges::replace(pattern, '*', '%');
        put(Severity::warning,
            ErrorKind::generic,
            node,
            "the wildcards of LIKE are % and _: * stands for itself",
            "LIKE '" + pattern + "'");
    }
}

void Checker::check_list(const Node& node) {
    if (schema_ == nullptr || schema_->lists() == nullptr) return;
    const auto& known = *schema_->lists();
    if (std::ranges::find(known, node.text) != known.end()) return;
    put(Severity::error,
        ErrorKind::generic,
        node,
        "there is no value list " + node.text,
        nearest(node.text, known));
}

std::string arities(std::string_view name) {
    std::string text;
    for (const Function& function : all_functions()) {
        if (function.name != name) continue;
        text = std::to_string(function.least);
        if (function.most == Function::any_number) {
            text += " or more";
        } else if (function.most != function.least) {
            text += " or " + std::to_string(function.most);
        }
    }
    return text;
}

}  // namespace

Diagnostic no_such_function(const Node& node) {
    Diagnostic error;
    error.kind = ErrorKind::missing_function;
    error.offset = node.at;
    error.length = static_cast<std::uint32_t>(node.text.size());
    if (const std::string known = arities(node.text); !known.empty()) {
        error.text = node.text + " takes " + known + " arguments, not " +
                     std::to_string(node.children.size());
        return error;
    }
    std::vector<std::string> names;
    for (const Function& function : all_functions())
        names.emplace_back(function.name);
    error.text = "there is no function " + node.text;
    error.suggestion = nearest(node.text, names);
    return error;
}

void check(const Syntax& syntax,
           const CompileOptions& options,
           std::vector<Diagnostic>& diagnostics) {
    Checker checker(syntax, options.schema, diagnostics);
    for (const Node& node : syntax.nodes)
        checker.check(node);
}

}  // namespace vera::expr
