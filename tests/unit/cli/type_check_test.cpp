// `vera type check` and `vera type validate`, and verbs that know types of folders.
#include "bus/cli/cli.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.pb.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace vera;
using nlohmann::json;
using vera::test::Ran;
using vera::test::run;

namespace {

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
          "event concerned: plan.v1.Plan\n1 break\n");
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

TEST_CASE("cli: type check with a configuration tells which mappings break", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("old/plan.proto", plan("string a = 1; string b = 2;"));
    folder.write("new/plan.proto", plan("string a = 1; reserved 2; reserved \"b\";"));
    folder.write("m/et.yaml",
                 "mapping: et\nfrom: plan.v1.Plan\nto: plan.v1.Plan\nmap:\n  a: data.b\n");
    folder.write("m/andet.yaml",
                 "mapping: andet\nfrom: plan.v1.Plan\nto: plan.v1.Plan\nmap:\n  a: data.a\n");
    const std::string config =
        folder.write("vera.yaml",
                     "listen: [{anonymous: true}]\nschemas: [old]\ntransformations: [m]\n"
                     "subscriptions:\n  - {name: en, transform: [andet, et]}\n");
    const std::vector<std::string> question = {
        "type", "check", "--against", folder.path() + "/old", folder.path() + "/new", "-c", config};
    const Ran ran = run(question);
    INFO(ran.err);
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.out.find("subscription en: its mapping et breaks\nmapping et: " + folder.path() +
                       "/m/et.yaml:5: map.a: ") != std::string::npos);
    CHECK(ran.out.find("mapping andet") == std::string::npos);
    std::vector<std::string> as_json = question;
    as_json.push_back("--json");
    const json told = json::parse(run(as_json).out);
    REQUIRE(told["mappings"].size() == 1);
    CHECK(told["mappings"][0]["mapping"] == "et");
    CHECK(told["mappings"][0]["subscriptions"] == json{"en"});
}

TEST_CASE("cli: type check with a configuration tells whose filters name what breaks", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("old/plan.proto", plan("string a = 1;"));
    folder.write("new/plan.proto", plan("string a = 1;", "Andet"));
    const std::string config =
        folder.write("vera.yaml",
                     "listen: [{anonymous: true}]\nschemas: [old]\nsubscriptions:\n"
                     "  - {name: en, types: [plan.v1.Plan]}\n  - {name: alle, types: [plan.v1.*]}\n"
                     "  - {name: sager, types: [vera.sag.v1.*]}\n  - {name: hvad-som-helst}\n");
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
          "event concerned: plan.v1.Plan\n"
          "subscription en: types plan.v1.Plan names plan.v1.Plan, which is gone\n"
          "subscription alle: types plan.v1.* names plan.v1.Plan, which is gone\n"
          "subscription hvad-som-helst: takes all types, so plan.v1.Plan, which is gone\n"
          "1 break\n");
}

TEST_CASE("cli: type check tells whose expressions a change breaks", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("old/plan.proto", plan("string a = 1; string b = 2;"));
    folder.write("new/plan.proto", plan("string a = 1; string bee = 2;"));
    const std::string config =
        folder.write("vera.yaml",
                     "listen: [{anonymous: true}]\nschemas: [old]\nsubscriptions:\n"
                     "  - {name: a, filter: \"data.a = 'x'\"}\n"
                     "  - {name: b, types: [plan.v1.Plan], filter: \"data.b = 'x'\"}\n"
                     "  - {name: sager, filter: \"type LIKE 'vera.sag.%'\"}\n");
    const Ran ran = run({"type",
                         "check",
                         "-c",
                         config,
                         "--against",
                         folder.path() + "/old",
                         folder.path() + "/new"});
    CAPTURE(ran.err);
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.out.find("event concerned: plan.v1.Plan\n"
                       "subscription a: its filter lets pass plan.v1.Plan, which has changed\n"
                       "subscription b: types plan.v1.Plan names plan.v1.Plan, which has changed\n"
                       "subscription b: its filter breaks: offset 5: plan.v1.Plan has no field b; "
                       "did you mean `data.a`?\n") != std::string::npos);
    CHECK(ran.out.find("sager") == std::string::npos);
}

