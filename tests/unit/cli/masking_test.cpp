#include "bus/cli/masking.hpp"

#include "tests/support/catch.hpp"

#include <string>

using vera::cli::mask;
using vera::cli::mask_text;

TEST_CASE("cli: CPR numbers are masked wherever they stand, other digits are not", "[cli]") {
    struct Row {
        std::string in, want;
    };
    const auto row = GENERATE(values<Row>({
        {"urn:oio:cpr-nr:2512484916", "urn:oio:cpr-nr:**********"},
        {"URN:OIO:CPR-NR:1234567890", "URN:OIO:CPR-NR:**********"},
        {"2512484916", "**********"},
        {"251248-4916", "******-****"},
        {"borger 2204151234 og 2512484916.", "borger ********** og **********."},
        {"(2204151234)", "(**********)"},
        {"6512484916", "**********"},    // replacement number: 60 added to the day
        {"1234567890", "1234567890"},    // month 34: no date, no urn
        {"12512484916", "12512484916"},  // 11 digits
        {"x2512484916", "x2512484916"},  // part of a word
        {"2512484916x", "2512484916x"},
        {"29189382", "29189382"},  // CVR
        {"27.20.04", "27.20.04"},  // KLE
        {"2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
        {"251248--4916", "251248--4916"},
        {"", ""},
    }));
    CAPTURE(row.in);
    CHECK(mask_text(row.in) == row.want);
}

TEST_CASE("cli: masking reaches strings, keys and numbers at any depth", "[cli]") {
    nlohmann::json value{{"a", {{"2512484916", {1, "2204151234"}}}},
                         {"number", 2512484916},
                         {"leading_zero", 101801234},
                         {"count", 7},
                         {"text", "hej"}};
    mask(value);
    CHECK(value["a"].begin().key() == "**********");
    CHECK(value["a"].begin().value()[1] == "**********");
    CHECK(value["number"] == "**********");
    CHECK(value["leading_zero"] == "**********");
    CHECK(value["count"] == 7);
    CHECK(value["text"] == "hej");
}
