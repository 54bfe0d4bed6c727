#pragma once
// The address of a dynamic node: "reply/<secret>-<link>". The link says where the node is, the
// secret that whoever names it was told; nobody else finds it. Pure.
#include "bus/base/ids.hpp"
#include "bus/base/refusal.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vera::amqp {

struct ReplyAddress {
    LinkId owner;  ///< the link that made it
    std::array<std::uint8_t, 16> secret{};
    friend bool operator==(const ReplyAddress&, const ReplyAddress&) = default;
};

[[nodiscard]] std::string to_text(const ReplyAddress& address);
/// Nothing if `text` is no address of a dynamic node.
[[nodiscard]] std::optional<ReplyAddress> parse_reply_address(std::string_view text);
/// Has the form, at the first look: a cheap test for the many messages that have none.
[[nodiscard]] inline bool is_reply_address(std::string_view text) {
    return text.starts_with("reply/");
}
/// What whoever names one that is not there is told. It never repeats the address, which is secret.
[[nodiscard]] Refusal no_such_node();

}  // namespace vera::amqp