TEST_CASE("cli: type check compares a folder with a descriptor set that brings its imports",
          "[cli]") {
    using namespace google::protobuf;
    const test::ConfigFolder folder;
    folder.write("folder/plan.proto", plan("string a = 1;"));
    FileDescriptorSet set;
    FileDescriptorProto::descriptor()->file()->CopyTo(set.add_file());
    vera::options::v1::Besked::descriptor()->file()->CopyTo(set.add_file());
    FileDescriptorProto& file = *set.add_file();
    file.set_name("plan.proto");
    file.set_package("plan.v1");
    file.set_syntax("proto3");
    file.add_dependency("vera/options/v1/options.proto");
    DescriptorProto& message = *file.add_message_type();
    message.set_name("Plan");
    message.mutable_options()
        ->MutableExtension(vera::options::v1::besked)
        ->set_beskedtype("0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d");
    FieldDescriptorProto& field = *message.add_field();
    field.set_name("a");
    field.set_json_name("a");
    field.set_number(1);
    field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(FieldDescriptorProto::TYPE_STRING);
    const auto written = [&] { return folder.write("plan.binpb", set.SerializeAsString()); };
    const std::string texts = folder.path() + "/folder";
    CHECK(run({"type", "check", "--against", texts, written()}).out == "nothing breaks\n");
    CHECK(run({"type", "check", "--against", written(), texts}).out == "nothing breaks\n");
    field.set_number(2);
    CHECK(run({"type", "check", "--against", texts, written()}).out ==
          "plan.proto: plan.v1.Plan.a: wire: had number 1, has 2\n"
          "event concerned: plan.v1.Plan\n1 break\n");
}

TEST_CASE("cli: what follows a folder of schemas is the verb's own", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan.proto", plan("string a = 1;"));
    const std::string payload = folder.write("plan.json", R"({"a": "x"})");
    const Ran ran = run({"type",
                         "validate",
                         "--type",
                         "plan.v1.Plan",
                         "--schemas",
                         folder.path() + "/skemaer",
                         payload});
    CHECK(ran.err.empty());
    CHECK(ran.exit_code == cli::exit_ok);
}

TEST_CASE("cli: type validate says that a folder cannot be read", "[cli]") {
    const test::ConfigFolder folder;
    const Ran ran = run({"type", "validate", folder.path()});
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err == "vera: cannot read '" + folder.path() + "': it is a folder\n");
}

TEST_CASE("schemas: a break of the last release does not go unseen", "[cli]") {
    using namespace google::protobuf;
    const test::ConfigFolder folder;
    FileDescriptorSet set;
    std::ifstream file(VERA_RELEASED, std::ios::binary);
    REQUIRE(set.ParseFromIstream(&file));
    const auto message = [&set](const std::string& package, const std::string& name) {
        for (auto& one : *set.mutable_file())
            for (auto& found : *one.mutable_message_type())
                if (one.package() == package && found.name() == name) return &found;
        return static_cast<DescriptorProto*>(nullptr);
    };
    const auto check = [&] {
        const std::string fresh = folder.write("new.binpb", set.SerializeAsString());
        return run({"type", "check", "--against", VERA_RELEASED, fresh});
    };
    CHECK(check().out == "nothing breaks\n");
    auto* opened = message("vera.sag.v1", "SagOprettet");
    REQUIRE(opened != nullptr);
    REQUIRE(opened->field_size() > 0);
    opened->mutable_field(0)->set_number(77);
    auto* added = opened->add_field();
    added->set_name("ny");
    added->set_number(78);
    added->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    added->set_type(FieldDescriptorProto::TYPE_STRING);
    added->mutable_options()->SetExtension(vera::options::v1::required, true);
    const Ran broken = check();
    CHECK(broken.exit_code == cli::exit_failed);
    CHECK(broken.out.find("vera.sag.v1.SagOprettet.sag: wire: had number 1, has 77\n") !=
          std::string::npos);
    CHECK(broken.out.find("vera.sag.v1.SagOprettet.ny: rule: is new and required\n") !=
          std::string::npos);
    CHECK(broken.out.ends_with("event concerned: vera.sag.v1.SagOprettet\n2 breaks\n"));
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

    // In a document over many lines the place is the line of the input, once.
    const std::string document =
        R"({
  "BeskedId": {"UUIDIdentifikator": "0b5e1c70-0000-4000-8000-000000000001"},
  "Beskeddata": [{
    "@type": "type.googleapis.com/skole.v1.Elev", "navn": "x"
  }]
})";
    for (const std::string before : {"", "\n\n"}) {
        const std::string line = before.empty() ? "4" : "6";
        CHECK(run({"type", "validate"}, before + document).err ==
              "vera: line " + line +
                  ": vera:schema-unknown: Beskeddata[0]: unknown type skole.v1.Elev\n");
        const json told = json::parse(run({"type", "validate", "--json"}, before + document).out);
        CHECK(told["results"][0]["line"] == std::stoi(line));
        CHECK(told["results"][0]["text"] == "Beskeddata[0]: unknown type skole.v1.Elev");
    }
    CHECK(run({"type", "validate", "--type", "vera.sag.v1.SagOprettet"},
              "{\n \"a\": 1,\n \"sag\": 1\n}")
              .err.starts_with("vera: line 1: vera:schema-invalid: Beskeddata[0]."));

    const std::string sample =
        std::string(VERA_SAMPLES) + "/06-person-flyttet-til-frederikshavn.json";
    CHECK(run({"type", "validate", sample}).exit_code == cli::exit_ok);
    const json told = json::parse(run({"type", "validate", "--json", sample}).out);
    CHECK(told["ok"] == true);
    CHECK(told["results"][0]["type"] == "vera.person.v1.PersonFlyttet");
}

