#include "bus/ops/names.hpp"

#include "tests/support/catch.hpp"

using namespace vera::ops;

TEST_CASE("names: the Danish letters fold to their ASCII spelling whatever the case or form",
          "[ops]") {
    CHECK(fold("læsø-omsorg") == "laesoe-omsorg");
    CHECK(fold("LÆSØ-Omsorg") == "laesoe-omsorg");
    CHECK(fold("Aalborg") == fold("Ålborg"));
    CHECK(fold("a\xCC\x8A") == "aa");  // a with a combining ring
    CHECK(fold("A\xCC\x8A") == "aa");
    CHECK(compose("a\xCC\x8A-A\xCC\x8A") == "å-Å");
    CHECK(fold("hjoerring") != fold("hjorring"));
}

TEST_CASE("names: small letters, digits, then dot, underscore and hyphen", "[ops]") {
    struct Row {
        std::string in;
        bool want;
    };
    const auto row = GENERATE(values<Row>({
        {"omsorg-hjørring", true},
        {"ø", true},
        {"0", true},
        {"a.b_c-d", true},
        {std::string(64, 'a'), true},
        {std::string(65, 'a'), false},
        {"", false},
        {"Omsorg", false},
        {"Ørsted", false},
        {"-a", false},
        {".a", false},
        {"$unrouted", false},
        {"a/b", false},
        {"a b", false},
        {"a\nb", false},
        {"é", false},
        {"a\xC3", false},
        {"a\xCC\x8A", false},
    }));
    CAPTURE(row.in);
    CHECK(is_name(row.in) == row.want);
}

TEST_CASE("names: 64 letters of two bytes are a name", "[ops]") {
    std::string name;
    for (int i = 0; i < 64; ++i)
        name += "æ";
    CHECK(is_name(name));
    CHECK_FALSE(is_name(name + "æ"));
}

TEST_CASE("names: the nearest known one is found only when it is near", "[ops]") {
    const std::vector<std::string> known{"idle_timeout", "io_threads", "links"};
    CHECK(nearest("idle_timout", known) == "idle_timeout");
    CHECK(nearest("io_thread", known) == "io_threads");
    CHECK(nearest("link", known) == "links");
    CHECK(nearest("certificates", known).empty());
    CHECK(nearest("", known).empty());
    CHECK(nearest(std::string(1000, 'a'), known).empty());
}
