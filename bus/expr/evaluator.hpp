#pragma once
// Runs programs over events. Keeps what an evaluation needs from one to the next: nothing is
// allocated on the common path.
#include "bus/expr/arithmetic.hpp"
#include "bus/expr/program.hpp"
#include "bus/expr/property_reader.hpp"
#include "bus/expr/pseudonyms.hpp"
#include "bus/expr/scratch.hpp"
#include "bus/expr/value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vera::expr {

/// A value and the errors that came up: CESQL 1.0.0 gives both (§3.3). An operator over an operand
/// with an error gives the zero value of its type; the errors of all operands that were evaluated
/// are kept.
struct Outcome {
    Value
        value;  ///< its text lives until the evaluator's next run, and as long as event and program
    std::span<const Problem> problems;  ///< the first 16; until the next run
    std::size_t problem_count = 0;

    /// A filter lets pass what is true without an error (§1.2).
    [[nodiscard]] bool passes() const { return problem_count == 0 && value.is_true(); }
};

/// Thread: any, one at a time. Programs and readers are borrowed for a call.
class Evaluator {
public:
    /// `lists`: borrowed for the evaluator's life; nullptr: LIST('…') knows none.
    explicit Evaluator(const ValueLists* lists = nullptr) : lists_(lists) {}
    /// Others from now on, borrowed likewise.
    void use(const ValueLists* lists) { lists_ = lists; }

    /// For PSEUDONYM, until the next call of this; nullptr: there is no key.
    void use(const Pseudonyms* pseudonyms) { scratch_.pseudonyms = pseudonyms; }

    [[nodiscard]] Outcome evaluate(const Program& program, const PropertyReader& event);
    [[nodiscard]] bool matches(const Program& program, const PropertyReader& event) {
        return evaluate(program, event).passes();
    }
    /// One clause of the program alone.
    [[nodiscard]] Outcome evaluate_clause(const Program& program,
                                          const Clause& clause,
                                          const PropertyReader& event);
    /// The values of a field: those of a repeated one until the next run.
    [[nodiscard]] std::span<const Value> elements(const Value& value) const;

private:
    Outcome run(const Code& code,
                std::uint32_t begin,
                std::uint32_t end,
                const PropertyReader& event);
    void step(const Code& code,
              const Instruction& instruction,
              const PropertyReader& event,
              std::uint32_t& next);

    // ---- the stack: `top_` is behind its last value
    void push(const Value& value) { *top_++ = value; }
    Value pop() { return *--top_; }

    // ---- instructions
    void load_attribute(const Code& code, const Instruction& one, const PropertyReader& event);
    [[nodiscard]] Value load_path(const FieldPath& path, const PropertyReader& event);
    void negate(const Instruction& one);
    void arithmetic(const Instruction& one);
    void finish_arithmetic(const Instruction& one, const Calculated& calculated);
    void compare(const Instruction& one);
    void like(const Code& code, const Instruction& one);
    void in_literals(const Code& code, const Instruction& one);
    void in_test(const Instruction& one, std::uint32_t& next);
    void in_list(const Code& code, const Instruction& one);
    void between(const Instruction& one);
    void call(const Code& code, const Instruction& one);
    /// False: there was an error.
    bool cast_argument(const Instruction& one, Parameter wanted, Value& value);
    [[nodiscard]] Value boolean_of(const Instruction& one, const Value& value);

    template <class Test>
    [[nodiscard]] std::optional<bool> any_of(const Value& value, Test test);
    [[nodiscard]] std::optional<bool> compared(Op op, const Value& left, const Value& right);
    void finish_test(const Instruction& one, std::optional<bool> found);

    void problem(ErrorKind kind,
                 const Instruction& at,
                 std::string_view what,
                 std::string_view name = {});
    /// The zero value of a type, with the mark that there was an error.
    static Value poison(Type type);

    const ValueLists* lists_;
    Scratch scratch_;
    std::vector<Value> stack_;
    Value* top_ = nullptr;
};

}  // namespace vera::expr
