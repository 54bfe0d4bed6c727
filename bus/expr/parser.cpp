#include "bus/expr/parser.hpp"

#include "bus/expr/lexer.hpp"
#include "bus/expr/text.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace vera::expr {
namespace {

std::optional<NodeKind> comparison_of(TokenKind kind) {
    switch (kind) {
        case TokenKind::equal:
            return NodeKind::equal;
        case TokenKind::not_equal:
            return NodeKind::not_equal;
        case TokenKind::less:
            return NodeKind::less;
        case TokenKind::less_or_equal:
            return NodeKind::less_or_equal;
        case TokenKind::greater:
            return NodeKind::greater;
        case TokenKind::greater_or_equal:
            return NodeKind::greater_or_equal;
        default:
            return std::nullopt;
    }
}

/// Recursive descent, one function per level of precedence, the loosest first. Every function
/// returns false when `error` is set.
class Parser {
public:
    Parser(std::string_view expression, const Limits& limits, std::span<const std::string> items)
        : lexer_(expression),
          limits_(limits),
          items_(items) {
        syntax_.expression = expression;
        token_ = lexer_.next();
        ahead_ = lexer_.next();
    }

    std::variant<Syntax, Diagnostic> parse() {
        NodeIndex root = 0;
        if (!logic(root)) return std::move(error_);
        if (token_.kind != TokenKind::end) {
            unexpected("an operator or the end");
            return std::move(error_);
        }
        syntax_.root = root;
        return std::move(syntax_);
    }

private:
    // ---- tokens
    void advance() {
        previous_end_ = token_.end;
        token_ = std::move(ahead_);
        ahead_ =
            ahead_is_final() ? Token{token_.kind, token_.begin, token_.end, {}} : lexer_.next();
    }
    [[nodiscard]] bool ahead_is_final() const {
        return token_.kind == TokenKind::end || token_.kind == TokenKind::wrong;
    }
    static bool is_word(const Token& token, std::string_view upper) {
        return token.kind == TokenKind::word && to_upper_ascii(token.text) == upper;
    }

    bool fail(std::size_t at, std::size_t end, std::string text) {
        error_ = {Severity::error,
                  ErrorKind::parse,
                  std::move(text),
                  static_cast<std::uint32_t>(at),
                  static_cast<std::uint32_t>(end > at ? end - at : 0),
                  {}};
        return false;
    }

    bool unexpected(std::string_view wanted) {
        if (token_.kind == TokenKind::wrong) return fail(token_.begin, token_.end, token_.text);
        std::string text = "expected ";
        text.append(wanted).append(token_.kind == TokenKind::end ? ", but the expression ends here"
                                                                 : "");
        if (token_.kind == TokenKind::word && is_reserved(token_.text))
            text.append(", not the keyword ").append(to_upper_ascii(token_.text));
        return fail(token_.begin, token_.end, std::move(text));
    }

    // ---- nodes
    bool add(Node node, NodeIndex& index) {
        if (syntax_.nodes.size() >= limits_.nodes)
            return fail(node.at,
                        node.end,
                        "more than " + std::to_string(limits_.nodes) + " operators and operands");
        index = static_cast<NodeIndex>(syntax_.nodes.size());
        syntax_.nodes.push_back(std::move(node));
        return true;
    }
    /// A node over `children` that ends where the last token ended.
    bool add_over(NodeKind kind,
                  std::size_t at,
                  std::vector<NodeIndex> children,
                  NodeIndex& index,
                  bool is_negated = false,
                  std::string text = {}) {
        Node node;
        node.kind = kind;
        node.is_negated = is_negated;
        node.at = static_cast<std::uint32_t>(at);
        node.begin = begin_of(children.front());
        node.end = static_cast<std::uint32_t>(previous_end_);
        node.text = std::move(text);
        node.children = std::move(children);
        return add(std::move(node), index);
    }
    [[nodiscard]] std::uint32_t begin_of(NodeIndex index) const {
        const Node& node = syntax_.nodes[index];
        return node.is_parenthesized ? open_of_.at(index) : node.begin;
    }
    static Node made(NodeKind kind, const Token& token) {
        Node node;
        node.kind = kind;
        node.begin = static_cast<std::uint32_t>(token.begin);
        node.at = node.begin;
        node.end = static_cast<std::uint32_t>(token.end);
        return node;
    }

