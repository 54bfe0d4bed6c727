#include "bus/event/schema_set.hpp"

#include "tests/support/catch.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace vera::event;

namespace {

const std::string elev = R"(syntax = "proto3";
package skole.v1;
import "vera/oio/v1/grundtyper.proto";
import "vera/options/v1/options.proto";
import "google/protobuf/wrappers.proto";
message Elev {
  option (vera.options.v1.besked) = {beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d" titel_da: "Elev"};
  // Whose.
  vera.oio.v1.UnikId elev_id = 1 [(vera.options.v1.required) = true];
  string navn = 2 [(vera.options.v1.length) = {max: 20}];
  google.protobuf.StringValue note = 3;
}
)";

SchemaFolder folder(std::vector<SchemaFile> files) {
    return {"skemaer", std::move(files)};
}

std::string problems_of(const SchemaFolder& added, SchemaSet set = SchemaSet::built_in()) {
    return to_text(set.add(added));
}

/// What protoc would write of the files a set knows.
std::string descriptor_set_of(const SchemaSet& set, const std::string& only = "") {
    google::protobuf::FileDescriptorSet files;
    for (const auto& file : set.files())
        if (only.empty() || file.name() == only) *files.add_file() = file;
    return files.SerializeAsString();
}

}  // namespace

TEST_CASE("schemas: the built-in set has each file behind those it imports", "[event]") {
    const SchemaSet set = SchemaSet::built_in();
    REQUIRE(set.find("vera/besked/v1/haendelsesbesked.proto") != nullptr);
    std::vector<std::string> seen;
    for (const auto& file : set.files()) {
        for (const std::string& wanted : file.dependency())
            CHECK(std::ranges::find(seen, wanted) != seen.end());
        seen.push_back(file.name());
    }
    CHECK(set.find("vera/oio/v1/grundtyper.proto")->source_code_info().location_size() > 0);
}

TEST_CASE("schemas: a folder of .proto files is compiled on top of the built-in ones", "[event]") {
    SchemaSet set = SchemaSet::built_in();
    CHECK(to_text(set.add(folder({{"skole/v1/elev.proto", elev}}))).empty());
    const auto* file = set.find("skole/v1/elev.proto");
    REQUIRE(file != nullptr);
    CHECK(set.origin_of("skole/v1/elev.proto") == "skemaer/skole/v1/elev.proto");
    CHECK(file->message_type(0).field(0).json_name() == "elevId");
    CHECK(set.find("google/protobuf/wrappers.proto") != nullptr);
    CHECK(set.files().back().name() == "skole/v1/elev.proto");
}

TEST_CASE("schemas: a descriptor set does as well, alone or with all it imports", "[event]") {
    SchemaSet first = SchemaSet::built_in();
    REQUIRE(first.add(folder({{"skole/v1/elev.proto", elev}})).empty());
    for (const std::string& bytes :
         {descriptor_set_of(first), descriptor_set_of(first, "skole/v1/elev.proto")}) {
        SchemaSet set = SchemaSet::built_in();
        CHECK(to_text(set.add(folder({{"skole.binpb", bytes}}))).empty());
        CHECK(set.find("skole/v1/elev.proto")->message_type_size() == 1);
        CHECK(set.origin_of("skole/v1/elev.proto") == "skemaer/skole.binpb (skole/v1/elev.proto)");
    }
}

TEST_CASE("schemas: what is wrong with a file is told by line and column", "[event]") {
    struct Row {
        std::string name, text, want;
    };
    const std::string head = "syntax = \"proto3\";\npackage a;\n";
    const auto row = GENERATE_COPY(values<Row>({
        {"syntax",
         head + "message A {\n  string a 1;\n}\n",
         "skemaer/a.proto:4:12: Missing field number."},
        {"unknown type",
         head + "message A {\n  B b = 1;\n}\n",
         "skemaer/a.proto:4:3: \"B\" is not defined."},
        {"number twice",
         head + "message A {\n  string a = 1;\n  string b = 1;\n}\n",
         "skemaer/a.proto:5:14: Field number 1 has already been used in \"a.A\" by field \"a\"."},
        {"import of nothing",
         "syntax = \"proto3\";\nimport \"b.proto\";\n",
         "b.proto: is not there\nskemaer/a.proto:2:1: Import \"b.proto\" was not found or had "
         "errors."},
        {"unknown option",
         "syntax = \"proto3\";\nimport \"vera/options/v1/options.proto\";\nmessage A {\n  string a "
         "= 1 "
         "[(vera.options.v1.rquired) = true];\n}\n",
         "skemaer/a.proto:4:17: Option \"(vera.options.v1.rquired)\" unknown. Ensure that your "
         "proto "
         "definition file imports the proto which defines the option."},
        {"redefined",
         "syntax = \"proto3\";\npackage vera.sag.v9;\nmessage A {}\n",
         "skemaer/a.proto: package vera.sag.v9: vera is VeRA's own"},
        {"nested",
         head + std::string(300, '{'),
         "skemaer/a.proto: is nested too deeply (more than 200 open brackets)"},
    }));
    CAPTURE(row.name);
    CHECK(problems_of(folder({{"a.proto", row.text}})) == row.want);
}

