#include "bus/event/formats.hpp"

#include "bus/event/base64.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/uuid_names.hpp"
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
        {FORMAT_CVR, "45973328"},
        {FORMAT_CVR, "55133018"},
        {FORMAT_CPR, "2512484916"},
        {FORMAT_CPR, "2204151234"},
        {FORMAT_CPR, "0101600000"},  // no control digit: valid since 2007
        {FORMAT_CPR, "2902004123"},  // 29 February 2000
        {FORMAT_CPR, "8512484916"},  // replacement number: day + 60
        {FORMAT_KLE, "27"},
        {FORMAT_KLE, "27.24"},
        {FORMAT_KLE, "27.24.06"},
        {FORMAT_KOMMUNEKODE, "0810"},
        {FORMAT_CPR, "0107575123"},  // 5–8 and year 57: 2057
        {FORMAT_CPR, "2902964123"},  // 4 and year 96: 1996
        {FORMAT_CPR, "2802995000"},  // 5–8 and year 99: 1899
        {FORMAT_DATO, "2024-02-29"},
        {FORMAT_DATO, "2000-02-29"},
        {FORMAT_HANDLINGSFACET, "G01"},
        {FORMAT_PNR, "1003388394"},
        {FORMAT_URI, "https://jammerbugt.dk/sag?id=7#top"},
        {FORMAT_URI, "urn:oio:kle:27.24.06"},
        {FORMAT_URI, "mailto:post@laesoe.dk"},
        {FORMAT_URI, "https://xn--brnderslev-ngb.dk/%C3%B8"},
        {FORMAT_SPROG, "da"},
        {FORMAT_SPROG, "da-DK"},
        {FORMAT_SPROG, "zh-cmn-Hans-CN"},
        {FORMAT_SPROG, "sl-rozaj-biske-1994"},
        {FORMAT_SPROG, "de-DE-u-co-phonebk"},
        {FORMAT_SPROG, "es-419"},
        {FORMAT_SPROG, "en-a-myext-b-another"},
        {FORMAT_SPROG, "x-whatever"},
        {FORMAT_SPROG, "az-Arab-x-AZE-derbend"},
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
        {FORMAT_CVR, "29189383"},
        {FORMAT_CVR, "29198382"},  // two digits changed over
        {FORMAT_CVR, "12345678"},
        {FORMAT_CVR, "00000000"},
        {FORMAT_CPR, "2902995000"},  // 1899 has no 29 February
        {FORMAT_CPR, "3202484916"},
        {FORMAT_CPR, "6002484916"},  // replacement numbers begin with 61
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
        {FORMAT_DATO, "1900-02-29"},
        {FORMAT_DATO, "2026-00-01"},
        {FORMAT_HANDLINGSFACET, "g01"},
        {FORMAT_HANDLINGSFACET, "G1"},
        {FORMAT_HANDLINGSFACET, "G001"},
        {FORMAT_PNR, "100338839"},
        {FORMAT_PNR, "10033883940"},
        {FORMAT_URI, "jammerbugt.dk"},
        {FORMAT_URI, "https:"},
        {FORMAT_URI, "1http://x"},
        {FORMAT_URI, "http://læsø.dk"},
        {FORMAT_URI, "http://x/a b"},
        {FORMAT_URI, "http://x/%C3%B"},
        {FORMAT_URI, "http://x/#a#b"},
        {FORMAT_SPROG, "d"},
        {FORMAT_SPROG, "dansk sprog"},
        {FORMAT_SPROG, "da-"},
        {FORMAT_SPROG, "-da"},
        {FORMAT_SPROG, "da--DK"},
        {FORMAT_SPROG, "da-DK-u"},
        {FORMAT_SPROG, "x"},
        {FORMAT_SPROG, "da-DK-x"},
        {FORMAT_SPROG, "da-toolongpart"},
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
    CHECK(canonical_id("URN:OIO:cvr:29189382") == "urn:oio:cvr-nr:29189382");
    CHECK(canonical_id("urn:oio:cpr:2512484916") == "urn:oio:cpr-nr:2512484916");
    CHECK(canonical_id("urn:oio:it-system-uuid:96514E13-AFDD-44D6-95A8-ADC2CA19B127") ==
          "urn:oio:it-system-uuid:96514e13-afdd-44d6-95a8-adc2ca19b127");
    CHECK(canonical_id("urn:oio:udk:borgerid:123456789012") == "urn:oio:udk:borgerid:123456789012");
    CHECK(canonical_id("").empty());
    CHECK(cvr_of_urn("URN:oio:cvr:29189382") == "29189382");
    CHECK(cvr_of_urn("urn:oio:kle:29").empty());
    CHECK(cpr_of_urn("urn:oio:cpr:2512484916") == "2512484916");
}

TEST_CASE("formats: kinds of URN are told apart, and a variant counts as its kind", "[event]") {
    struct Kind {
        UrnArt kind;
        std::string good, bad;
    };
    const auto row = GENERATE(values<Kind>({
        {URN_ART_CVR, "urn:oio:cvr-nr:29189382", "urn:oio:cvr-nr:29189383"},
        {URN_ART_CVR, "urn:oio:cvr:55133018", "urn:oio:cvr-nummer:55133018"},
        {URN_ART_CVR, "URN:OIO:CVR-NR:29189382", "URN:OIO:CVR-NR:29189383"},
        {URN_ART_CPR, "urn:oio:cpr-nr:2512484916", "urn:oio:cpr-nr:1234567890"},
        {URN_ART_CPR, "urn:oio:cpr:2512484916", "urn:oio:cpr:251248-4916"},
        {URN_ART_PNR, "urn:oio:pnr:1003388394", "urn:oio:pnr:100338839"},
        {URN_ART_IT_SYSTEM,
         "urn:oio:it-system-uuid:96514e13-afdd-44d6-95a8-adc2ca19b127",
         "urn:oio:it-system-uuid:96514e13"},
        {URN_ART_KLE, "urn:oio:kle:27.24", "urn:oio:kle:27.2"},
        {URN_ART_FORM, "urn:oio:form:27.24.06", "urn:oio:kle:27.24.06"},
        {URN_ART_PERSON_UDEN_CPR, "urn:oio:us:personid:1234567", "urn:oio:us:personid:12345678"},
        {URN_ART_PERSON_UDEN_CPR, "urn:oio:udk:borgerid:123456789012", "urn:oio:udk:borgerid:1"},
        {URN_ART_PERSON_UDEN_CPR, "urn:oio:fuldtnavn:Åse Østergård", "urn:oio:fuldtnavn:"},
    }));
    CAPTURE(row.good, row.bad);
    CHECK(is_urn_of(row.good, only(row.kind)));
    CHECK(is_urn_of(row.good, only(row.kind) | only(URN_ART_KLE)));
    CHECK_FALSE(is_urn_of(row.bad, only(row.kind)));
    for (const auto other : {URN_ART_CVR, URN_ART_CPR, URN_ART_PNR, URN_ART_KLE})
        if (other != row.kind) CHECK_FALSE(is_urn_of(row.good, only(other)));
    CHECK(name_of(only(row.kind) | only(URN_ART_KLE)).find("urn:oio:kle:NN.NN.NN") !=
          std::string::npos);
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

TEST_CASE("formats: each sensitivity level has its class, and the class its level", "[event]") {
    for (int level = 1; level <= 4; ++level) {
        CAPTURE(level);
        CHECK(UuidNames::built_in().level_of(sikkerhedsklassificering_of(level)) == level);
    }
    CHECK(sikkerhedsklassificering_of(0).empty());
    CHECK(sikkerhedsklassificering_of(5).empty());
}
