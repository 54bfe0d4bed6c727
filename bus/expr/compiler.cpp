#include "bus/expr/compiler.hpp"

#include "bus/expr/checks.hpp"
#include "bus/expr/parser.hpp"
#include "bus/expr/paths.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

namespace vera::expr {
namespace {

/// Writes the instructions of a tree that keeps the limits and has no errors.
class Emitter {
public:
    Emitter(const Syntax& syntax, const CompileOptions& options, std::vector<FieldPath>& paths)
        : syntax_(syntax),
          paths_(paths) {
        code_->expression = syntax.expression;
        code_->limits = options.limits;
    }

    std::shared_ptr<const Code> code() {
        emit(syntax_.root);
        code_->clause = clause_of(syntax_.root);
        return std::move(code_);
    }

private:
    const Node& node(NodeIndex index) const { return syntax_.nodes[index]; }
    std::uint32_t here() const { return static_cast<std::uint32_t>(code_->instructions.size()); }

    /// `gives`: values more on the stack when it is done.
    std::uint32_t put(
        Op op, const Node& of, std::size_t operand, int gives, std::size_t arguments = 0) {
        Instruction instruction;
        instruction.op = op;
        instruction.is_negated = of.is_negated || of.kind == NodeKind::not_equal;
        instruction.arguments = static_cast<std::uint16_t>(arguments);
        instruction.operand = static_cast<std::uint32_t>(operand);
        instruction.offset = of.at;
        const bool is_value = of.kind == NodeKind::attribute || of.kind == NodeKind::path ||
                              of.kind == NodeKind::literal;
        instruction.length = is_value ? of.end - of.at : 1;
        code_->instructions.push_back(instruction);
        depth_ += gives;
        code_->stack = std::max(code_->stack, static_cast<std::size_t>(depth_));
        return here() - 1;
    }
    void jump_here(std::uint32_t instruction) { code_->instructions[instruction].operand = here(); }

    std::string_view text(const std::string& value) { return code_->texts.emplace_back(value); }
    std::size_t name(const std::string& value) {
        code_->names.push_back(text(value));
        return code_->names.size() - 1;
    }
    Value literal(const Node& of) {
        Value value = of.literal;
        if (value.type == Type::string) value.text = text(of.text);
        return value;
    }
    std::size_t path(const Node& of) {
        code_->paths.push_back(std::move(paths_[path_of(of)]));
        return code_->paths.size() - 1;
    }
    /// Paths were resolved in the order of the nodes.
    std::size_t path_of(const Node& of) const {
        const auto index = static_cast<std::size_t>(&of - syntax_.nodes.data());
        return static_cast<std::size_t>(
            std::count_if(syntax_.nodes.begin(),
                          syntax_.nodes.begin() + static_cast<std::ptrdiff_t>(index),
                          [](const Node& one) { return one.kind == NodeKind::path; }));
    }

    void emit(NodeIndex index);
    void emit_children(const Node& of) {
        for (const NodeIndex child : of.children)
            emit(child);
    }
    void operation(const Node& of, Op op) {
        emit_children(of);
        put(op, of, 0, 1 - static_cast<int>(of.children.size()));
    }
    void logical(const Node& of, Op jump, Op end);
    void in(const Node& of);
    void exists(const Node& of, bool is_negated);
    void call(const Node& of);

    Clause clause_of(NodeIndex index) const;

