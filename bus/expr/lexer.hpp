#pragma once
// Text into tokens (CESQL 1.0.0 §2). Keywords in any case; what follows a backslash in a literal
// stays, except the closing quote.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::expr {

enum class TokenKind : std::uint8_t {
    end,
    wrong,  ///< `text` says why
    word,   ///< name of an attribute or a function, keyword, `true`, or the first part of a path
    path,   ///< words with dots between them
    digits,
    quoted,  ///< `text` is the literal's value
    open,
    close,
    comma,
    plus,
    minus,
    star,
    slash,
    percent,
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal
};

struct Token {
    TokenKind kind = TokenKind::end;
    std::size_t begin = 0;  ///< bytes from the beginning of the expression
    std::size_t end = 0;
    std::string text;  ///< as it stands; quoted: without quotes and escapes
};

class Lexer {
public:
    explicit Lexer(std::string_view expression) : all_(expression) {}
    Token next();

private:
    Token word();
    Token quoted(char quote);
    Token sign();
    Token made(TokenKind kind, std::size_t size);
    [[nodiscard]] Token wrong(std::size_t at, std::string text) const;

    std::string_view all_;
    std::size_t at_ = 0;
};

/// `word` is one of the words that CESQL reserves, in any case.
[[nodiscard]] bool is_reserved(std::string_view word);
/// ASCII letters in upper case.
[[nodiscard]] std::string to_upper_ascii(std::string_view text);
[[nodiscard]] std::string to_lower_ascii(std::string_view text);

}  // namespace vera::expr
