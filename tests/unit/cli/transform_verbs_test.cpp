// `vera transform run` and `vera transform check`.
#include "bus/cli/cli.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <nlohmann/json.hpp>
#include <string>

using namespace vera;
using nlohmann::json;
using vera::test::Ran;
using vera::test::run;

namespace {

const std::string schema = R"(syntax = "proto3";
package t.v1;
import "vera/options/v1/options.proto";
message Ind { string navn = 1; int32 tal = 2; }
message Ud { string navn = 1 [(vera.options.v1.required) = true]; int32 tal = 2; }
)";
const std::string mapping =
    "mapping: ud\nfrom: t.v1.Ind\nto: t.v1.Ud\nmap:\n  navn: UPPER(data.navn)\n"
    "  tal: {value: 100 / data.tal, when: data.tal < 50}\n";

struct Bed {
    test::ConfigFolder folder;
    std::string schemas, good;
    Bed() {
        // A file that knows the options says which of its messages are payloads.
        std::string text = schema;
        for (const std::string name : {"Ind", "Ud"})
            text.insert(text.find("message " + name + " {") + 11 + name.size(),
                        " option (vera.options.v1.besked) = {};");
        folder.write("s/t.proto", text);
        schemas = folder.path() + "/s";
        good = folder.write("ud.yaml", mapping);
    }
};

}  // namespace

TEST_CASE("cli: transform run makes events of payloads, line by line", "[cli]") {
    const Bed bed;
    const Ran ran = run({"transform", "run", "--schemas", bed.schemas, bed.good},
                        "{\"navn\": \"bo\", \"tal\": 5}\n{\"navn\": \"ib\", \"tal\": 60}\n");
    CHECK(ran.err == "vera: warning: " + bed.good +
                         ":5: map.navn: t.v1.Ud requires it, and some events may give no value: "
                         "without a `default` they are dead-lettered\n");
    CHECK(ran.out == "{\"navn\":\"BO\",\"tal\":20}\n{\"navn\":\"IB\"}\n");
    CHECK(ran.exit_code == cli::exit_ok);
}

TEST_CASE("cli: transform run tells where an event fails, and ends with 3 if others do not",
          "[cli]") {
    const Bed bed;
    const std::string two = "{\"navn\": \"bo\"}\n{\"navn\": \"ib\", \"tal\": 60}\n";
    const Ran ran = run({"transform", "run", "--schemas", bed.schemas, bed.good}, two);
    CHECK(ran.exit_code == cli::exit_partly);
    CHECK(ran.err.find("vera: line 1: Beskeddata[0].tal: " + bed.good +
                       ":6: offset 4: division by zero\n") != std::string::npos);
    const Ran told = run({"transform", "run", "--json", "--schemas", bed.schemas, bed.good}, two);
    const json results = json::parse(told.out);
    CHECK(results["ok"] == false);
    CHECK(results["results"][0]["path"] == "Beskeddata[0].tal");
    CHECK(results["results"][1]["event"]["navn"] == "IB");
    const Ran other =
        run({"transform", "run", "--schemas", bed.schemas, bed.good}, "{\"navm\": 1}");
    CHECK(other.exit_code == cli::exit_failed);
    CHECK(other.err.find("unknown field 'navm'") != std::string::npos);
}

TEST_CASE("cli: transform run gives Protobuf, and takes it", "[cli]") {
    const Bed bed;
    const std::vector<std::string> verb{
        "transform", "run", "--format", "protobuf", "--schemas", bed.schemas, bed.good, "-"};
    const Ran made = run(verb, "{\"navn\": \"bo\", \"tal\": 5}");
    const std::string back =
        bed.folder.write("igen.yaml", "mapping: igen\nfrom: t.v1.Ud\nto: t.v1.Ind\ncopy: all\n");
    const Ran again = run({"transform", "run", "--schemas", bed.schemas, back}, made.out);
    CHECK(again.err.empty());
    CHECK(json::parse(again.out)["Beskeddata"][0]["tal"] == 20);
}

TEST_CASE("cli: transform run gives the other forms", "[cli]") {
    const Bed bed;
    const auto made = [&](const std::string& form) {
        return run({"transform", "run", "--format", form, "--schemas", bed.schemas, bed.good},
                   "{\"navn\": \"bo\", \"tal\": 5}");
    };
    CHECK(json::parse(made("cloudevents-json").out)["data"] == json{{"navn", "BO"}, {"tal", 20}});
    CHECK(made("beskedkuvert-xml").out.find("<Beskeddata>") != std::string::npos);
    CHECK(made("cloudevents-protobuf").out.find("t.v1.Ud") != std::string::npos);
    CHECK(made("xml").exit_code == cli::exit_usage);
}

TEST_CASE("cli: transform check runs the tests of mappings", "[cli]") {
    const Bed bed;
    const std::string tested =
        bed.folder.write("t.yaml",
                         mapping +
                             "tests:\n  - {name: god, event: {navn: bo}, error: division by zero}\n"
                             "  - {name: anden, event: {navn: bo, tal: 60}, output: {navn: bo}}\n");
    const Ran ran = run({"transform", "check", "--schemas", bed.schemas, bed.good, tested});
    CHECK(ran.exit_code == cli::exit_partly);
    CHECK(ran.out == bed.good + ": good: t.v1.Ind becomes t.v1.Ud, 0 tests\n");
    CHECK(ran.err.find("vera: " + tested +
                       ":9: test 'anden' fails: navn: wanted \"bo\", got \"BO\"\n") !=
          std::string::npos);
    const Ran told = run({"transform", "check", "--json", "--schemas", bed.schemas, tested});
    const json result = json::parse(told.out);
    CHECK(result["mappings"][0]["tests"][0]["ok"] == true);
    CHECK(result["mappings"][0]["tests"][1]["differences"][0] == "navn: wanted \"bo\", got \"BO\"");
    CHECK(result["mappings"][0]["problems"][0]["severity"] == "warning");
    CHECK(told.exit_code == cli::exit_failed);
    const Ran none = run({"transform", "check", bed.folder.path() + "/ingen.yaml"});
    CHECK(none.exit_code == cli::exit_failed);
    CHECK(none.err == "vera: " + bed.folder.path() +
                          "/ingen.yaml: 'ingen.yaml' cannot be read as a "
                          "file of at most 67108864 bytes\n");
}
