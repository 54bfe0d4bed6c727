#include "bus/event/formats.hpp"

#include "bus/event/base64.hpp"
#include "tests/support/catch.hpp"

using namespace vera::event;
using namespace vera::options::v1;

namespace {

struct Row {
    Format format;
    std::string text;
};

}  // namespace

TEST_CASE("formats: what has the form is taken", "[event]") {
    const auto row = GENERATE(values<Row>({
        {FORMAT_UUID, "96514E13-afdd-44d6-95a8-adc2ca19b127"},
        {FORMAT_URN, "urn:oio:cvr-nr:29189382"},
        {FORMAT_URN, "URN:oio:x"},
        {FORMAT_URN, "urn:oio:fuldtnavn:Åse Østergård"},
        {FORMAT_CVR, "29189382"},
        {FORMAT_CPR, "2512484916"},
        {FORMAT_CPR, "2204151234"},
        {FORMAT_CPR, "0101600000"},  // no control digit: valid since 2007
        {FORMAT_CPR, "2902004123"},  // 29 February 2000
        {FORMAT_CPR, "8512484916"},  // replacement number: day + 60
        {FORMAT_KLE, "27"},
        {FORMAT_KLE, "27.24"},
        {FORMAT_KLE, "27.24.06"},
        {FORMAT_KOMMUNEKODE, "0810"},
        {FORMAT_DATO, "2024-02-29"},
        {FORMAT_UNSPECIFIED, "anything"},
    }));
    CAPTURE(row.format, row.text);
    CHECK(has_format(row.text, row.format));
}

TEST_CASE("formats: what has another form is not", "[event]") {
    const auto row = GENERATE(values<Row>({
        {FORMAT_UUID, "96514e13-afdd-44d6-95a8-adc2ca19b12"},
        {FORMAT_UUID, "96514e13-afdd-44d6-95a8-adc2ca19b12g"},
        {FORMAT_UUID, "96514e13aafdd-44d6-95a8-adc2ca19b127"},
        {FORMAT_UUID, "96514e13-afdd-44d6-95a8-adc2ca19-127"},
        {FORMAT_UUID, "{96514e13-afdd-44d6-95a8-adc2ca19b1}"},
        {FORMAT_URN, "urn:"},
        {FORMAT_URN, "urn:oio"},
        {FORMAT_URN, "urn:oio:"},
        {FORMAT_URN, "urn::x:y"},
        {FORMAT_URN, "urn:o o:x"},
        {FORMAT_URN, "urn:oio:a\nb"},
        {FORMAT_URN, "http://oio.dk/"},
        {FORMAT_CVR, "2918938"},
        {FORMAT_CVR, "2918938x"},
        {FORMAT_CPR, "251248-4916"},
        {FORMAT_CPR, "1234567890"},  // month 34
        {FORMAT_CPR, "2902011234"},  // 1901 has no 29 February
        {FORMAT_CPR, "0012484916"},
        {FORMAT_CPR, "251248491"},
        {FORMAT_KLE, "27.2"},
        {FORMAT_KLE, "27.24."},
        {FORMAT_KLE, "27-24"},
        {FORMAT_KLE, "27.24.06G01"},
        {FORMAT_KOMMUNEKODE, "810"},
        {FORMAT_DATO, "2026-02-29"},
        {FORMAT_DATO, "23-11-2026"},
        {FORMAT_DATO, "2026-11-23T00:00:00Z"},
    }));
    CAPTURE(row.format, row.text);
    CHECK_FALSE(has_format(row.text, row.format));
}

TEST_CASE("formats: every byte of a UUID is looked at", "[event]") {
    const std::string good = "96514e13-afdd-44d6-95a8-adc2ca19b127";
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string text = good;
            text[at] = static_cast<char>(byte);
            const bool is_hex =
                std::string("0123456789abcdefABCDEF").find(text[at]) != std::string::npos;
            CAPTURE(at, byte);
            REQUIRE(is_uuid(text) == (good[at] == '-' ? byte == '-' : is_hex));
        }
    }
}

TEST_CASE("formats: UTF-8 is taken whole and only in its shortest form", "[event]") {
    for (const std::string good : {"",
                                   "æøå ÆØÅ",
                                   "€ \xf0\x9f\x87\xa9\xf0\x9f\x87\xb0 and more than eight bytes",
                                   "\xf4\x8f\xbf\xbf",
                                   "\xed\x9f\xbf"}) {
        CAPTURE(good);
        CHECK(is_utf8(good));
    }
    for (const std::string bad : {"\x80",
                                  "\xc3",
                                  "12345678\xc3",
                                  "\xc0\xaf",
                                  "\xc1\xbf",
                                  "\xe0\x9f\xbf",
                                  "\xed\xa0\x80",
                                  "\xf0\x8f\xbf\xbf",
                                  "\xf4\x90\x80\x80",
                                  "\xf5\x80\x80\x80",
                                  "\xe2\x82",
                                  "\xff",
                                  "abcdefg\xff"
                                  "abcdefgh"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_utf8(bad));
    }
}

TEST_CASE("formats: one identity has one form", "[event]") {
    CHECK(canonical_id("96514E13-AFDD-44D6-95A8-ADC2CA19B127") ==
          "96514e13-afdd-44d6-95a8-adc2ca19b127");
    CHECK(canonical_id("urn:oio:cvr:29189382") == "urn:oio:cvr-nr:29189382");
    CHECK(canonical_id("urn:oio:cvr-nr:29189382") == "urn:oio:cvr-nr:29189382");
    CHECK(canonical_id("urn:oio:kmd:sag:RACFID:K860ABC") == "urn:oio:kmd:sag:RACFID:K860ABC");
    CHECK(canonical_id("").empty());
}

TEST_CASE("formats: base64 goes there and back", "[event]") {
    struct Pair {
        std::string bytes, text;
    };
    const auto row = GENERATE(values<Pair>({{"", ""},
                                            {"f", "Zg=="},
                                            {"fo", "Zm8="},
                                            {"foo", "Zm9v"},
                                            {"foobar", "Zm9vYmFy"},
                                            {"\xfb\xff\xbf", "+/+/"}}));
    CAPTURE(row.text);
    CHECK(to_base64(row.bytes) == row.text);
    CHECK(from_base64(row.text) == row.bytes);
    CHECK(from_base64("-_-_") == from_base64("+/+/"));
    CHECK(from_base64("Zm8") == "fo");
    for (const char* bad : {"Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zg=", "====", "Z*=="})
        CHECK_FALSE(from_base64(bad).has_value());
}
