#pragma once
// The compiled form of an expression: instructions for a stack machine, in one flat list without
// loops. Immutable; copies share it, any thread may evaluate it.
#include "bus/expr/functions.hpp"
#include "bus/expr/like_pattern.hpp"
#include "bus/expr/limits.hpp"
#include "bus/expr/property_reader.hpp"
#include "bus/expr/syntax.hpp"
#include "bus/expr/value.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

enum class Op : std::uint8_t {
    literal,    ///< operand: which literal
    attribute,  ///< operand: which name
    path,       ///< operand: which path
    attribute_exists,
    path_exists,
    negate,
    logical_not,
    and_jump,  ///< operand: where to go on if the left side is false
    and_end,
    or_jump,  ///< operand: where to go on if the left side is true
    or_end,
    logical_xor,
    equal,  ///< is_negated: !=
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    like,         ///< operand: which pattern
    in_literals,  ///< operand: which set
    in_test,      ///< operand: where to go on if the element was equal
    in_end,
    in_list,  ///< operand: which name
    between,
    call,  ///< operand: which function; `arguments` of them
    missing_function
};

struct Instruction {
    Op op = Op::literal;
    bool is_negated = false;
    std::uint16_t arguments = 0;
    std::uint32_t operand = 0;
    std::uint32_t offset = 0;  ///< in the expression: where errors point
    std::uint32_t length = 0;
};

/// The elements of an IN of literals only.
struct LiteralSet {
    std::vector<Value> elements;
    std::vector<std::string_view> sorted;  ///< if all are strings
};

/// The logical skeleton: what an explanation tells apart.
struct Clause {
    enum class Kind : std::uint8_t { leaf, logical_not, logical_and, logical_or, logical_xor };
    Kind kind = Kind::leaf;
    std::uint32_t code_begin = 0;
    std::uint32_t code_end = 0;
    std::uint32_t offset = 0;  ///< of its text
    std::uint32_t length = 0;
    std::vector<Clause> children;
};

struct Code {
    std::string expression;
    std::vector<Instruction> instructions;
    std::deque<std::string> texts;  ///< what the views below look at
    std::vector<Value> literals;
    std::vector<std::string_view> names;
    std::vector<FieldPath> paths;
    std::vector<LikePattern> patterns;
    std::vector<LiteralSet> sets;
    std::vector<const Function*> functions;
    Clause clause;
    std::size_t stack = 0;  ///< values at once
    Limits limits;
};

class Program {
public:
    explicit Program(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
    [[nodiscard]] const Code& code() const { return *code_; }
    [[nodiscard]] const std::string& expression() const { return code_->expression; }
    /// Attributes and paths that it reads, each once, in the order of the text.
    [[nodiscard]] std::vector<std::string> reads() const;

private:
    std::shared_ptr<const Code> code_;
};

}  // namespace vera::expr
