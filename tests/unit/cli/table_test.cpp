#include "bus/cli/table.hpp"

#include "bus/cli/queue_listing.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace vera;

TEST_CASE("cli: a table aligns by characters, numbers to the right, and cuts nothing", "[cli]") {
    cli::Table table({{"NAME", false}, {"READY", true}});
    table.add({"læsø-omsorg", "12"});
    table.add({"a", "123456789"});
    table.add_totals({"2 queues", "123456801"});
    CHECK(table.text() ==
          "NAME             READY\n"
          "læsø-omsorg         12\n"
          "a            123456789\n"
          "----------------------\n"
          "2 queues     123456801\n");
}

TEST_CASE("cli: times are Danish, with the offset of the day", "[cli]") {
    struct Row {
        std::string utc, want;
    };
    const auto row = GENERATE(values<Row>({
        {"2026-11-23T14:30:05.123Z", "2026-11-23 15:30:05.123+01:00"},
        {"2026-07-01T22:30:00Z", "2026-07-02 00:30:00.000+02:00"},
        {"2026-03-29T00:59:59.999Z", "2026-03-29 01:59:59.999+01:00"},
        {"2026-03-29T01:00:00Z", "2026-03-29 03:00:00.000+02:00"},
        {"2026-10-25T00:59:59Z", "2026-10-25 02:59:59.000+02:00"},
        {"2026-10-25T01:00:00Z", "2026-10-25 02:00:00.000+01:00"},
        {"2026-12-31T23:30:00Z", "2027-01-01 00:30:00.000+01:00"},
    }));
    CAPTURE(row.utc);
    const auto time = parse_rfc3339(row.utc);
    REQUIRE(time);
    CHECK(cli::danish_time(*time) == row.want);
}

TEST_CASE("cli: ages have two units at most", "[cli]") {
    CHECK(cli::age_text(Millis{-5}) == "0s");
    CHECK(cli::age_text(Millis{999}) == "0s");
    CHECK(cli::age_text(Millis{59'000}) == "59s");
    CHECK(cli::age_text(Millis{302'000}) == "5m 2s");
    CHECK(cli::age_text(Millis{8'040'000}) == "2h 14m");
    CHECK(cli::age_text(Millis{7'200'000}) == "2h");
    CHECK(cli::age_text(Millis{273'600'000}) == "3d 4h");
}

TEST_CASE("cli: the list of queues is sorted, summed, and shows the age of the oldest", "[cli]") {
    const nlohmann::json answer{
        {"attributeNames", {"name", "ready", "dead", "oldest", "deleted"}},
        {"results",
         nlohmann::json::array(
             {{"sub/b", 2, 1, nullptr, true}, {"sub/a", 40, 0, "2026-11-23T14:29:00Z", false}})}};
    const auto queues = cli::to_objects(answer);
    REQUIRE(queues);
    const std::string text = cli::queue_table(*queues, *parse_rfc3339("2026-11-23T14:30:05Z"));
    const auto line = [&](std::size_t number) {
        std::size_t at = 0;
        while (number-- > 0)
            at = text.find('\n', at) + 1;
        return text.substr(at, text.find('\n', at) - at);
    };
    CHECK(line(0) ==
          "NAME             READY  IN FLIGHT  DELAYED  BLOCKED  SCHEDULED  DEAD  CONSUMERS  "
          "ENQUEUED  "
          "SETTLED  OLDEST");
    CHECK(line(1).starts_with("sub/a               40 "));
    CHECK(line(1).ends_with(" 1m 5s"));
    CHECK(line(2).starts_with("sub/b (deleted)      2 "));
    CHECK(line(2).ends_with(" -"));
    CHECK(line(4).starts_with("2 queues            42 "));
    CHECK(line(4).ends_with(" 1m 5s"));
}

TEST_CASE("cli: an answer of another shape is an error, not a crash", "[cli]") {
    for (const char* text : {"null",
                             "[]",
                             "{}",
                             R"({"attributeNames":[],"results":{}})",
                             R"({"attributeNames":["a"],"results":[[1,2]]})",
                             R"({"attributeNames":[1],"results":[[1]]})",
                             R"({"attributeNames":["a"],"results":[1]})"}) {
        CAPTURE(text);
        CHECK_FALSE(cli::to_objects(nlohmann::json::parse(text)));
    }
}
