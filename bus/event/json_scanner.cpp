#include "bus/event/json_scanner.hpp"

#include "bus/event/formats.hpp"

#include <algorithm>

namespace vera::event {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

void append_utf8(std::string& text, unsigned point) {
    const auto byte = [&text](unsigned value) { text += static_cast<char>(value); };
    if (point < 0x80U) {
        byte(point);
    } else if (point < 0x800U) {
        byte(0xc0U | point >> 6U);
        byte(0x80U | (point & 0x3fU));
    } else if (point < 0x10000U) {
        byte(0xe0U | point >> 12U);
        byte(0x80U | (point >> 6U & 0x3fU));
        byte(0x80U | (point & 0x3fU));
    } else {
        byte(0xf0U | point >> 18U);
        byte(0x80U | (point >> 12U & 0x3fU));
        byte(0x80U | (point >> 6U & 0x3fU));
        byte(0x80U | (point & 0x3fU));
    }
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf"))
        at_ = 3;  // a byte order mark may be ignored (RFC 8259 §8.1)
}

bool JsonScanner::fail(const char* what) {
    if (error_.empty()) error_ = what;
    return false;
}

std::size_t JsonScanner::line() const {
    return 1 + static_cast<std::size_t>(std::ranges::count(text_.substr(0, at_), '\n'));
}

char JsonScanner::peek() {
    while (at_ < text_.size() && is_space(text_[at_]))
        ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScanner::take(char wanted) {
    if (at_ == text_.size() || peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
}

bool JsonScanner::expect(char wanted) {
    if (take(wanted)) return true;
    const char what[] = {'\'', wanted, '\'', ' ', 'e', 'x', 'p', 'e', 'c', 't', 'e', 'd', '\0'};
    return fail(what);
}

bool JsonScanner::string(std::string& value) {
    value.clear();
    if (!expect('"')) return false;
    while (at_ < text_.size()) {
        const std::size_t run = at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
               static_cast<unsigned char>(text_[at_]) >= 0x20U)
            ++at_;
        value.append(text_.substr(run, at_ - run));
        if (at_ == text_.size()) break;
        const char c = text_[at_];
        if (c == '"') {
            ++at_;
            return is_utf8(value) || fail("a string is not UTF-8");
        }
        if (c != '\\') return fail("a control character in a string");
        ++at_;
        if (!escape(value)) return false;
    }
    return fail("a string without end");
}

bool JsonScanner::escape(std::string& value) {
    static constexpr std::string_view from = "\"\\/bfnrt";
    static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return fail("a string without end");
    const char c = text_[at_++];
    if (const auto known = from.find(c); known != std::string_view::npos) {
        value += to[known];
        return true;
    }
    if (c != 'u') return fail("an unknown escape in a string");
    unsigned point = 0;
    if (!hex(point)) return false;
    if (point >= 0xdc00U && point <= 0xdfffU) return fail("half a surrogate pair in a string");
    if (point >= 0xd800U && point <= 0xdbffU) {
        unsigned low = 0;
        if (text_.substr(at_, 2) != "\\u") return fail("half a surrogate pair in a string");
        at_ += 2;
        if (!hex(low)) return false;
        if (low < 0xdc00U || low > 0xdfffU) return fail("half a surrogate pair in a string");
        point = 0x10000U + ((point - 0xd800U) << 10U) + (low - 0xdc00U);
    }
    append_utf8(value, point);
    return true;
}

bool JsonScanner::hex(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        unsigned digit = 0;
        if (is_digit(c))
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<unsigned>(c - 'A') + 10;
        else
            return fail("an unknown escape in a string");
        unit = unit << 4U | digit;
    }
    return true;
}

bool JsonScanner::number(std::string_view& value) {
    peek();
    const std::size_t start = at_;
    const auto digits = [this] {
        const std::size_t first = at_;
        while (at_ < text_.size() && is_digit(text_[at_]))
            ++at_;
        return at_ - first;
    };
    const auto is_next = [this](char c) { return at_ < text_.size() && text_[at_] == c; };
    if (is_next('-')) ++at_;
    const bool leading_zero = is_next('0');
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return fail("a number expected");
    if (is_next('.')) {
        ++at_;
        if (digits() == 0) return fail("a number expected");
    }
    if (is_next('e') || is_next('E')) {
        ++at_;
        if (is_next('+') || is_next('-')) ++at_;
        if (digits() == 0) return fail("a number expected");
    }
    value = text_.substr(start, at_ - start);
    return true;
}

bool JsonScanner::literal(std::string_view wanted) {
    peek();
    if (text_.substr(at_, wanted.size()) != wanted) return fail("a value expected");
    at_ += wanted.size();
    return true;
}

bool JsonScanner::skip(int nesting) {
    if (nesting >= max_nesting) return fail("nested too deeply");
    std::string text;
    std::string_view digits;
    switch (const char first = peek(); first) {
        case '"':
            return string(text);
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        case '{':
        case '[': {
            ++at_;
            const char last = first == '{' ? '}' : ']';
            if (take(last)) return true;
            do {
                if (first == '{' && (!string(text) || !expect(':'))) return false;
                if (!skip(nesting + 1)) return false;
            } while (take(','));
            return expect(last);
        }
        default:
            return (first == '-' || is_digit(first)) ? number(digits) : fail("a value expected");
    }
}

bool JsonScanner::end() {
    peek();
    return at_ == text_.size() || fail("text behind the value");
}

}  // namespace vera::event
