#include "bus/amqp/reply_address.hpp"

#include <charconv>

namespace vera::amqp {
namespace {

constexpr std::string_view prefix = "reply/";
constexpr std::size_t secret_digits = 32;
constexpr std::size_t owner_digits = 16;

void put_hex(std::string& out, std::uint8_t byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
}

// Exactly what put_hex writes: an address has one spelling.
template <class Int>
bool read_hex(std::string_view digits, Int& value) {
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
    return std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ec ==
           std::errc{};
}

}  // namespace

std::string to_text(const ReplyAddress& address) {
    std::string text(prefix);
    for (const std::uint8_t byte : address.secret)
        put_hex(text, byte);
    text += '-';
    for (int shift = 56; shift >= 0; shift -= 8)
        put_hex(text,
                static_cast<std::uint8_t>(address.owner.value >> static_cast<unsigned>(shift)));
    return text;
}

std::optional<ReplyAddress> parse_reply_address(std::string_view text) {
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    if (text.size() != secret_digits + 1 + owner_digits || text[secret_digits] != '-')
        return std::nullopt;
    ReplyAddress address;
    for (std::size_t i = 0; i < address.secret.size(); ++i)
        if (!read_hex(text.substr(i * 2, 2), address.secret[i])) return std::nullopt;
    if (!read_hex(text.substr(secret_digits + 1), address.owner.value)) return std::nullopt;
    return address;
}

Refusal no_such_node() {
    return {Condition::not_found,
            "there is no such dynamic node: it went with the link that made it, or never was"};
}

}  // namespace vera::amqp
