#pragma once
// The syntax tree of an expression: nodes in a vector, by index. Made by the parser, read by the
// checks and the compiler.
#include "bus/expr/error_kind.hpp"
#include "bus/expr/property_reader.hpp"
#include "bus/expr/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::expr {

enum class NodeKind : std::uint8_t {
    literal,
    attribute,  ///< `text` is its name in lower case
    path,       ///< `text` as it stands
    negate,     ///< -x
    logical_not,
    logical_and,
    logical_or,
    logical_xor,
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    like,     ///< x; `text` is the pattern
    exists,   ///< attribute or path
    in,       ///< x and the elements
    in_list,  ///< x; `text` is the list's name
    between,  ///< x, low, high
    is_null,  ///< attribute or path
    call      ///< the arguments; `text` is the name in upper case
};

using NodeIndex = std::uint32_t;

struct Node {
    NodeKind kind = NodeKind::literal;
    bool is_negated = false;  ///< NOT LIKE, NOT IN, NOT BETWEEN, IS NOT NULL
    bool is_parenthesized = false;
    std::uint32_t begin = 0;  ///< of its text in the expression, parentheses excluded
    std::uint32_t end = 0;
    std::uint32_t at = 0;  ///< of its operator or name: where errors point
    Value literal;         ///< its `text`, if it has one, is `text` below
    std::string text;
    std::vector<NodeIndex> children;
};

struct Syntax {
    std::string expression;
    std::vector<Node> nodes;
    NodeIndex root = 0;
};

enum class Severity : std::uint8_t { error, warning };

/// What is wrong with an expression, known without any event.
struct Diagnostic {
    Severity severity = Severity::error;
    ErrorKind kind = ErrorKind::parse;
    std::string text;          ///< starts small, no full stop
    std::uint32_t offset = 0;  ///< bytes from the beginning of the expression
    std::uint32_t length = 0;  ///< of what it is about
    std::string suggestion;    ///< what to write instead; empty: nothing to suggest
};

}  // namespace vera::expr
