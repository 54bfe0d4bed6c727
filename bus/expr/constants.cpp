#include "bus/expr/checks.hpp"
#include "bus/expr/evaluator.hpp"
#include "bus/expr/like_pattern.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <variant>

namespace vera::expr {
namespace {

/// The event of what reads none.
class Nothing : public PropertyReader {
public:
    bool attribute(std::string_view /*name*/, Value& /*value*/) const override { return false; }
    bool field(const FieldPath& /*path*/, ValueSink& /*sink*/) const override { return false; }
};

bool reads_event(const Code& code, const Clause& clause) {
    const auto range = std::span(code.instructions)
                           .subspan(clause.code_begin, clause.code_end - clause.code_begin);
    return std::ranges::any_of(range, [](const Instruction& one) {
        return one.op == Op::attribute || one.op == Op::path || one.op == Op::attribute_exists ||
               one.op == Op::path_exists || one.op == Op::in_list;
    });
}

/// What a clause is for every event, as far as that can be told; its errors are told elsewhere.
class Constants {
public:
    Constants(const Program& program, std::vector<Diagnostic>& diagnostics)
        : program_(program),
          diagnostics_(diagnostics) {}

    std::optional<bool> value_of(const Clause& clause) {
        if (!reads_event(program_.code(), clause)) {
            const Outcome outcome = evaluator_.evaluate_clause(program_, clause, Nothing{});
            if (outcome.problem_count > 0) {
                const Problem& problem = outcome.problems.front();
                diagnostics_.push_back({Severity::warning,
                                        problem.kind,
                                        problem.text() + ": always an error",
                                        problem.offset,
                                        problem.length,
                                        {}});
                return std::nullopt;
            }
            if (outcome.value.type != Type::boolean) return std::nullopt;
            return outcome.value.is_true();
        }
        if (clause.kind == Clause::Kind::leaf) return std::nullopt;
        if (clause.kind == Clause::Kind::logical_not) {
            const auto value = value_of(clause.children[0]);
            return value ? std::optional(!*value) : std::nullopt;
        }
        const auto left = value_of(clause.children[0]);
        const auto right = value_of(clause.children[1]);
        if (clause.kind == Clause::Kind::logical_and && (left == false || right == false))
            return false;
        if (clause.kind == Clause::Kind::logical_or && (left == true || right == true)) return true;
        if (left && right && clause.kind == Clause::Kind::logical_xor) return *left != *right;
        return std::nullopt;
    }

private:
    const Program& program_;
    std::vector<Diagnostic>& diagnostics_;
    Evaluator evaluator_;
};

/// Conditions of one chain of ANDs about the same attribute that no value keeps.
class Contradictions {
public:
    Contradictions(const Syntax& syntax, std::vector<Diagnostic>& diagnostics)
        : syntax_(syntax),
          diagnostics_(diagnostics) {}

    void check_all() {
        for (const Node& node : syntax_.nodes) {
            if (node.kind == NodeKind::between) check_bounds(node);
            if (node.kind == NodeKind::logical_and) check_chain(node);
        }
    }

private:
    const Node& child(const Node& node, std::size_t i) const {
        return syntax_.nodes[node.children[i]];
    }
    void always_false(const Node& at, const std::string& why) {
        const bool is_known = std::ranges::any_of(diagnostics_, [&](const Diagnostic& one) {
            return one.offset == at.begin && one.text.ends_with("always false");
        });
        if (!is_known)
            diagnostics_.push_back({Severity::warning,
                                    ErrorKind::generic,
                                    why + ": always false",
                                    at.begin,
                                    at.end - at.begin,
                                    {}});
    }

    void check_bounds(const Node& node) {
        const Node& low = child(node, 1);
        const Node& high = child(node, 2);
        if (low.kind == NodeKind::literal && high.kind == NodeKind::literal &&
            low.literal.type == Type::integer && high.literal.type == Type::integer &&
            low.literal.number > high.literal.number && !node.is_negated)
            always_false(node, "the lower bound is above the upper one");
    }

    void gather(const Node& node, std::vector<const Node*>& conditions) const {
        if (node.kind == NodeKind::logical_and) {
            gather(child(node, 0), conditions);
            gather(child(node, 1), conditions);
        } else {
            conditions.push_back(&node);
        }
    }

    /// `attribute = 'text'`, either way round.
    std::optional<std::pair<std::string, std::string>> equality(const Node& node) const {
        if (node.kind != NodeKind::equal) return std::nullopt;
        for (const std::size_t i : {0U, 1U}) {
            const Node& name = child(node, i);
            const Node& value = child(node, 1 - i);
            if (name.kind == NodeKind::attribute && value.kind == NodeKind::literal &&
                value.literal.type == Type::string)
                return std::pair(name.text, value.text);
        }
        return std::nullopt;
    }

    void check_chain(const Node& node) {
        std::vector<const Node*> conditions;
        gather(node, conditions);
        std::map<std::string, std::string> wanted;
        for (const Node* condition : conditions) {
            const auto one = equality(*condition);
            if (!one) continue;
            const auto [known, is_new] = wanted.insert(*one);
            if (!is_new && known->second != one->second)
                always_false(*condition, one->first + " cannot be two texts at once");
        }
        for (const Node* condition : conditions) {
            if (condition->kind != NodeKind::like ||
                child(*condition, 0).kind != NodeKind::attribute)
                continue;
            const auto known = wanted.find(child(*condition, 0).text);
            const auto pattern = LikePattern::make(condition->text, Limits{});
            std::uint32_t steps = Limits{}.steps;
            if (known != wanted.end() && std::holds_alternative<LikePattern>(pattern) &&
                std::get<LikePattern>(pattern).matches(known->second, steps) ==
                    condition->is_negated)
                always_false(*condition,
                             known->first + " = '" + known->second + "' is asked for beside it");
        }
    }

    const Syntax& syntax_;
    std::vector<Diagnostic>& diagnostics_;
};

}  // namespace

void check_constant(const Program& program,
                    const Syntax& syntax,
                    std::vector<Diagnostic>& diagnostics) {
    const Clause& clause = program.code().clause;
    const auto value = Constants(program, diagnostics).value_of(clause);
    if (value)
        diagnostics.push_back({Severity::warning,
                               ErrorKind::generic,
                               *value ? "always true" : "always false",
                               clause.offset,
                               clause.length,
                               {}});
    Contradictions(syntax, diagnostics).check_all();
}

}  // namespace vera::expr
