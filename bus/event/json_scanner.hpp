#pragma once
// JSON text (RFC 8259), read token by token: strict, with the place of what is wrong, and with a
// bound on nesting. Builds nothing.
#include <cstddef>
#include <string>
#include <string_view>

namespace vera::event {

/// Every function that reads returns false and leaves error() when the text is not what was asked
/// for.
class JsonScanner {
public:
    static constexpr int max_nesting = 64;

    explicit JsonScanner(std::string_view text);

    /// The next character that is not space; 0 at the end.
    char peek();
    bool expect(char wanted);
    /// Consumes `wanted` if it is next.
    bool take(char wanted);
    /// A string; its text is UTF-8.
    bool string(std::string& value);
    /// A number as it stands.
    bool number(std::string_view& value);
    /// One of true, false, null.
    bool literal(std::string_view wanted);
    /// Any value; `nesting` is that of what holds it.
    bool skip(int nesting);
    /// Nothing but space is left.
    bool end();

    [[nodiscard]] std::size_t offset() const { return at_; }
    void rewind(std::size_t offset) { at_ = offset; }
    [[nodiscard]] std::string_view between(std::size_t from, std::size_t to) const {
        return text_.substr(from, to - from);
    }
    /// Line of the current place, counted from 1.
    [[nodiscard]] std::size_t line() const;
    /// What was wrong, without place and without anything of the text.
    [[nodiscard]] const std::string& error() const { return error_; }

private:
    bool fail(const char* what);
    bool escape(std::string& value);
    bool hex(unsigned& unit);

    std::string_view text_;
    std::size_t at_ = 0;
    std::string error_;
};

}  // namespace vera::event
