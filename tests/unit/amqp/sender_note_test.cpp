#include "bus/amqp/sender_note.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

#include <string>

using namespace vera;
using namespace vera::amqp;
using namespace std::string_literals;

TEST_CASE("sender note: it replaces the delivery-annotations and nothing else", "[amqp]") {
    const std::string header = wire::described(0x70, {wire::yes});
    const std::string notes =
        wire::described(0x72, wire::map({wire::sym("x-opt-farve"), wire::str("blå")}));
    const std::string bare = wire::described(0x73, {wire::str("id")}) +
                             wire::described(0x75, wire::bin("hej")) +
                             wire::described(0x78, wire::map({}));
    const std::string forged =
        wire::described(0x71, wire::map({wire::sym("sender"), wire::str("en anden")}));
    const std::string message = header + forged + notes + bare;
    std::string stored;
    write_with_sender(*scan(message), "læsø-omsorg", "45973328", stored);
    const std::string pairs = wire::sym("sender") + wire::str("læsø-omsorg") +
                              wire::sym("authority") + wire::str("45973328");
    CHECK(stored == header + "\x00\x53\x71\xd1"s + wire::be(pairs.size() + 4, 4) + wire::be(4, 4) +
                        pairs + notes + bare);
    const auto sections = scan(stored);
    REQUIRE(sections.has_value());
    CHECK(sections->bare == bare);
    CHECK(sections->message_annotations == notes);
    const Sender sender = read_sender(*sections);
    CHECK(sender.system == "læsø-omsorg");
    CHECK(sender.authority == "45973328");
}

TEST_CASE("sender note: a message that came without any section but its body has it too",
          "[amqp]") {
    const std::string message = wire::described(0x77, wire::str("hej"));
    std::string stored;
    write_with_sender(*scan(message), "omsorg", "", stored);
    const auto sections = scan(stored);
    REQUIRE(sections.has_value());
    CHECK(read_sender(*sections).system == "omsorg");
    CHECK(read_sender(*sections).authority.empty());
    CHECK(sections->bare == message);
}

TEST_CASE("property reader: an id of any type is text", "[amqp]") {
    CHECK(value_text(wire::str("m-1")) == "m-1");
    CHECK(value_text(wire::u64(300)) == "300");
    CHECK(value_text(wire::byte(0x98) + std::string(15, '\0') + "\x01") ==
          "00000000-0000-0000-0000-000000000001");
    CHECK(value_text(wire::bin("m-1")).empty());
    CHECK(value_text("").empty());
}
