#include "bus/amqp/bare_message.hpp"

#include "bus/amqp/delivery_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/sections.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

const std::string properties = described(0x73, {str("id-1"), null, str("events")});
const std::string footer = described(0x78, map({sym("x-hash"), bin("digest")}));

std::string rewritten(const std::string& message, std::string_view content) {
    const auto found = scan(message);
    REQUIRE(found.has_value());
    std::string out = "before";
    write_bare(*found, content, out);
    REQUIRE(out.starts_with("before"));
    REQUIRE(scan(std::string_view(out).substr(6)).has_value());
    return out.substr(6);
}

std::string long_one(unsigned section, unsigned constructor, const std::string& content) {
    return "\x00\x53"s + byte(section) + byte(constructor) + be(content.size(), 4) + content;
}

}  // namespace

TEST_CASE("bare message: the new body is of the kind of the old one, to the byte", "[amqp]") {
    struct Row {
        std::string name;
        std::string body;
        std::string content;
        std::string want;
    };
    const auto row = GENERATE(values<Row>(
        {{"data", described(0x75, bin("old")), "new", long_one(0x75, 0xb0, "new")},
         {"two data sections",
          described(0x75, bin("ol")) + described(0x75, bin("d")),
          "new",
          long_one(0x75, 0xb0, "new")},
         {"binary", described(0x77, bin("old")), "\xff", long_one(0x77, 0xb0, "\xff")},
         {"string", described(0x77, str("old")), "n\xc3\xa6", long_one(0x77, 0xb1, "n\xc3\xa6")},
         {"string that is none any more",
          described(0x77, str("old")),
          "\xff",
          long_one(0x77, 0xb0, "\xff")}}));
    CAPTURE(row.name);
    CHECK(rewritten(properties + row.body + footer, row.content) == properties + row.want);
    const auto found = scan(row.body);
    std::string joined;
    CHECK(content_of(*found, joined) == "old");
}

TEST_CASE("bare message: of the properties the event's signature alone is left out", "[amqp]") {
    const std::string body = described(0x75, bin("old"));
    const std::string kept = str("cloudEvents_type") + str("t") + str("n") + u32(70000);
    const std::string signature = str("cloudEvents_dssematerial") + bin("sig");
    const std::string other = str("cloudEvents:dssematerial") + str("sig");
    const auto with = [&](const std::string& pairs, unsigned count) {
        return described(0x74, compound(code::map8, pairs, count));
    };
    const std::string want = long_one(0x75, 0xb0, "new");
    CHECK(rewritten(with(kept, 4) + body, "new") == with(kept, 4) + want);
    CHECK(rewritten(with(signature + kept + other, 8) + body, "new") ==
          "\x00\x53\x74\xd1"s + be(kept.size() + 4, 4) + be(4, 4) + kept + want);
    CHECK(rewritten(properties + with(signature, 2) + body, "new") == properties + want);
}

TEST_CASE("writer: a note tells in which generation an event was of no interest", "[amqp]") {
    const std::string message = properties + described(0x75, bin("old"));
    const std::uint64_t note = note_of(*scan(message), message);
    REQUIRE(note != 0);
    CHECK_FALSE(is_without_addresses(note, Generation{1}));
    const std::uint64_t marked = note_without_addresses(note, Generation{7});
    CHECK(is_without_addresses(marked, Generation{7}));
    CHECK_FALSE(is_without_addresses(marked, Generation{8}));
    CHECK(sections_of(marked, message).bare == sections_of(note, message).bare);
    CHECK(note_without_addresses(0, Generation{7}) == 0);
    CHECK_FALSE(is_without_addresses(0, Generation{0}));
}
