#include "bus/expr/explain.hpp"

#include "bus/expr/casting.hpp"

#include <algorithm>
#include <deque>

namespace vera::expr {
namespace {

using Result = ClauseReport::Result;

bool is_personal(const FieldPath& path) {
    return std::ranges::any_of(path.resolved, [](const ResolvedPath& one) {
        return std::ranges::any_of(one.steps, &FieldShape::is_personal);
    });
}

/// Takes the values of a field and keeps their texts.
class Witness : public ValueSink {
public:
    explicit Witness(Seen& seen) : seen_(seen) {}
    void take(const Value& value) override {
        constexpr std::size_t at_most = 100;  // of a repeated field: enough to understand
        seen_.is_present = true;
        if (seen_.values.size() == at_most) return;
        seen_.values.push_back(value);
        seen_.texts.emplace_back(value.text);
    }
    std::string_view keep(std::string_view text) override { return kept_.emplace_back(text); }

private:
    Seen& seen_;
    std::deque<std::string> kept_;
};

class Explainer {
public:
    Explainer(Evaluator& evaluator,
              const Program& program,
              const PropertyReader& event,
              std::vector<ClauseReport>& reports)
        : evaluator_(evaluator),
          program_(program),
          event_(event),
          reports_(reports) {}

    /// Reports the clause and gives what it was; `is_reached`: the bus came to it.
    Result report(const Clause& clause, bool is_reached) {
        if (clause.kind == Clause::Kind::leaf) return report_leaf(clause, is_reached);
        const Result left = report(clause.children[0], is_reached);
        if (clause.kind == Clause::Kind::logical_not) return negated(left);
        const Result stops =
            clause.kind == Clause::Kind::logical_or ? Result::is_true : Result::is_false;
        const bool goes_on =
            is_reached && (clause.kind == Clause::Kind::logical_xor ||
                           (left != stops &&
                            !(clause.kind == Clause::Kind::logical_and && left == Result::error)));
        const Result right = report(clause.children[1], goes_on);
        if (!is_reached) return Result::not_evaluated;
        if (!goes_on) return left;
        if (left == Result::error || right == Result::error) return Result::error;
        if (clause.kind == Clause::Kind::logical_xor)
            return left == right ? Result::is_false : Result::is_true;
        return right;
    }

    /// Marks the clauses that made `clause` what it was; `at` is that of its first leaf.
    std::size_t decide(const Clause& clause, bool is_deciding, std::size_t at) {
        if (clause.kind == Clause::Kind::leaf) {
            reports_[at].decided = is_deciding && reports_[at].result != Result::not_evaluated;
            return at + 1;
        }
        const bool is_and = clause.kind == Clause::Kind::logical_and;
        const bool is_choice = is_and || clause.kind == Clause::Kind::logical_or;
        std::vector<Result> parts;
        std::size_t begin = at;
        for (const Clause& child : clause.children) {
            parts.push_back(result_of(child, begin));
            begin += leaves(child);
        }
        // One side that is false decides an AND, one that is true an OR, and one with an error
        // both.
        const Result alone = is_and ? Result::is_false : Result::is_true;
        const auto is_alone = [&](Result result) {
            return result == Result::error || result == alone;
        };
        const bool has_alone = is_choice && std::ranges::any_of(parts, is_alone);
        for (std::size_t i = 0; i < parts.size(); ++i)
            at = decide(clause.children[i], is_deciding && (!has_alone || is_alone(parts[i])), at);
        return at;
    }

private:
    static Result negated(Result result) {
        if (result == Result::is_true) return Result::is_false;
        return result == Result::is_false ? Result::is_true : result;
    }

    static std::size_t leaves(const Clause& clause) {
        if (clause.kind == Clause::Kind::leaf) return 1;
        std::size_t count = 0;
        for (const Clause& child : clause.children)
            count += leaves(child);
        return count;
    }

    /// What a clause was, from the reports of its leaves, the first of which is `at`.
    Result result_of(const Clause& clause, std::size_t at) const {
        if (clause.kind == Clause::Kind::leaf) return reports_[at].result;
        const Result left = result_of(clause.children[0], at);
        if (clause.kind == Clause::Kind::logical_not) return negated(left);
        const Result right = result_of(clause.children[1], at + leaves(clause.children[0]));
        if (right == Result::not_evaluated) return left;
        if (left == Result::error || right == Result::error) return Result::error;
        if (clause.kind == Clause::Kind::logical_xor)
            return left == right ? Result::is_false : Result::is_true;
        return right;
    }

    Result report_leaf(const Clause& clause, bool is_reached) {
        ClauseReport report;
        report.text = program_.expression().substr(clause.offset, clause.length);
        report.offset = clause.offset;
        if (is_reached) {
            const Outcome outcome = evaluator_.evaluate_clause(program_, clause, event_);
            report.result = outcome.problem_count > 0 ? Result::error : truth_of(outcome.value);
            look(clause, report.seen);
        }
        reports_.push_back(std::move(report));
        return reports_.back().result;
    }

    static Result truth_of(const Value& value) {
        const auto made = to_boolean(value);
        if (!made) return Result::error;
        return *made ? Result::is_true : Result::is_false;
    }

    void look(const Clause& clause, std::vector<Seen>& all) const {
        const Code& code = program_.code();
        for (std::uint32_t i = clause.code_begin; i < clause.code_end; ++i) {
            const Instruction& one = code.instructions[i];
            Seen seen;
            Witness witness(seen);
            Value value;
            if (one.op == Op::attribute || one.op == Op::attribute_exists) {
                seen.name = code.names[one.operand];
                if (event_.attribute(seen.name, value)) witness.take(value);
            } else if (one.op == Op::path || one.op == Op::path_exists) {
                seen.name = code.paths[one.operand].text;
                if (!event_.field(code.paths[one.operand], witness)) {
                    seen.is_present = false;
                    seen.values.clear();
                    seen.texts.clear();
                }
            } else {
                continue;
            }
            if (std::ranges::find(all, seen.name, &Seen::name) == all.end())
                all.push_back(std::move(seen));
        }
    }

    Evaluator& evaluator_;
    const Program& program_;
    const PropertyReader& event_;
    std::vector<ClauseReport>& reports_;
};

}  // namespace

Explanation explain(Evaluator& evaluator, const Program& program, const PropertyReader& event) {
    Explanation explanation;
    const Outcome outcome = evaluator.evaluate(program, event);
    explanation.value = outcome.value;
    explanation.value_text = outcome.value.text;
    if (outcome.value.type == Type::many)
        for (const Value& element : evaluator.elements(outcome.value))
            Witness(explanation.elements).take(element);
    explanation.problems.assign(outcome.problems.begin(), outcome.problems.end());
    explanation.problem_count = outcome.problem_count;
    explanation.passes = outcome.passes();
    explanation.reads_personal = std::ranges::any_of(program.code().paths, is_personal);
    Explainer explainer(evaluator, program, event, explanation.clauses);
    explainer.report(program.code().clause, true);
    explainer.decide(program.code().clause, true, 0);
    return explanation;
}

}  // namespace vera::expr
