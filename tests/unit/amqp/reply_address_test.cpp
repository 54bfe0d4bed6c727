#include "bus/amqp/reply_address.hpp"

#include "tests/support/catch.hpp"

#include <string>

using namespace vera;
using namespace vera::amqp;

TEST_CASE("reply address: it has one spelling, which is golden", "[amqp]") {
    ReplyAddress address;
    address.owner = LinkId{0x0100000002000003};
    for (std::size_t i = 0; i < address.secret.size(); ++i)
        address.secret[i] = static_cast<std::uint8_t>(0xf0 + i);
    const std::string text = to_text(address);
    CHECK(text == "reply/f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff-0100000002000003");
    const auto back = parse_reply_address(text);
    REQUIRE(back.has_value());
    CHECK(*back == address);
    CHECK(is_reply_address(text));
}

TEST_CASE("reply address: anything else is none", "[amqp]") {
    const std::string good = "reply/f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff-0100000002000003";
    for (std::size_t i = 0; i < good.size(); ++i) {
        CAPTURE(i);
        CHECK_FALSE(parse_reply_address(good.substr(0, i)).has_value());
        std::string bad = good;
        bad[i] = 'G';
        CHECK_FALSE(parse_reply_address(bad).has_value());
    }
    CHECK_FALSE(parse_reply_address(good + "0").has_value());
    CHECK_FALSE(
        parse_reply_address("reply/F0f1f2f3f4f5f6f7f8f9fafbfcfdfeff-0100000002000003").has_value());
    CHECK_FALSE(parse_reply_address("queue/x").has_value());
}
