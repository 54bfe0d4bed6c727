#include "bus/event/catalogue.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace vera;
using nlohmann::json;
using test::Ran;
using test::run;

namespace {

const std::string moved = std::string(VERA_SAMPLES) + "/06-person-flyttet-til-frederikshavn.json";
const std::string plain =
    R"({"specversion":"1.0","id":"1","source":"/s","type":"t","flag":true,"n":5,"big":5000000000,
    "data":{"a":{"b":[{"c":1},{"c":2}]},"t":"x"}})";

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The answer in JSON over an event given on stdin.
json answer(const std::string& expression, const std::string& event) {
    const Ran ran = run({"expr", "eval", "--event", "-", "--json", "--", expression}, event);
    CAPTURE(expression, ran.err);
    REQUIRE(ran.exit_code == cli::exit_ok);
    return json::parse(ran.out);
}

}  // namespace

TEST_CASE("cli: expr eval takes a kuvert in JSON and in Protobuf", "[cli]") {
    const std::string in_json = contents(moved);
    const std::string in_protobuf = *event::Catalogue::built_in()->from_json(in_json);
    for (const std::string& kuvert : {in_json, in_protobuf}) {
        CHECK(answer("type = 'vera.person.v1.PersonFlyttet' AND kle LIKE '__.%'",
                     kuvert)["value"] == true);
        CHECK(answer("myndighed", kuvert)["value"] == "29189498");
        CHECK(answer("time", kuvert)["value"].get<std::string>().ends_with("Z"));
        CHECK(answer("Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator = "
                     "'3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c03'",
                     kuvert)["value"] == true);
        CHECK(answer("Beskedkuvert.Filtreringsdata.TilladtModtager.URNIdentifikator = "
                     "'urn:oio:cvr-nr:29189382'",
                     kuvert)["value"] == true);
        CHECK(answer("COUNT(Beskedkuvert.Filtreringsdata.TilladtModtager) = 2", kuvert)["value"] ==
              true);
        CHECK(answer("Beskedkuvert.Filtreringsdata.ObjektRegistrering.Registreringstidspunkt."
                     "TidsstempelDatoTid = '2026-11-19T07:15:00+01:00'",
                     kuvert)["value"] == true);
        CHECK(answer("Beskedkuvert.Filtreringsdata.ObjektRegistrering.Registreringstidspunkt."
                     "UTCForskydningMinutter = 60",
                     kuvert)["value"] == true);
        const json unknown = answer("data.persn.navn = 'x'", kuvert);
        CHECK(unknown["errors"][0]["kind"] == "missingAttribute");
        CHECK(unknown["errors"][0]["offset"] == 5);
    }
}

TEST_CASE("cli: expr eval takes any CloudEvent in JSON", "[cli]") {
    CHECK(answer("flag AND n = 5", plain)["value"] == true);
    CHECK(answer("big", plain)["value"] == "5000000000");
    CHECK(answer("data.a.b.c = 2 AND data.t LIKE 'x'", plain)["value"] == true);
    CHECK(answer("data.a.b.c", plain)["value"] == json::parse("[1,2]"));
    CHECK(answer("data.gone", plain)["value"].is_null());
    CHECK(answer("data = 'x'", plain)["errors"][0]["kind"] == "missingAttribute");
}

TEST_CASE("cli: expr eval takes a CloudEvent around a kuvert", "[cli]") {
    json event = {{"specversion", "1.0"},
                  {"id", "other"},
                  {"source", "/s"},
                  {"type", "t"},
                  {"data", json::parse(contents(moved))}};
    CHECK(answer("id = 'other' AND myndighed = '29189498'", event.dump())["value"] == true);
    CHECK(answer("COUNT(Beskedkuvert.Filtreringsdata.TilladtModtager)", event.dump())["value"] ==
          2);
}