TEST_CASE("schemas: a folder that is wrong adds nothing", "[event]") {
    SchemaSet set = SchemaSet::built_in();
    const std::size_t before = set.files().size();
    CHECK_FALSE(set.add(folder({{"skole/v1/elev.proto", elev}, {"b.proto", "nonsense"}})).empty());
    CHECK(set.files().size() == before);
}

TEST_CASE("schemas: a copy of what is known is no contradiction, another version is", "[event]") {
    SchemaSet set = SchemaSet::built_in();
    const std::string all = descriptor_set_of(set);
    CHECK(to_text(set.add(folder({{"copy.desc", all}}))).empty());

    google::protobuf::FileDescriptorSet files;
    REQUIRE(files.ParseFromString(all));
    for (auto& file : *files.mutable_file())
        if (file.name() == "vera/oio/v1/grundtyper.proto")
            file.mutable_message_type(0)->mutable_field(0)->set_json_name("andet");
    CHECK(problems_of(folder({{"other.desc", files.SerializeAsString()}})) ==
          "skemaer/other.desc (vera/oio/v1/grundtyper.proto): is another one than VeRA's "
          "vera/oio/v1/grundtyper.proto: vera.oio.v1.UnikId.uuid_identifikator: was \"andet\" in "
          "JSON, is "
          "\"UUIDIdentifikator\"");

    // What is there now and was not in the copy: an older version.
    for (auto& file : *files.mutable_file()) {
        if (file.name() != "vera/oio/v1/grundtyper.proto") continue;
        auto& unik_id = *file.mutable_message_type(0);
        unik_id.mutable_field(0)->set_json_name("UUIDIdentifikator");
        unik_id.mutable_field(1)->mutable_options()->ClearExtension(vera::options::v1::example);
    }
    CHECK(problems_of(folder({{"other.desc", files.SerializeAsString()}})).empty());
}

TEST_CASE("schemas: one full name in two places names both", "[event]") {
    SchemaSet set = SchemaSet::built_in();
    const std::string text = "syntax = \"proto3\";\npackage a.v1;\nmessage A { message B {} }\n";
    REQUIRE(set.add(folder({{"a.proto", text}})).empty());
    CHECK(to_text(set.add({"andre", {{"a.proto", text}}})).empty());  // the same once more
    CHECK(to_text(set.add({"andre", {{"a.proto", text + "message C {}\n"}}})) ==
          "andre/a.proto: is another one than skemaer/a.proto: a.v1.C: the message type is "
          "gone: its events are refused");
    CHECK(to_text(set.add({"andre", {{"b.proto", text}}})) ==
          "andre/b.proto: a.v1.A is in skemaer/a.proto already\n"
          "andre/b.proto: a.v1.A.B is in skemaer/a.proto already");
}

TEST_CASE("schemas: Protobuf's own files are never taken from a folder", "[event]") {
    SchemaSet set = SchemaSet::built_in();
    CHECK(to_text(
              set.add(folder({{"google/protobuf/timestamp.proto",
                               "syntax = \"proto3\";\npackage google.protobuf;\n"},
                              {"a.proto",
                               "syntax = \"proto3\";\nimport \"google/protobuf/timestamp.proto\";\n"
                               "message A { google.protobuf.Timestamp t = 1; }\n"}})))
              .empty());
}

TEST_CASE("schemas: sets that are none, and too much of all, are refused", "[event]") {
    CHECK(problems_of(folder({{"a.binpb", "nonsense"}})) ==
          "skemaer/a.binpb: is no descriptor set (google.protobuf.FileDescriptorSet)");
    CHECK(problems_of(folder({{"a.pb", ""}})) == "skemaer/a.pb: is a descriptor set without files");
    std::vector<SchemaFile> many(1001, SchemaFile{"a.proto", ""});
    CHECK(problems_of(folder(many)) == "skemaer: more than 1000 files of schemas");
    CHECK(problems_of(folder({{"a.proto", std::string((16U << 20U) + 1, ' ')}})) ==
          "skemaer/a.proto: is larger than 16 MiB");
}

TEST_CASE("schemas: files that import each other in a ring, or in a long chain, end", "[event]") {
    CHECK(problems_of(folder({{"a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n"},
                              {"b.proto", "syntax = \"proto3\";\nimport \"a.proto\";\n"}}))
              .find("recursively imports itself: a.proto -> b.proto -> a.proto") !=
          std::string::npos);
    std::vector<SchemaFile> chain;
    for (int i = 0; i < 1000; ++i)
        chain.push_back(
            {"f" + std::to_string(i) + ".proto",
             "syntax = \"proto3\";\npackage p" + std::to_string(i) + ";\n" +
                 (i == 999 ? "" : "import \"f" + std::to_string(i + 1) + ".proto\";\n") +
                 "message M {}\n"});
    CHECK(problems_of(folder(chain)).empty());
}
