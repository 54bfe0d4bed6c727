#include "bus/base/block.hpp"
#include "bus/base/edit_distance.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "tests/support/catch.hpp"

using namespace vera;

TEST_CASE("time: RFC 3339 text is read to the millisecond in UTC", "[base]") {
    struct Row {
        std::string name, in, want;
    };
    const auto row = GENERATE(values<Row>({
        {"zulu", "2023-02-13T11:22:05.154Z", "2023-02-13T11:22:05.154Z"},
        {"offset", "2023-02-13T12:22:31.990+01:00", "2023-02-13T11:22:31.990Z"},
        {"no decimals", "2026-11-23T14:30:05Z", "2026-11-23T14:30:05.000Z"},
        {"nine decimals are cut", "2026-11-23T14:30:05.123456789Z", "2026-11-23T14:30:05.123Z"},
        {"one decimal", "2026-11-23T14:30:05.5Z", "2026-11-23T14:30:05.500Z"},
        {"before 1970", "1912-12-25T00:00:00Z", "1912-12-25T00:00:00.000Z"},
    }));
    CAPTURE(row.name);
    const auto time = parse_rfc3339(row.in);
    REQUIRE(time.has_value());
    CHECK(to_rfc3339(*time) == row.want);
}

TEST_CASE("time: what is no RFC 3339 time is refused", "[base]") {
    const std::string text = GENERATE("",
                                      "2023",
                                      "2023-02-13",
                                      "2023-02-13T11:22:05",
                                      "2023-02-30T11:22:05Z",
                                      "2023-02-13T24:00:00Z",
                                      "2023-02-13 11:22:05Z",
                                      "2023-02-13T11:22:05.Z",
                                      "2023-02-13T11:22:05Zx",
                                      "2023-02-13T11:22:05+1:00",
                                      "2023-13-01T00:00:00Z");
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
}

TEST_CASE("time: durations need a unit and come back in the shortest exact form", "[base]") {
    CHECK(parse_duration("30s").has_value());
    CHECK(to_text(*parse_duration("3600s")) == "1h");
    CHECK(to_text(*parse_duration("90s")) == "90s");
    CHECK(to_text(*parse_duration("30d")) == "30d");
    for (const char* bad : {"", "30", "s", "-1s", "1.5h", "1w", "99999999999999999d"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad).has_value());
    }
}

TEST_CASE("uuid: any case is read, lower case is written", "[base]") {
    const auto uuid = parse_uuid("96514E13-afdd-44d6-95a8-ADC2CA19B127");
    REQUIRE(uuid.has_value());
    CHECK(to_text(*uuid) == "96514e13-afdd-44d6-95a8-adc2ca19b127");
    for (const char* bad : {"",
                            "96514e13afdd44d695a8adc2ca19b127",
                            "96514e13-afdd-44d6-95a8-adc2ca19b12g",
                            "96514e13-afdd-44d6-95a8-adc2ca19b1270",
                            "{96514e13-afdd-44d6-95a8-adc2ca19b127}"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_uuid(bad).has_value());
    }
}

TEST_CASE("block: copies share the same bytes", "[base]") {
    const Block one = Block::copy_of("kuvert");
    Block two = one;
    CHECK(two.view() == "kuvert");
    CHECK(two.view().data() == one.view().data());
    two = Block{};
    CHECK(one.view() == "kuvert");
    CHECK(two.size() == 0);
}

TEST_CASE("ids: a dead-letter queue belongs to its queue", "[base]") {
    const QueueId queue{7};
    CHECK(is_dead_letter(dead_letter_of(queue)));
    CHECK(main_queue_of(dead_letter_of(queue)) == queue);
    CHECK_FALSE(is_dead_letter(queue));
}

TEST_CASE("edit distance: changes, gaps and swapped neighbours count one each, up to the most") {
    CHECK(edit_distance("", "", 9) == 0);
    CHECK(edit_distance("", "abc", 9) == 3);
    CHECK(edit_distance("SagOprettet", "SagOprettet", 0) == 0);
    CHECK(edit_distance("SagOprettet", "SagOpretet", 9) == 1);
    CHECK(edit_distance("SagOpretet", "SagOprettet", 9) == 1);
    CHECK(edit_distance("subscripton", "subscriptoin", 9) == 1);
    CHECK(edit_distance("nmae", "name", 9) == 1);
    CHECK(edit_distance("kitten", "sitting", 9) == 3);
    CHECK(edit_distance("kitten", "sitting", 2) == 3);
    CHECK(edit_distance("a", "abcdefgh", 2) == 3);
}
