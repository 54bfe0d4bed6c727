#include "bus/cli/marked_fields.hpp"

#include "bus/cli/event_text.hpp"
#include "bus/cli/masking.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "tests/support/catch.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>

using namespace vera;
using nlohmann::json;

namespace {

const event::Catalogue& catalogue() {
    static const auto built_in = event::Catalogue::built_in();
    return *built_in;
}

/// A sample as a subscriber gets it, and as the listings print it.
std::string printed(const std::string& sample, std::string_view content_type) {
    std::ifstream file(std::string(VERA_SAMPLES) + "/" + sample);
    REQUIRE(file);
    kit::Received message;
    message.body.assign(std::istreambuf_iterator<char>(file), {});
    message.content_type = content_type;
    if (content_type == "application/protobuf") {
        auto encoded = catalogue().from_json(message.body);
        REQUIRE(encoded);
        message.body = *encoded;
    }
    json body = cli::decoded_body(message, catalogue());
    cli::mask_marked(body, catalogue());
    cli::mask(body);
    return cli::pretty(message, body, catalogue().names(), true);
}

}  // namespace

TEST_CASE("cli: a listing has the names of UUIDs beside them", "[cli]") {
    const std::string text = printed("post-status.json", "application/json");
    CAPTURE(text);
    CHECK(text.find("\n  message type: PKO_PostStatus  d2bed63c-4853-4008-b6e0-a74c15b15fbf\n") !=
          std::string::npos);
}

TEST_CASE("cli: names, addresses and numbers of a person do not appear, the rest does", "[cli]") {
    const std::string text = printed("06-person-flyttet-til-frederikshavn.json",
                                     GENERATE("application/protobuf", "application/json"));
    for (const char* personal : {"2512484916",
                                 "Nancy",
                                 "Berggren",
                                 "1948",
                                 "Havnepladsen",
                                 "Strømgade",
                                 "9900",
                                 "9800",
                                 "Frederikshavn",
                                 "7f11ee19-d49d-4a71-a615-dc020b7ef25e"}) {
        CAPTURE(personal);
        CHECK(text.find(personal) == std::string::npos);
    }
    for (const char* needed : {"vera.person.v1.PersonFlyttet",
                               "e4631b55-3fde-45b4-a886-904732dce811",
                               R"("fornavne": "***")",
                               R"("adressebetegnelse": "***")",
                               R"("personnummer": "***")",
                               R"("tilKommunekode": "0813")",
                               "urn:oio:cvr-nr:29189498"}) {
        CAPTURE(needed);
        CHECK(text.find(needed) != std::string::npos);
    }
}

TEST_CASE("cli: whom a case is about does not appear", "[cli]") {
    const std::string text = printed("13-sag-afsluttet-hjoerring.json", "application/protobuf");
    json body = json::parse(text.substr(text.find("\n{")));
    const json& relations = body["Beskeddata"][0]["sag"]["relationer"];
    REQUIRE(relations.contains("primaerpart"));
    CHECK(relations["primaerpart"].front()["referenceId"].front() == "***");
}

TEST_CASE("cli: payloads of unknown types and bytes are not shown", "[cli]") {
    json kuvert = {{"BeskedVersion", "1.0"},
                   {"Beskeddata",
                    {{{"@type", "type.googleapis.com/somebody.Else"}, {"value", "TmFuY3k="}},
                     {{"@type", "type.googleapis.com/vera.besked.v1.Base64Data"},
                      {"content-type", "text/plain"},
                      {"content", "TmFuY3k="}},
                     {{"@type", 7}, {"a", {{"b", {1, nullptr, true}}}}}}}};
    cli::mask_marked(kuvert, catalogue());
    CHECK(kuvert["BeskedVersion"] == "1.0");
    const json& data = kuvert["Beskeddata"];
    CHECK(data[0]["@type"] == "type.googleapis.com/somebody.Else");
    CHECK(data[0]["value"] == "***");
    CHECK(data[1]["content-type"] == "text/plain");
    CHECK(data[1]["content"] == "***");
    CHECK(data[2]["a"]["b"] == json{"***", nullptr, "***"});
}

TEST_CASE("cli: fields are masked under the names of the schema too", "[cli]") {
    json loose = {{"person",
                   {{"@type", "type.googleapis.com/vera.person.v1.Person"},
                    {"navn", {{"fornavne", "Nancy"}, {"efternavn", 7}}},
                    {"bopaelsadresse", {{{"dar_uuid", "x"}, {"kommunekode", "0813"}}}}}}};
    cli::mask_marked(loose, catalogue());
    CHECK(loose["person"]["navn"]["fornavne"] == "***");
    CHECK(loose["person"]["navn"]["efternavn"] == "***");
    CHECK(loose["person"]["bopaelsadresse"][0]["dar_uuid"] == "***");
    CHECK(loose["person"]["bopaelsadresse"][0]["kommunekode"] == "***");  // of the whole address
}

TEST_CASE("cli: fields are masked in the values of a map, whatever its keys are called", "[cli]") {
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    const auto problems = parts.schemas.add({"skemaer", {{"skole.proto", R"(syntax = "proto3";
package skole.v1;
import "vera/options/v1/options.proto";
message Klasse {
  option (vera.options.v1.besked) = {titel_da: "Klasse"};
  map<string, Elev> elever = 1;
  map<int32, string> noter = 2 [(vera.options.v1.personoplysning) = PERSONOPLYSNING_ALMINDELIG];
  map<string, string> rum = 3;
}
message Elev {
  string navn = 1 [(vera.options.v1.personoplysning) = PERSONOPLYSNING_ALMINDELIG];
  string trin = 2;
}
)"}}});
    REQUIRE(problems.empty());
    const auto made = event::Catalogue::make(std::move(parts));
    json klasse = {{"@type", "type.googleapis.com/skole.v1.Klasse"},
                   {"elever",
                    {{"formand", {{"navn", "Nancy"}, {"trin", "1"}}},
                     {"value", {{"navn", "Nancy"}}},
                     {"@type", {{"navn", "Nancy"}}}}},
                   {"noter", {{"7", "Nancy"}}},
                   {"rum", {{"navn", "blok B"}}}};
    json kuvert = {{"Beskeddata", {klasse}}};
    cli::mask_marked(kuvert, *std::get<0>(made));
    const json& shown = kuvert["Beskeddata"][0];
    CHECK(shown["elever"]["formand"] == json{{"navn", "***"}, {"trin", "1"}});
    CHECK(shown["elever"]["value"]["navn"] == "***");
    CHECK(shown["elever"]["@type"]["navn"] == "***");
    CHECK(shown["noter"]["7"] == "***");
    CHECK(shown["rum"]["navn"] == "blok B");
}

TEST_CASE("cli: of a schema that can mark nothing nothing is shown", "[cli]") {
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    REQUIRE(
        parts.schemas
            .add({"skemaer",
                  {{"skole.proto",
                    "syntax = \"proto3\"; package skole.v1; message Elev { string navn = 1; }"}}})
            .empty());
    const auto made = event::Catalogue::make(std::move(parts));
    json kuvert = {
        {"Beskeddata", {{{"@type", "type.googleapis.com/skole.v1.Elev"}, {"navn", "Nancy"}}}}};
    cli::mask_marked(kuvert, *std::get<0>(made));
    CHECK(kuvert["Beskeddata"][0] ==
          json{{"@type", "type.googleapis.com/skole.v1.Elev"}, {"navn", "***"}});
}
