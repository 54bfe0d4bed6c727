#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

using namespace vera;
using namespace vera::oio::test;

namespace {

std::string nested(std::size_t depth) {
    return R"({"note":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

}  // namespace

TEST_CASE("oio: bad input is refused with line and path", "[oio]") {
    struct Row {
        const char* name;
        std::string body;
        std::string refusal;
    };
    const std::string twice = "{\"attributter\":{\"brugeregenskaber\":[{\"brugernavn\":\"a\",\n";
    const auto row = GENERATE_COPY(values<Row>({
        {"nothing", "", "line 1: a number expected"},
        {"no JSON", "hello", "line 1: a number expected"},
        {"half of it", "{\"note\":\n\"x\"", "line 2: '}' expected"},
        {"more behind it", "{} {}", "line 1: text behind the value"},
        {"a name twice",
         twice + "\"brugernavn\":\"b\"}]}}",
         "line 2: /attributter/brugeregenskaber/0/brugernavn: occurs twice"},
        {"a text", "\"2512484916\"", "line 1: an object expected"},
        {"attributes that are a list",
         "{\n\"attributter\":[]}",
         "line 2: /attributter: an object expected"},
        {"attributes that are a text",
         R"({"attributter":"x"})",
         "line 1: /attributter: an object expected"},
        {"a group that is an object",
         R"({"attributter":{"brugeregenskaber":{}}})",
         "line 1: /attributter/brugeregenskaber: a list expected"},
        {"a group of texts",
         R"({"attributter":{"brugeregenskaber":["x"]}})",
         "line 1: /attributter/brugeregenskaber/0: an object expected"},
        {"a virkning that is a time",
         R"({"attributter":{"brugeregenskaber":[{"virkning":"2020"}]}})",
         "line 1: /attributter/brugeregenskaber/0/virkning: an object expected"},
        {"a relation that is one object",
         "{\"relationer\":\n{\"tilhoerer\":\n{\"uuid\":\"x\"}}}",
         "line 3: /relationer/tilhoerer: a list expected"},
        {"relations that are a number",
         R"({"relationer":7})",
         "line 1: /relationer: an object expected"},
        {"invalid UTF-8", "{\"note\":\"\xc3\x28\"}", "line 1: /note: a string is not UTF-8"},
        {"half a surrogate pair",
         "{\"note\":\"\\ud800\"}",
         "line 1: /note: half a surrogate pair in a string"},
        {"nested too deeply", nested(70), "nested too deeply"},
        {"nested a million times", nested(1'000'000), "nested too deeply"},
        {"16 MiB of text",
         R"({"note":")" + std::string(16U << 20U, 'x') + "\"}",
         "line 1: /note: a text of more than 1048576 bytes"},
        {"a long name",
         "{\"" + std::string(300, 'x') + "\":1}",
         "line 1: a name of more than 256 bytes"},
    }));
    CAPTURE(row.name);
    const std::string refusal = refusal_of(row.body, "bruger");
    CAPTURE(refusal.substr(0, 300));
    CHECK(refusal.find(row.refusal) != std::string::npos);
    CHECK(refusal.find("2512484916") == std::string::npos);
}

TEST_CASE("oio: what is too much is refused", "[oio]") {
    std::string values = "{\"x\":[0";
    for (int i = 0; i < 1'000'000; ++i)
        values += ",0";
    CHECK(refusal_of(values + "]}", "bruger") == "line 1: /x/999998: more than 1000000 values");
    std::string members = "{\"a\":0";
    for (int i = 0; i < 10'000; ++i)
        members += ",\"" + std::to_string(i) + "\":0";
    CHECK(refusal_of(members + "}", "bruger") == "line 1: more than 10000 members");
    std::string relations = R"({"relationer":{"adresser":[{})";
    for (int i = 0; i < 20'000; ++i)
        relations += ",null";
    CHECK(refusal_of(relations + "]}}", "bruger").find(": too many values have no field") !=
          std::string::npos);
}

TEST_CASE("oio: a class that cannot be told is asked for with its candidates", "[oio]") {
    CHECK(refusal_of("{}").starts_with(
        "line 1: no member tells the class; it must be named: Adresse, Aktivitet, "));
    CHECK(refusal_of(R"({"note":"x"})").find("OrganisationEnhed") != std::string::npos);
    CHECK(refusal_of(R"({"relationer":{"redaktoerer":[]}})") ==
          "line 1: the class may be one of several and must be named: Facet, Klasse");
    CHECK(refusal_of("{}", "Bil")
              .starts_with("no class of that name; there are Adresse, Aktivitet, "));
    CHECK(refusal_of("{}", "vera.sag.v1.Sag") == "taken");
    CHECK(refusal_of("{}", "ORGANISATIONENHED") == "taken");
}