TEST_CASE("cli: verbs about types know those of folders and of a configuration", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan.proto", plan("// 1: what it is called.\nstring navn = 1;"));
    folder.write("frit/frit.proto",
                 "syntax = \"proto3\";\npackage frit.v1;\nmessage Udlaan { string bog = 1; }\n");
    const std::string skemaer = folder.path() + "/skemaer";
    const std::string config = folder.write("vera.yaml",
                                            "listen: [{anonymous: true}]\nschemas: [skemaer]\n"
                                            "subscriptions: [{name: en, types: [plan.v1.Plan]}]\n");
    CHECK(run({"type", "show", "Plan"}).exit_code == cli::exit_failed);
    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{"--schemas", skemaer}, {"-c", config}}) {
        CAPTURE(flags[0]);
        const auto with = [&flags](std::vector<std::string> words) {
            words.insert(words.end(), flags.begin(), flags.end());
            return run(std::move(words));
        };
        CHECK(with({"type", "ls"}).out.find("plan.v1.Plan ") != std::string::npos);
        CHECK(with({"type", "show", "Plan"}).out.find("what it is called") != std::string::npos);
        const Ran docs =
            with({"type", "docs", "-o", "-", "--format", "markdown", "--only", "Plan"});
        CHECK(docs.out.find("0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d") != std::string::npos);
        CHECK(with({"type", "asyncapi", "--only", "Plan"}).out.find("plan.v1.Plan") !=
              std::string::npos);
        // The example is an event that the door takes.
        const Ran example = with({"type", "example", "Plan"});
        std::vector<std::string> words{"type", "validate"};
        words.insert(words.end(), flags.begin(), flags.end());
        CHECK(run(words, example.out).out.starts_with("line 1: good: plan.v1.Plan "));
    }
    // A type whose schema says nothing about it.
    const std::string frit = folder.path() + "/frit";
    const Ran both = run({"type", "ls", "-c", config, "--schemas", frit});
    CHECK(both.out.find("plan.v1.Plan ") != std::string::npos);
    CHECK(both.out.find("frit.v1.Udlaan ") != std::string::npos);
    const Ran example = run({"type", "example", "Udlaan", "--schemas", frit});
    CHECK(run({"type", "validate", "--schemas", frit}, example.out).exit_code == cli::exit_ok);
    const Ran docs = run({"type", "docs", "-o", "-", "--only", "Udlaan", "--schemas", frit});
    CHECK(docs.out.find("1 hændelsestype,") != std::string::npos);
}

TEST_CASE("cli: folders beside a configuration keep all that it says of ids", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("frit/frit.proto",
                 "syntax = \"proto3\";\npackage frit.v1;\nmessage Udlaan { string bog = 1; }\n");
    folder.write("skemaer/plan.proto", plan("string a = 1;"));
    const std::string persons =
        folder.write("personer.csv", "2512484916,96514e13-afdd-44d6-95a8-adc2ca19b127\n");
    std::filesystem::permissions(persons, std::filesystem::perms::owner_read);
    const std::string config = folder.write(
        "vera.yaml",
        "listen: [{anonymous: true}]\nschemas: [skemaer]\npersons: personer.csv\nnames:\n"
        "  - {uuid: 5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f, name: Vort system}\n"
        "subscriptions: [{name: en, types: [frit.v1.Udlaan, plan.v1.Plan]}]\n");
    const auto catalogue = cli::catalogue_of({{folder.path() + "/frit"}, config});
    INFO((catalogue ? "" : catalogue.error().text));
    REQUIRE(catalogue);
    CHECK((*catalogue)->find("frit.v1.Udlaan") != nullptr);
    CHECK((*catalogue)->find("plan.v1.Plan") != nullptr);
    const auto* name = (*catalogue)->names().find("5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f");
    REQUIRE(name != nullptr);
    CHECK(name->name == "Vort system");
    CHECK((*catalogue)->object_id("urn:oio:cpr-nr:2512484916") ==
          "96514e13-afdd-44d6-95a8-adc2ca19b127");
    // What is wrong with such a folder is told by its own place.
    folder.write("skaevt/plan.proto", "syntax = \"proto3\";\nmessage A { strng a = 1; }\n");
    const auto wrong = cli::catalogue_of({{folder.path() + "/skaevt"}, config});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().text.find(folder.path() +
                                  "/skaevt/plan.proto:2: column 13: \"strng\" is not defined.") !=
          std::string::npos);
}

TEST_CASE("cli: a folder of schemas that is wrong is told by line and column", "[cli]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan.proto", plan("strng a = 1;"));
    const Ran ran = run({"type", "validate", "--schemas", folder.path() + "/skemaer"}, "{}");
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err ==
          "vera: " + folder.path() + "/skemaer/plan.proto:6:1: \"strng\" is not defined.\n");
}