    // ---- levels
    bool logic(NodeIndex& index);
    bool comparison(NodeIndex& index);
    bool between(bool is_negated, NodeIndex& index);
    bool additive(NodeIndex& index);
    bool multiplicative(NodeIndex& index);
    bool matching(NodeIndex& index);
    bool like(bool is_negated, NodeIndex& index);
    bool in(bool is_negated, NodeIndex& index);
    bool is_null(NodeIndex& index);
    bool unary(NodeIndex& index);
    bool primary(NodeIndex& index);
    bool integer(bool is_negative, const Token& first, NodeIndex& index);
    bool exists(NodeIndex& index);
    bool call(NodeIndex& index);
    bool identifier(NodeIndex& index);
    [[nodiscard]] std::string roots() const;
    bool list_of(std::vector<NodeIndex>& nodes);

    /// Counts nesting while it lives.
    class Nested {
    public:
        explicit Nested(Parser& parser) : parser_(parser) { ++parser_.depth_; }
        ~Nested() { --parser_.depth_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;

    private:
        Parser& parser_;
    };

    Lexer lexer_;
    const Limits& limits_;
    std::span<const std::string> items_;
    Syntax syntax_;
    Diagnostic error_;
    Token token_;
    Token ahead_;
    std::size_t previous_end_ = 0;
    std::size_t depth_ = 0;
    std::map<NodeIndex, std::uint32_t> open_of_;
};

// CESQL 1.0.0 §3.6: AND, OR and XOR have one precedence and go from left to right.
bool Parser::logic(NodeIndex& index) {
    if (!comparison(index)) return false;
    for (;;) {
        NodeKind kind = NodeKind::logical_and;
        if (is_word(token_, "AND")) {
            kind = NodeKind::logical_and;
        } else if (is_word(token_, "OR")) {
            kind = NodeKind::logical_or;
        } else if (is_word(token_, "XOR")) {
            kind = NodeKind::logical_xor;
        } else {
            return true;
        }
        const std::size_t at = token_.begin;
        advance();
        NodeIndex right = 0;
        if (!comparison(right) || !add_over(kind, at, {index, right}, index)) return false;
    }
}

bool Parser::comparison(NodeIndex& index) {
    if (!additive(index)) return false;
    for (;;) {
        if (const auto kind = comparison_of(token_.kind)) {
            const std::size_t at = token_.begin;
            advance();
            NodeIndex right = 0;
            if (!additive(right) || !add_over(*kind, at, {index, right}, index)) return false;
        } else if (is_word(token_, "BETWEEN")) {
            if (!between(false, index)) return false;
        } else if (is_word(token_, "NOT") && is_word(ahead_, "BETWEEN")) {
            advance();
            if (!between(true, index)) return false;
        } else {
            return true;
        }
    }
}

bool Parser::between(bool is_negated, NodeIndex& index) {
    const std::size_t at = token_.begin;
    advance();
    NodeIndex low = 0;
    NodeIndex high = 0;
    if (!additive(low)) return false;
    if (!is_word(token_, "AND")) return unexpected("AND between the bounds of BETWEEN");
    advance();
    return additive(high) && add_over(NodeKind::between, at, {index, low, high}, index, is_negated);
}

bool Parser::additive(NodeIndex& index) {
    if (!multiplicative(index)) return false;
    while (token_.kind == TokenKind::plus || token_.kind == TokenKind::minus) {
        const NodeKind kind = token_.kind == TokenKind::plus ? NodeKind::add : NodeKind::subtract;
        const std::size_t at = token_.begin;
        advance();
        NodeIndex right = 0;
        if (!multiplicative(right) || !add_over(kind, at, {index, right}, index)) return false;
    }
    return true;
}

bool Parser::multiplicative(NodeIndex& index) {
    if (!matching(index)) return false;
    while (token_.kind == TokenKind::star || token_.kind == TokenKind::slash ||
           token_.kind == TokenKind::percent) {
        const NodeKind kind = token_.kind == TokenKind::star    ? NodeKind::multiply
                              : token_.kind == TokenKind::slash ? NodeKind::divide
                                                                : NodeKind::remainder;
        const std::size_t at = token_.begin;
        advance();
        NodeIndex right = 0;
        if (!matching(right) || !add_over(kind, at, {index, right}, index)) return false;
    }
    return true;
}

bool Parser::matching(NodeIndex& index) {
    if (!unary(index)) return false;
    for (;;) {
        const bool is_negated =
            is_word(token_, "NOT") && (is_word(ahead_, "LIKE") || is_word(ahead_, "IN"));
        if (is_negated) advance();
        if (is_word(token_, "LIKE")) {
            if (!like(is_negated, index)) return false;
        } else if (is_word(token_, "IN")) {
            if (!in(is_negated, index)) return false;
        } else if (is_word(token_, "IS")) {
            if (!is_null(index)) return false;
        } else {
            return true;
        }
    }
}

bool Parser::like(bool is_negated, NodeIndex& index) {
    const std::size_t at = token_.begin;
    advance();
    if (token_.kind != TokenKind::quoted)
        return unexpected("a text in quotes as the pattern of LIKE");
    std::string pattern = token_.text;
    advance();
    return add_over(NodeKind::like, at, {index}, index, is_negated, std::move(pattern));
}

bool Parser::in(bool is_negated, NodeIndex& index) {
    const std::size_t at = token_.begin;
    advance();
    if (is_word(token_, "LIST") && ahead_.kind == TokenKind::open) {
        advance();
        advance();
        if (token_.kind != TokenKind::quoted) return unexpected("the list's name in quotes");
        std::string name = token_.text;
        advance();
        if (token_.kind != TokenKind::close) return unexpected(")");
        advance();
        return add_over(NodeKind::in_list, at, {index}, index, is_negated, std::move(name));
    }
    if (token_.kind != TokenKind::open) return unexpected("( or LIST( behind IN");
    std::vector<NodeIndex> nodes{index};
    advance();
    return list_of(nodes) && add_over(NodeKind::in, at, std::move(nodes), index, is_negated);
}

/// Expressions with commas between them, up to and with the closing parenthesis; at least one.
bool Parser::list_of(std::vector<NodeIndex>& nodes) {
    const Nested nested(*this);
    if (depth_ > limits_.depth)
        return fail(
            token_.begin, token_.end, "nested deeper than " + std::to_string(limits_.depth));
    for (;;) {
        NodeIndex element = 0;
        if (!logic(element)) return false;
        nodes.push_back(element);
        if (token_.kind == TokenKind::close) break;
        if (token_.kind != TokenKind::comma) return unexpected(", or )");
        advance();
    }
    advance();
    return true;
}

bool Parser::is_null(NodeIndex& index) {
    const std::size_t at = token_.begin;
    const NodeKind of = syntax_.nodes[index].kind;
    if (of != NodeKind::attribute && of != NodeKind::path)
        return fail(at, token_.end, "IS NULL asks for an attribute or a field");
    advance();
    const bool is_negated = is_word(token_, "NOT");
    if (is_negated) advance();
    if (!is_word(token_, "NULL")) return unexpected(is_negated ? "NULL" : "NULL or NOT NULL");
    advance();
    return add_over(NodeKind::is_null, at, {index}, index, is_negated);
}

bool Parser::unary(NodeIndex& index) {
    const bool is_minus = token_.kind == TokenKind::minus;
    const bool is_plus = token_.kind == TokenKind::plus;
    // A sign right before digits belongs to the literal (§2.2), so that the smallest integer can be
    // written.
    if ((is_minus || is_plus) && ahead_.kind == TokenKind::digits && ahead_.begin == token_.end) {
        const Token sign = token_;
        advance();
        return integer(is_minus, sign, index);
    }
    if (!is_minus && !is_word(token_, "NOT")) return primary(index);
    const Nested nested(*this);
    if (depth_ > limits_.depth)
        return fail(
            token_.begin, token_.end, "nested deeper than " + std::to_string(limits_.depth));
    const Token sign = token_;
    advance();
    if (!unary(index) ||
        !add_over(is_minus ? NodeKind::negate : NodeKind::logical_not, sign.begin, {index}, index))
        return false;
    syntax_.nodes[index].begin = static_cast<std::uint32_t>(sign.begin);
    return true;
}

bool Parser::integer(bool is_negative, const Token& first, NodeIndex& index) {
    Node node = made(NodeKind::literal, first);
    node.end = static_cast<std::uint32_t>(token_.end);
    std::int64_t value = 0;
    const std::int64_t most =
        std::int64_t{std::numeric_limits<std::int32_t>::max()} + (is_negative ? 1 : 0);
    for (const char digit : token_.text) {
        value = value * 10 + (digit - '0');
        if (value > most)
            return fail(
                first.begin, token_.end, "integers have 32 bits: -2147483648 to 2147483647");
    }
    node.literal = Value::of_integer(static_cast<std::int32_t>(is_negative ? -value : value));
    advance();
    return add(std::move(node), index);
}

bool Parser::primary(NodeIndex& index) {
    switch (token_.kind) {
        case TokenKind::digits:
            return integer(false, token_, index);
        case TokenKind::quoted: {
            Node node = made(NodeKind::literal, token_);
            node.literal = Value::of_string({});
            node.text = token_.text;
            advance();
            return add(std::move(node), index);
        }
        case TokenKind::open: {
            const Nested nested(*this);
            if (depth_ > limits_.depth)
                return fail(token_.begin,
                            token_.end,
                            "nested deeper than " + std::to_string(limits_.depth));
            const std::size_t open = token_.begin;
            advance();
            if (!logic(index)) return false;
            if (token_.kind != TokenKind::close) return unexpected(")");
            advance();
            syntax_.nodes[index].is_parenthesized = true;
            open_of_[index] = static_cast<std::uint32_t>(open);
            return true;
        }
        case TokenKind::path:
            return identifier(index);
        case TokenKind::word:
            break;
        default:
            return unexpected("a value");
    }
    if (is_word(token_, "TRUE") || is_word(token_, "FALSE")) {
        Node node = made(NodeKind::literal, token_);
        node.literal = Value::of_boolean(is_word(token_, "TRUE"));
        advance();
        return add(std::move(node), index);
    }
    if (is_word(token_, "EXISTS")) return exists(index);
    if (is_reserved(token_.text)) return unexpected("a value");
    return ahead_.kind == TokenKind::open ? call(index) : identifier(index);
}

/// "data or Beskedkuvert".
std::string Parser::roots() const {
    std::string text;
    for (const std::string& item : items_)
        text += item + ", ";
    return text + "data or Beskedkuvert";
}

/// An attribute's name or a path.
bool Parser::identifier(NodeIndex& index) {
    if (token_.kind == TokenKind::path) {
        const std::string root = token_.text.substr(0, token_.text.find('.'));
        if (root != "data" && root != "Beskedkuvert" &&
            std::ranges::find(items_, root) == items_.end())
            return fail(token_.begin, token_.begin + root.size(), "paths begin with " + roots());
        Node node = made(NodeKind::path, token_);
        node.text = token_.text;
        advance();
        return add(std::move(node), index);
    }
    // Attribute names are in lower case (CloudEvents §3.1); written otherwise they mean the same,
    // as in the reference implementations.
    if (const std::size_t at = token_.text.find('_'); at != std::string::npos)
        return fail(token_.begin + at,
                    token_.begin + at + 1,
                    "names of attributes have letters and digits only");
    Node node = made(NodeKind::attribute, token_);
    node.text = to_lower_ascii(token_.text);
    advance();
    return add(std::move(node), index);
}

bool Parser::exists(NodeIndex& index) {
    const Token keyword = token_;
    advance();
    const bool is_name = token_.kind == TokenKind::path || token_.kind == TokenKind::digits ||
                         (token_.kind == TokenKind::word && !is_reserved(token_.text));
    if (!is_name) return unexpected("the name of an attribute behind EXISTS");
    if (!identifier(index) || !add_over(NodeKind::exists, keyword.begin, {index}, index))
        return false;
    syntax_.nodes[index].begin = static_cast<std::uint32_t>(keyword.begin);
    return true;
}

bool Parser::call(NodeIndex& index) {
    const Token name = token_;
    for (std::size_t i = 0; i < name.text.size(); ++i)
        if ((name.text[i] >= '0' && name.text[i] <= '9') || (i == 0 && name.text[i] == '_'))
            return fail(
                name.begin + i, name.begin + i + 1, "names of functions have letters and _ only");
    Node node = made(NodeKind::call, name);
    node.text = to_upper_ascii(name.text);
    advance();
    advance();
    if (token_.kind == TokenKind::close) {
        advance();
    } else if (!list_of(node.children)) {
        return false;
    }
    node.end = static_cast<std::uint32_t>(previous_end_);
    return add(std::move(node), index);
}

}  // namespace

std::variant<Syntax, Diagnostic> parse(std::string_view expression,
                                       const Limits& limits,
                                       std::span<const std::string> items) {
    if (expression.size() > limits.length_bytes)
        return Diagnostic{Severity::error,
                          ErrorKind::parse,
                          "longer than " + std::to_string(limits.length_bytes) + " bytes",
                          static_cast<std::uint32_t>(limits.length_bytes),
                          0,
                          {}};
    if (const std::size_t valid = valid_utf8(expression); valid != expression.size())
        return Diagnostic{Severity::error,
                          ErrorKind::parse,
                          "not UTF-8",
                          static_cast<std::uint32_t>(valid),
                          1,
                          {}};
    return Parser(expression, limits, items).parse();
}

}  // namespace vera::expr
