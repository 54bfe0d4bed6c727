#include "bus/pages/asyncapi.hpp"

#include "bus/pages/yaml.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/pages/sample_set.hpp"

#include <set>
#include <string>

using namespace vera;
using namespace vera::pages;
using nlohmann::ordered_json;
using vera::pages::test::built_in;
using vera::pages::test::set_of;

namespace {

ordered_json made(const AsyncApiOptions& options) {
    static const Description description = describe(built_in());
    return asyncapi(built_in(), description, options);
}

void collect_references(const ordered_json& value, std::set<std::string>& references) {
    if (value.is_object() && value.contains("$ref") && value["$ref"].is_string())
        references.insert(value["$ref"].get<std::string>());
    if (value.is_structured())
        for (const ordered_json& inner : value)
            collect_references(inner, references);
}

Usage usage() {
    Usage usage;
    usage.node = "test";
    usage.systems = {{"hjoerring-esdh", "Hjørring Kommune (29189382)"}};
    usage.subscribers["vera.sag.v1.SagOprettet"] = {{"sager", {"Hjørring"}, 2}, {"alt", {}, 0}};
    usage.subscribers["vera.sag.v1.SagAfsluttet"] = {{"alt", {}, 0}};
    return usage;
}

}  // namespace

TEST_CASE("pages: every reference of the AsyncAPI document leads somewhere", "[pages]") {
    const Usage used = usage();
    for (const Usage* given : {static_cast<const Usage*>(nullptr), &used}) {
        AsyncApiOptions options;
        options.version = "1.0.0";
        options.usage = given;
        const ordered_json document = made(options);
        std::set<std::string> references;
        collect_references(document, references);
        CHECK(references.size() > 300);
        for (const std::string& reference : references) {
            CAPTURE(reference);
            REQUIRE(reference.starts_with("#/"));
            CHECK(document.contains(ordered_json::json_pointer(reference.substr(1))));
        }
    }
}

TEST_CASE("pages: every event has a message in both forms, and is published at one channel",
          "[pages]") {
    AsyncApiOptions options;
    options.version = "1.0.0";
    const ordered_json document = made(options);
    CHECK(document["asyncapi"] == "3.0.0");
    for (const auto* event : built_in().events()) {
        CAPTURE(event->full_name());
        for (const auto& [form, content_type] :
             {std::pair{".json", "application/json"}, {".protobuf", "application/protobuf"}}) {
            const std::string name = event->full_name() + form;
            REQUIRE(document["components"]["messages"].contains(name));
            CHECK(document["components"]["messages"][name]["contentType"] == content_type);
            CHECK(document["channels"]["events"]["messages"].contains(name));
        }
        const ordered_json& message =
            document["components"]["messages"][event->full_name() + ".json"];
        CHECK(message["examples"][0]["payload"].contains("BeskedId"));
    }
    CHECK(document["operations"]["publish"]["action"] == "send");
    CHECK(document["operations"]["receive.sub"]["action"] == "receive");
    CHECK(document["servers"]["bus"]["bindings"]["amqp1"] == ordered_json::object());
    CHECK(document["components"]["schemas"]["kuvert.protobuf"]["schemaFormat"] ==
          "application/vnd.google.protobuf;version=3");
}

TEST_CASE("pages: with a configuration each subscription is a channel with what it receives",
          "[pages]") {
    const Usage used = usage();
    AsyncApiOptions options;
    options.version = "1.0.0";
    options.usage = &used;
    options.servers = {{"127.0.0.1:5672", false, false}, {"bus.example:5671", true, true}};
    const ordered_json document = made(options);
    const ordered_json& channels = document["channels"];
    CHECK(channels["sub.sager"]["address"] == "sub/sager");
    CHECK(channels["sub.sager"]["messages"].size() == 2);
    CHECK(channels["sub.sager"]["x-vera-objects"] == 2);
    CHECK(channels["sub.alt"]["messages"].size() == 4);
    CHECK(channels["sub.alt.deadletter"]["address"] == "sub/alt/$deadletter");
    CHECK_FALSE(channels.contains("sub"));
    CHECK(channels["inbox"]["parameters"]["system"]["enum"] ==
          ordered_json::array({"hjoerring-esdh"}));
    CHECK(document["servers"]["bus"]["protocol"] == "amqp1");
    CHECK(document["servers"]["bus2"]["protocol"] == "amqps");
    CHECK(document["servers"]["bus2"]["security"].size() == 2);
}

TEST_CASE("pages: rules that JSON Schema can say are in the schemas", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
import "vera/options/v1/options.proto";
message A {
  option (vera.options.v1.besked) = {beskedtype: "72b7b3b3-4938-43f3-83bf-e3aca929e9b3"};
  string must = 1 [(vera.options.v1.required) = true, (vera.options.v1.length) = {min: 2 max: 9}];
  string may = 2 [(vera.options.v1.pattern) = "a|b"];
  repeated string many = 3 [(vera.options.v1.required) = true];
  int64 big = 4; uint32 small = 5; double real = 6; bool yes = 7; bytes raw = 8; map<string, B> map = 9;
  oneof pick { string x = 10; string y = 11; }
  string cvr = 12 [(vera.options.v1.format) = FORMAT_CVR, (vera.options.v1.required) = true];
}
message B {}
)");
    const Description description = describe(set);
    const ordered_json document = asyncapi(set, description, {});
    const ordered_json& schema = document["components"]["schemas"]["p.v1.A"];
    const ordered_json& properties = schema["properties"];
    CHECK(schema["required"] == ordered_json::array({"must", "many", "cvr"}));
    CHECK(properties["must"]["minLength"] == 2);
    CHECK(properties["must"]["maxLength"] == 9);
    CHECK(properties["may"]["pattern"] == "^(?:|a|b)$");
    CHECK(properties["many"]["minItems"] == 1);
    CHECK(properties["big"]["anyOf"][0]["pattern"] == "^-?[0-9]+$");
    CHECK(properties["small"]["minimum"] == 0);
    CHECK(properties["yes"]["type"] == "boolean");
    CHECK(properties["raw"]["contentEncoding"] == "base64");
    CHECK(properties["map"]["additionalProperties"]["$ref"] == "#/components/schemas/p.v1.B");
    CHECK(properties["cvr"]["pattern"] == "^(?:[0-9]{8})$");
    CHECK(schema["oneOf"].size() == 3);  // x, y or none
}

TEST_CASE("pages: YAML says what the JSON says", "[pages]") {
    const ordered_json document = ordered_json::parse(
        R"({"a":1,"on":"yes","b c":[],"d":{},"e":[1,"x: y",[2,{"f":"æ\n\"#"}],{"g":null,"h":[true]}],"1":-1.5})");
    CHECK(to_yaml(document) == R"(a: 1
"on": "yes"
"b c": []
d: {}
e:
  - 1
  - "x: y"
  - - 2
    - f: "æ\n\"#"
  - g: null
    h:
      - true
"1": -1.5
)");
    CHECK(to_yaml(ordered_json("text")) == "\"text\"\n");
    CHECK(to_yaml(ordered_json::array()) == "[]\n");
}