TEST_CASE("cli: expr eval gives value, errors and explanation, and exit code 0 with errors too",
          "[cli]") {
    const json missing = answer("n = 5 AND gone = 'x'", plain);
    CHECK(missing["value"] == false);
    CHECK(
        missing["errors"] ==
        json::parse(
            R"([{"kind":"missingAttribute","text":"the event has no attribute gone","offset":10}])"));
    REQUIRE(missing["explain"].size() == 2);
    CHECK(missing["explain"][0] ==
          json::parse(R"({"clause":"n = 5","offset":0,"value":true,"evaluated":true,"decided":false,
        "seen":[{"name":"n","value":5}]})"));
    CHECK(missing["explain"][1]["decided"] == true);
    const json parse = answer("ABC(", plain);
    CHECK(parse["value"] == false);
    CHECK(parse["errors"][0]["kind"] == "parse");
    CHECK(parse["errors"][0]["offset"] == 4);
    CHECK(parse["explain"].empty());
    CHECK(answer("NOSUCH(1)", plain)["errors"][0]["kind"] == "missingFunction");
    CHECK(answer("-10 + 2", plain)["value"] == -8);
    CHECK(answer("--10", plain)["value"] == 10);
    CHECK(answer("NOT n = 4", plain)["warnings"][0]["suggestion"] == "NOT (n = 4)");
}

TEST_CASE("cli: expr eval shows people a caret below the place", "[cli]") {
    const Ran ran = run({"expr", "eval", "flag AND\nævnt.x = 1", "--event", "-"}, plain);
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(ran.out.find("error: parse at 9: ") != std::string::npos);
    const Ran caret = run({"expr", "eval", "n = gone", "--event", "-"}, plain);
    CHECK(caret.out.find("false\nerror: missingAttribute at 4: the event has no attribute gone\n  "
                         "n = gone\n      ^\n") == 0);
    CHECK(caret.out.find("gone = (not there)") != std::string::npos);
}

TEST_CASE("cli: expr eval hides CPR numbers unless asked", "[cli]") {
    const std::string event =
        R"({"specversion":"1.0","id":"1","source":"/s","type":"t","who":"urn:oio:cpr-nr:0101010000"})";
    CHECK(answer("who", event)["value"] == "urn:oio:cpr-nr:**********");
    CHECK(answer("who", event)["explain"][0]["seen"][0]["value"] == "urn:oio:cpr-nr:**********");
    const Ran shown = run({"expr", "eval", "who", "--event", "-", "--json", "--unmasked"}, event);
    CHECK(json::parse(shown.out)["value"] == "urn:oio:cpr-nr:0101010000");
}

TEST_CASE("cli: expr eval takes value lists", "[cli]") {
    const Ran ran =
        run({"expr", "eval", "id IN LIST('few')", "--event", "-", "--json", "--list", "few=0,1"},
            plain);
    CHECK(json::parse(ran.out)["value"] == true);
    CHECK(run({"expr", "eval", "id", "--event", "-", "--list", "few"}, plain).exit_code ==
          cli::exit_usage);
}

TEST_CASE("cli: expr eval refuses what is no event, and wrong usage", "[cli]") {
    CHECK(run({"expr", "eval", "id", "--event", "-"}, R"({"id")").exit_code == cli::exit_failed);
    CHECK(run({"expr", "eval", "id", "--event", "-"}, R"({"id")").err ==
          "vera: '-': no valid JSON at byte 6\n");
    CHECK(run({"expr", "eval", "id", "--event", "/nowhere/x"}).err ==
          "vera: cannot read '/nowhere/x': No such file or directory\n");
    const std::string deep(100'000, '[');
    CHECK(run({"expr", "eval", "a", "--event", "-"},
              "{\"a\":" + deep + std::string(deep.size(), ']') + "}")
              .err == "vera: '-': nested too deeply\n");
    CHECK(run({"expr", "eval", "id"}).exit_code == cli::exit_usage);
    CHECK(run({"expr", "eval", "--event", "-"}).exit_code == cli::exit_usage);
}
