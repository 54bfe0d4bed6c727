#include "adapters/oio/tidspunkt.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::oio;

namespace {

std::string utc(const v1::Tidspunkt& time) {
    if (time.has_graense_indikator()) return "unbounded";
    if (!time.has_tidsstempel_dato_tid()) return "none";
    v1::Tidspunkt plain;
    *plain.mutable_tidsstempel_dato_tid() = time.tidsstempel_dato_tid();
    return tidspunkt_text(plain, PeriodEnd::beginning);
}

}  // namespace

TEST_CASE("tidspunkt: texts give their instant and come back as they were", "[oio]") {
    struct Row {
        const char* text;
        const char* instant;
        bool has_original;
    };
    const auto row = GENERATE(values<Row>({
        {"infinity", "unbounded", false},
        {"-infinity", "unbounded", true},
        {"", "none", false},
        {"2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z", false},
        {"2026-11-23t08:00:00z", "2026-11-23T08:00:00Z", true},
        {"2026-11-23T08:00:00.5Z", "2026-11-23T08:00:00.5Z", false},
        {"2026-11-23T08:00:00.500Z", "2026-11-23T08:00:00.5Z", true},
        {"2026-11-23T08:00:00.123456789Z", "2026-11-23T08:00:00.123456789Z", false},
        {"2026-11-23T08:00:00+01:00", "2026-11-23T07:00:00Z", false},
        {"2026-11-23T08:00:00-03:30", "2026-11-23T11:30:00Z", false},
        {"2026-11-23T08:00:00+00:00", "2026-11-23T08:00:00Z", false},
        {"2015-04-10 00:00:00+00", "2015-04-10T00:00:00Z", true},
        {"2015-04-10 00:00:00+0200", "2015-04-09T22:00:00Z", true},
        {"2016-01-01 00:00:00+01:00", "2015-12-31T23:00:00Z", true},
        {"2014-05-19 12:02:32", "2014-05-19T10:02:32Z", true},
        {"2014-12-19T12:02:32", "2014-12-19T11:02:32Z", false},
        {"2014-12-19T12:02", "2014-12-19T11:02:00Z", true},
        {"2015-08-20", "2015-08-19T22:00:00Z", true},
        {"1995-10-10T00:00:00", "1995-10-09T23:00:00Z", false},
        {"1975-07-01T00:00:00", "1975-06-30T23:00:00Z", false},
        {"2026-03-29T02:30:00", "2026-03-29T01:30:00Z", true},   // an hour that is left out
        {"2026-10-25T02:30:00", "2026-10-25T00:30:00Z", false},  // an hour that comes twice
        {"0001-01-02T00:00:00Z", "0001-01-02T00:00:00Z", false},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", false},
    }));
    CAPTURE(row.text);
    v1::Tidspunkt time;
    REQUIRE(read_tidspunkt(row.text, PeriodEnd::end, time));
    CHECK(utc(time) == row.instant);
    CHECK(tidspunkt_text(time, PeriodEnd::end) == row.text);
    CHECK(time.oprindelig_tekst().empty() != row.has_original);
}

TEST_CASE("tidspunkt: what is no time is refused", "[oio]") {
    const auto text = GENERATE(values<std::string>({"now",
                                                    "Infinity",
                                                    "2015",
                                                    "2015-13-01",
                                                    "2015-02-29",
                                                    "2015-01-01T24:00:00Z",
                                                    "2015-01-01T00:00:60Z",
                                                    "2015-01-01T00:00:00.Z",
                                                    "2015-01-01T00:00:00.1234567890Z",
                                                    "2015-01-01T00:00:00+1",
                                                    "2015-01-01T00:00:00+16:00",
                                                    "2015-01-01T00:00:00+01:60",
                                                    "2015-01-01T00:00:00Z ",
                                                    "2015-01-01Z00",
                                                    "0000-01-01T00:00:00Z",
                                                    "0001-01-01T00:00:00+01:00",
                                                    "10000-01-01T00:00:00Z",
                                                    "0044-03-15 00:00:00 BC"}));
    CAPTURE(text);
    v1::Tidspunkt time;
    time.set_graense_indikator(true);
    CHECK_FALSE(read_tidspunkt(text, PeriodEnd::end, time));
    CHECK(time.has_graense_indikator());
}
