#include "bus/expr/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vera::expr {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

template <class Change>
std::string changed(std::string_view text, Change change) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), change);
    return made;
}

}  // namespace

std::string to_upper_ascii(std::string_view text) {
    return changed(text,
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

std::string to_lower_ascii(std::string_view text) {
    return changed(text,
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

bool is_reserved(std::string_view word) {
    static constexpr std::array<std::string_view, 9> words = {
        "AND", "OR", "XOR", "NOT", "LIKE", "EXISTS", "IN", "TRUE", "FALSE"};
    return std::ranges::find(words, to_upper_ascii(word)) != words.end();
}

Token Lexer::next() {
    while (at_ < all_.size() && is_space(all_[at_]))
        ++at_;
    if (at_ == all_.size()) return {TokenKind::end, at_, at_, {}};
    const char c = all_[at_];
    if (is_word(c)) return word();
    if (c == '\'' || c == '"') return quoted(c);
    return sign();
}

Token Lexer::made(TokenKind kind, std::size_t size) {
    Token token{kind, at_, at_ + size, std::string(all_.substr(at_, size))};
    at_ += size;
    return token;
}

Token Lexer::wrong(std::size_t at, std::string text) const {
    return {TokenKind::wrong, at, std::min(at + 1, all_.size()), std::move(text)};
}

Token Lexer::word() {
    std::size_t end = at_;
    std::size_t dots = 0;
    while (end < all_.size()) {
        if (is_word(all_[end])) {
            ++end;
        } else if (all_[end] == '.') {
            if (end + 1 == all_.size() || !is_word(all_[end + 1]))
                return wrong(end, "a dot needs the name of a field behind it");
            ++dots;
            ++end;
        } else {
            break;
        }
    }
    const std::string_view text = all_.substr(at_, end - at_);
    if (dots > 0) return made(TokenKind::path, text.size());
    return made(std::ranges::all_of(text, is_digit) ? TokenKind::digits : TokenKind::word,
                text.size());
}

Token Lexer::quoted(char quote) {
    Token token{TokenKind::quoted, at_, at_, {}};
    for (std::size_t i = at_ + 1; i < all_.size(); ++i) {
        if (all_[i] == quote) {
            at_ = i + 1;
            token.end = at_;
            return token;
        }
        // Only the closing quote is escaped; before any other character the backslash stays, and
        // LIKE reads those before % and _.
        if (all_[i] == '\\' && i + 1 < all_.size()) {
            if (all_[i + 1] != quote) token.text.push_back(all_[i]);
            ++i;
        }
        token.text.push_back(all_[i]);
    }
    return wrong(at_, std::string("the text that begins here has no closing ") + quote);
}

Token Lexer::sign() {
    const char second = at_ + 1 < all_.size() ? all_[at_ + 1] : '\0';
    switch (all_[at_]) {
        case '(':
            return made(TokenKind::open, 1);
        case ')':
            return made(TokenKind::close, 1);
        case ',':
            return made(TokenKind::comma, 1);
        case '+':
            return made(TokenKind::plus, 1);
        case '-':
            return made(TokenKind::minus, 1);
        case '*':
            return made(TokenKind::star, 1);
        case '/':
            return made(TokenKind::slash, 1);
        case '%':
            return made(TokenKind::percent, 1);
        case '=':
            if (second == '=') return wrong(at_ + 1, "equality is one =");
            return made(TokenKind::equal, 1);
        case '!':
            if (second == '=') return made(TokenKind::not_equal, 2);
            return wrong(at_, "! stands only before =; negation is NOT");
        case '<':
            if (second == '=') return made(TokenKind::less_or_equal, 2);
            if (second == '>') return made(TokenKind::not_equal, 2);
            return made(TokenKind::less, 1);
        case '>':
            if (second == '=') return made(TokenKind::greater_or_equal, 2);
            return made(TokenKind::greater, 1);
        case '&':
            return wrong(at_, "conjunction is AND");
        case '|':
            return wrong(at_, "disjunction is OR");
        default:
            return wrong(at_, "a character that has no meaning outside quotes");
    }
}

}  // namespace vera::expr
