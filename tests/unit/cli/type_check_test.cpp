// `vera type check` and `vera type validate`, and verbs that know types of folders.
#include "bus/cli/cli.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

using namespace vera;
using nlohmann::json;

namespace {

struct Ran {
    int exit_code = 0;
    std::string out, err;
};

Ran run(std::vector<std::string> arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    cli::Io io{in, out, err};
    const int exit_code = cli::run(std::move(arguments), io);
    return {exit_code, out.str(), err.str()};
}

std::string plan(const std::string& fields, const std::string& name = "Plan") {
    return "syntax = \"proto3\";\npackage plan.v1;\nimport "
           "\"vera/options/v1/options.proto\";\nmessage " +
           name +
           " {\n  option (vera.options.v1.besked) = {beskedtype: "
           "\"0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d\"};\n" +
           fields + "\n}\n";
}

}  // namespace

TEST_CASE("cli: type check tells what breaks, and ends with 1", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("old/plan.proto", plan("string a = 1;"));
    folder.write("new/plan.proto", plan("int32 a = 1;"));
    const Ran same =
        run({"type", "check", "--against", folder.path() + "/old", folder.path() + "/old"});
    CHECK(same.exit_code == cli::exit_ok);
    CHECK(same.out == "nothing breaks\n");
    const Ran broken =
        run({"type", "check", "--against", folder.path() + "/old", folder.path() + "/new"});
    CHECK(broken.exit_code == cli::exit_failed);
    CHECK(broken.out ==
          "plan.proto: plan.v1.Plan.a: wire: was string, is int32\n"
          "events concerned: plan.v1.Plan\n1 break\n");
    const json told = json::parse(run({"type",
                                       "check",
                                       "--json",
                                       "--against",
                                       folder.path() + "/old",
                                       folder.path() + "/new"})
                                      .out);
    CHECK(told["breaks"][0]["severity"] == "wire");
    CHECK(told["breaks"][0]["path"] == "plan.v1.Plan.a");
    CHECK(told["types"] == json{"plan.v1.Plan"});
    CHECK(run({"type", "check", "--against", "built-in"}).exit_code == cli::exit_ok);
    const Ran bad = run({"type", "check", "--against", folder.path() + "/none"});
    CHECK(bad.exit_code == cli::exit_failed);
    CHECK(bad.err == "vera: " + folder.path() + "/none: is not there\n");
}

TEST_CASE("cli: type check with a configuration tells whose filters name what breaks", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("old/plan.proto", plan("string a = 1;"));
    folder.write("new/plan.proto", plan("string a = 1;", "Andet"));
    const std::string config =
        folder.write("vera.yaml",
                     "listen: [{anonymous: true}]\nschemas: [old]\nsubscriptions:\n"
                     "  - {name: en, types: [plan.v1.Plan]}\n  - {name: alle, types: [plan.v1.*]}\n"
                     "  - {name: sager, types: [vera.sag.v1.*]}\n");
    const Ran ran = run({"type",
                         "check",
                         "-c",
                         config,
                         "--against",
                         folder.path() + "/old",
                         folder.path() + "/new"});
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.out ==
          "plan.proto: plan.v1.Plan: wire: the message type is gone: its events are refused\n"
          "events concerned: plan.v1.Plan\n"
          "subscription en: types plan.v1.Plan names plan.v1.Plan, which is gone\n"
          "subscription alle: types plan.v1.* names plan.v1.Plan, which is gone\n1 break\n");
}

TEST_CASE("cli: type validate does the check of the door", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan.proto",
                 plan("string a = 1 [(vera.options.v1.format) = FORMAT_CPR];"));
    const std::vector<std::string> words{
        "type", "validate", "--schemas", folder.path() + "/skemaer", "--type", "plan.v1.Plan"};
    const Ran good = run(words, R"({"a":"2512484916"})");
    CHECK(good.exit_code == cli::exit_ok);
    CHECK(good.out == "line 1: good: plan.v1.Plan\n");
    const Ran partly = run(words, "{\"a\":\"2512484916\"}\n{\"a\":\"3912484916\"}\n{\"b\":1}\n");
    CHECK(partly.exit_code == cli::exit_partly);
    CHECK(partly.err ==
          "vera: line 2: vera:schema-invalid: Beskeddata[0].a: is not a CPR number (10 digits that "
          "begin with a date)\n");
    const Ran unknown = run({"type", "validate", "--type", "plan.v1.Plan"}, "{}");
    CHECK(unknown.exit_code == cli::exit_failed);
    CHECK(unknown.err == "vera: --type: unknown type plan.v1.Plan\n");
    CHECK(run({"type", "validate", "--type", "vera.sag.v1.SagOprette"}, "{}")
              .err.find("; nearest: vera.sag.v1.SagOprettet") != std::string::npos);
    CHECK(run({"type", "validate"}, "").exit_code == cli::exit_failed);

    const std::string sample =
        std::string(VERA_SAMPLES) + "/06-person-flyttet-til-frederikshavn.json";
    CHECK(run({"type", "validate", sample}).exit_code == cli::exit_ok);
    const json told = json::parse(run({"type", "validate", "--json", sample}).out);
    CHECK(told["ok"] == true);
    CHECK(told["results"][0]["type"] == "vera.person.v1.PersonFlyttet");
}

TEST_CASE("cli: a folder of schemas that is wrong is told by line and column", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan.proto", plan("strng a = 1;"));
    const Ran ran = run({"type", "validate", "--schemas", folder.path() + "/skemaer"}, "{}");
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err ==
          "vera: " + folder.path() + "/skemaer/plan.proto:6:1: \"strng\" is not defined.\n");
}