    const Syntax& syntax_;
    std::vector<FieldPath>& paths_;
    std::shared_ptr<Code> code_ = std::make_shared<Code>();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_ =
        std::vector<std::pair<std::uint32_t, std::uint32_t>>(syntax_.nodes.size());
    int depth_ = 0;
};

void Emitter::emit(NodeIndex index) {
    const Node& of = node(index);
    const std::uint32_t begin = here();
    switch (of.kind) {
        case NodeKind::literal:
            code_->literals.push_back(literal(of));
            put(Op::literal, of, code_->literals.size() - 1, 1);
            break;
        case NodeKind::attribute:
            put(Op::attribute, of, name(of.text), 1);
            break;
        case NodeKind::path:
            put(Op::path, of, path(of), 1);
            break;
        case NodeKind::negate:
            operation(of, Op::negate);
            break;
        case NodeKind::logical_not:
            operation(of, Op::logical_not);
            break;
        case NodeKind::logical_and:
            logical(of, Op::and_jump, Op::and_end);
            break;
        case NodeKind::logical_or:
            logical(of, Op::or_jump, Op::or_end);
            break;
        case NodeKind::logical_xor:
            operation(of, Op::logical_xor);
            break;
        case NodeKind::equal:
        case NodeKind::not_equal:
            operation(of, Op::equal);
            break;
        case NodeKind::less:
            operation(of, Op::less);
            break;
        case NodeKind::less_or_equal:
            operation(of, Op::less_or_equal);
            break;
        case NodeKind::greater:
            operation(of, Op::greater);
            break;
        case NodeKind::greater_or_equal:
            operation(of, Op::greater_or_equal);
            break;
        case NodeKind::add:
            operation(of, Op::add);
            break;
        case NodeKind::subtract:
            operation(of, Op::subtract);
            break;
        case NodeKind::multiply:
            operation(of, Op::multiply);
            break;
        case NodeKind::divide:
            operation(of, Op::divide);
            break;
        case NodeKind::remainder:
            operation(of, Op::remainder);
            break;
        case NodeKind::like:
            emit_children(of);
            code_->patterns.push_back(
                std::get<LikePattern>(LikePattern::make(of.text, code_->limits)));
            put(Op::like, of, code_->patterns.size() - 1, 0);
            break;
        case NodeKind::exists:
            exists(of, false);
            break;
        case NodeKind::is_null:
            exists(of, true);
            break;
        case NodeKind::in:
            in(of);
            break;
        case NodeKind::in_list:
            emit_children(of);
            put(Op::in_list, of, name(of.text), 0);
            break;
        case NodeKind::between:
            operation(of, Op::between);
            break;
        case NodeKind::call:
            call(of);
            break;
    }
    ranges_[index] = {begin, here()};
}

void Emitter::logical(const Node& of, Op jump, Op end) {
    emit(of.children[0]);
    // AND takes its left side away when it goes on; OR keeps it, for an error of it counts.
    const bool is_and = jump == Op::and_jump;
    const std::uint32_t from = put(jump, of, 0, is_and ? -1 : 0);
    emit(of.children[1]);
    put(end, of, 0, is_and ? 0 : -1);
    jump_here(from);
}

void Emitter::in(const Node& of) {
    emit(of.children[0]);
    const auto elements = std::span(of.children).subspan(1);
    if (std::ranges::all_of(elements,
                            [&](NodeIndex one) { return node(one).kind == NodeKind::literal; })) {
        LiteralSet set;
        for (const NodeIndex one : elements)
            set.elements.push_back(literal(node(one)));
        if (std::ranges::all_of(set.elements,
                                [](const Value& one) { return one.type == Type::string; }))
            for (const Value& one : set.elements)
                set.sorted.push_back(one.text);
        std::ranges::sort(set.sorted);
        code_->sets.push_back(std::move(set));
        put(Op::in_literals, of, code_->sets.size() - 1, 0);
        return;
    }
    std::vector<std::uint32_t> jumps;
    for (const NodeIndex one : elements) {
        emit(one);
        jumps.push_back(put(Op::in_test, of, 0, -1));
    }
    put(Op::in_end, of, 0, 0);
    for (const std::uint32_t from : jumps)
        jump_here(from);
}

void Emitter::exists(const Node& of, bool is_negation) {
    const Node& what = node(of.children[0]);
    Node shown = of;
    shown.is_negated = of.is_negated != is_negation;
    if (what.kind == NodeKind::path) {
        put(Op::path_exists, shown, path(what), 1);
    } else {
        put(Op::attribute_exists, shown, name(what.text), 1);
    }
}

void Emitter::call(const Node& of) {
    const Function* const function = find_function(of.text, of.children.size());
    if (function == nullptr) {
        put(Op::missing_function, of, name(of.text), 1);
        return;
    }
    emit_children(of);
    code_->functions.push_back(function);
    put(Op::call,
        of,
        code_->functions.size() - 1,
        1 - static_cast<int>(of.children.size()),
        of.children.size());
}

Clause Emitter::clause_of(NodeIndex index) const {
    const Node& of = node(index);
    Clause clause;
    clause.code_begin = ranges_[index].first;
    clause.code_end = ranges_[index].second;
    clause.offset = of.begin;
    clause.length = of.end - of.begin;
    switch (of.kind) {
        case NodeKind::logical_not:
            clause.kind = Clause::Kind::logical_not;
            break;
        case NodeKind::logical_and:
            clause.kind = Clause::Kind::logical_and;
            break;
        case NodeKind::logical_or:
            clause.kind = Clause::Kind::logical_or;
            break;
        case NodeKind::logical_xor:
            clause.kind = Clause::Kind::logical_xor;
            break;
        default:
            return clause;
    }
    for (const NodeIndex child : of.children)
        clause.children.push_back(clause_of(child));
    return clause;
}

/// Patterns that are too long, and calls that fit no function.
void check_parts(const Syntax& syntax,
                 const CompileOptions& options,
                 std::vector<Diagnostic>& diagnostics) {
    for (const Node& node : syntax.nodes) {
        if (node.kind == NodeKind::like) {
            const auto pattern = LikePattern::make(node.text, options.limits);
            if (const auto* why = std::get_if<std::string>(&pattern))
                diagnostics.push_back(
                    {Severity::error, ErrorKind::parse, *why, node.at, node.end - node.at, {}});
        }
        if (node.kind == NodeKind::call && options.unknown_function_is_error &&
            find_function(node.text, node.children.size()) == nullptr)
            diagnostics.push_back(no_such_function(node));
    }
}

}  // namespace

const Diagnostic* Compiled::error() const {
    const auto found = std::ranges::find(diagnostics, Severity::error, &Diagnostic::severity);
    return found == diagnostics.end() ? nullptr : &*found;
}

std::vector<std::string> Program::reads() const {
    std::vector<std::string> names;
    for (const Instruction& one : code_->instructions) {
        std::string name;
        if (one.op == Op::attribute || one.op == Op::attribute_exists)
            name = code_->names[one.operand];
        if (one.op == Op::path || one.op == Op::path_exists) name = code_->paths[one.operand].text;
        if (!name.empty() && std::ranges::find(names, name) == names.end())
            names.push_back(std::move(name));
    }
    return names;
}

Compiled compile(std::string_view expression, const CompileOptions& options) {
    Compiled compiled;
    auto parsed = parse(expression, options.limits, item_names(options.schema));
    if (auto* const error = std::get_if<Diagnostic>(&parsed)) {
        compiled.diagnostics.push_back(std::move(*error));
        return compiled;
    }
    const Syntax& syntax = std::get<Syntax>(parsed);
    check_parts(syntax, options, compiled.diagnostics);
    std::vector<FieldPath> paths = resolve_paths(syntax, options.schema, compiled.diagnostics);
    check(syntax, options, compiled.diagnostics);
    if (compiled.error() == nullptr) {
        compiled.program.emplace(Emitter(syntax, options, paths).code());
        check_constant(*compiled.program, syntax, compiled.diagnostics);
    }
    std::ranges::stable_sort(compiled.diagnostics, {}, &Diagnostic::offset);
    return compiled;
}

}  // namespace vera::expr
