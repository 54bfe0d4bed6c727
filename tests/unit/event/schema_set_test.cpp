#include "bus/event/schema_set.hpp"

#include "bus/event/compatibility.hpp"
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

TEST_CASE("schemas: what is not UTF-8 is refused, by its place", "[event]") {
    // "Navn på eleven" as Latin-1 has it.
    CHECK(problems_of(folder({{"a.proto", "syntax = \"proto3\";\n// Navn p\xe5 eleven\n"}})) ==
          "skemaer/a.proto:2:10: is not UTF-8");
    CHECK(problems_of(folder({{"a.proto", "// på\n// \xc3"}})) ==
          "skemaer/a.proto:2:4: is not UTF-8");
    const std::string escaped =
        "syntax = \"proto3\";\npackage a;\nimport \"vera/options/v1/options.proto\";\n"
        "message A { string navn = 1 [(vera.options.v1.example) = \"\\x8e\"]; }\n";
    CHECK(problems_of(folder({{"a.proto", escaped}})) ==
          "skemaer/a.proto: A.navn.options.example: is not UTF-8");
    google::protobuf::FileDescriptorSet set;
    auto& file = *set.add_file();
    file.set_name("b.proto");
    auto& field = *file.add_message_type()->add_field();
    file.mutable_message_type(0)->set_name("B");
    field.set_name("navn");
    field.set_number(1);
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
    field.set_json_name("n\x8evn");
    CHECK(problems_of(folder({{"b.binpb", set.SerializeAsString()}})) ==
          "skemaer/b.binpb (b.proto): B.navn.json_name: is not UTF-8");
    field.set_json_name("nævn");
    CHECK(problems_of(folder({{"b.binpb", set.SerializeAsString()}})).empty());
    // Bytes are whatever they are.
    CHECK(problems_of(folder({{"c.proto",
                               "syntax = \"proto2\";\nmessage C { optional bytes c = 1 [default = "
                               "\"\\x8e\"]; }\n"}}))
              .empty());
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

TEST_CASE("schemas: options that this VeRA does not know are not taken for known", "[event]") {
    google::protobuf::FileDescriptorSet files;
    *files.add_file() = *SchemaSet::built_in().find("vera/options/v1/options.proto");
    CHECK(problems_of(folder({{"options.pb", files.SerializeAsString()}})).empty());
    auto& option = *files.mutable_file(0)->add_extension();
    option = files.file(0).extension(0);
    option.set_name("paakraevet");
    option.set_json_name("paakraevet");
    option.set_number(50819);
    CHECK(problems_of(folder({{"options.pb", files.SerializeAsString()}})) ==
          "skemaer/options.pb (vera/options/v1/options.proto): is another one than VeRA's "
          "vera/options/v1/options.proto: vera.options.v1.paakraevet: the extension is gone");
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

TEST_CASE("schemas: Protobuf's own files can be imported, and are part of the program", "[event]") {
    std::string text = "syntax = \"proto3\";\npackage a;\n";
    for (const char* name : {"any",
                             "api",
                             "descriptor",
                             "duration",
                             "empty",
                             "field_mask",
                             "source_context",
                             "struct",
                             "timestamp",
                             "type",
                             "wrappers"})
        text += "import \"google/protobuf/" + std::string(name) + ".proto\";\n";
    text += "message A { google.protobuf.Struct a = 1; google.protobuf.FieldMask b = 2; }\n";
    SchemaSet set = SchemaSet::built_in();
    CHECK(problems_of(folder({{"a.proto", text}})).empty());
    CHECK(set.add(folder({{"a.proto", text}})).empty());
    CHECK(set.find("google/protobuf/wrappers.proto") != nullptr);
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

TEST_CASE("schemas: what does not fit beside what is known is refused when it is added",
          "[event]") {
    const std::string proto3 = "syntax = \"proto3\";\n";
    const SchemaFolder first{"foerste",
                             {{"e.proto", proto3 + "package e;\nenum A { X = 0; }\n"},
                              {"y.proto", proto3 + "package y;\nmessage Y {}\n"},
                              {"x.proto", proto3 + "package x;\n"}}};
    struct Row {
        std::string name;
        std::vector<SchemaFile> files;
        std::string want;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"a message where a package is",
         {{"a.proto", proto3 + "message vera {}\n"}},
         "skemaer/a.proto: vera: \"vera\" is already defined in file \"vera/"},
        {"a package where a message is",
         {{"a.proto", proto3 + "package e.A;\n"}},
         "skemaer/a.proto: e.A: \"e.A\" is already defined (as something other than a package)"},
        {"one value of two enums",
         {{"a.proto", proto3 + "package e;\nenum B { X = 0; }\n"}},
         "skemaer/a.proto: e.X: \"e.X\" is already defined in file \"e.proto\"."},
        {"a public import that only the older copy has",
         {{"x.proto", proto3 + "package x;\nimport public \"y.proto\";\n"},
          {"a.proto", proto3 + "package a;\nimport \"x.proto\";\nmessage A { y.Y y = 1; }\n"}},
         "skemaer/a.proto: a.A.y: \"y.Y\" seems to be defined in \"y.proto\""},
    }));
    CAPTURE(row.name);
    SchemaSet set = SchemaSet::built_in();
    REQUIRE(to_text(set.add(first)).empty());
    const std::size_t before = set.files().size();
    const std::string problems = to_text(set.add(folder(row.files)));
    CAPTURE(problems);
    CHECK(problems.starts_with(row.want));
    CHECK(set.files().size() == before);
    google::protobuf::DescriptorPool pool;
    build(set, pool);
}

TEST_CASE("schemas: a chain of imports ends, in texts, in one set, and over folders", "[event]") {
    const auto links = [](const std::string& name, int count, const std::string& last) {
        google::protobuf::FileDescriptorSet set;
        for (int i = 0; i < count; ++i) {
            auto& file = *set.add_file();
            file.set_name(name + std::to_string(i) + ".proto");
            file.set_package(name + std::to_string(i));
            const bool is_last = i + 1 == count;
            if (!is_last || !last.empty())
                file.add_dependency(is_last ? last : name + std::to_string(i + 1) + ".proto");
        }
        return set.SerializeAsString();
    };
    CHECK(problems_of(folder({{"a.pb", links("a", 1000, "")}})).empty());
    CHECK(problems_of(folder({{"a.pb", links("a", 50'000, "")}})) ==
          "skemaer: more than 1000 files of schemas");
    CHECK(problems_of(
              folder({{"a.pb", links("a", 600, "b0.proto")}, {"b.pb", links("b", 600, "")}})) ==
          "skemaer: more than 1000 files of schemas");
    SchemaSet set = SchemaSet::built_in();
    REQUIRE(set.add(folder({{"a.pb", links("a", 600, "")}})).empty());
    CHECK(to_text(set.add(folder({{"b.pb", links("b", 600, "a0.proto")}})))
              .starts_with("skemaer/b.pb (b199.proto): imports more than 1000 files in a row"));
    CHECK(problems_of(folder({{"a.pb", links("a", 3, "a0.proto")}})) ==
          "skemaer/a.pb (a0.proto): recursively imports itself: a0.proto -> a1.proto -> a2.proto "
          "-> a0.proto");
}

TEST_CASE("schemas: options in a set have been resolved", "[event]") {
    google::protobuf::FileDescriptorSet set;
    auto& file = *set.add_file();
    file.set_name("a.proto");
    auto& field = *file.add_message_type()->add_nested_type()->add_field();
    file.mutable_message_type(0)->set_name("A");
    file.mutable_message_type(0)->mutable_nested_type(0)->set_name("B");
    field.set_name("b");
    field.set_number(1);
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
    CHECK(problems_of(folder({{"a.pb", set.SerializeAsString()}})).empty());
    auto& option = *field.mutable_options()->add_uninterpreted_option();
    option.add_name()->set_name_part("vera.options.v1.length");
    option.mutable_name(0)->set_is_extension(true);
    std::string value;
    for (int i = 0; i < 100'000; ++i)
        value += "a {";
    option.set_aggregate_value(value);
    CHECK(problems_of(folder({{"a.pb", set.SerializeAsString()}})) ==
          "skemaer/a.pb (a.proto): holds options that are not resolved (uninterpreted_option)");
}

TEST_CASE("schemas: messages in a row, one in another, are bounded", "[event]") {
    const auto chain = [](int count, const std::string& kind, const std::string& last) {
        std::string text = "syntax = \"proto3\";\n";
        for (int i = 0; i < count; ++i)
            text += "message A" + std::to_string(i) + " { " + kind + " " +
                    (i + 1 < count ? "A" + std::to_string(i + 1) : last) + " a = 1; }\n";
        return text;
    };
    CHECK(problems_of(folder({{"a.proto", chain(1000, "", "string")}})).empty());
    CHECK(problems_of(folder({{"a.proto", chain(1001, "", "string")}})) ==
          "skemaer/a.proto: A0: messages in messages, more than 1000 in a row");
    CHECK(problems_of(folder({{"a.proto", chain(1001, "repeated", "string")}})).empty());
    // A ring is as long as the messages in it.
    CHECK(problems_of(folder({{"a.proto", chain(1000, "", "A0")}})).empty());
    CHECK(problems_of(folder({{"a.proto", chain(1001, "", "A0")}})) ==
          "skemaer/a.proto: A0: messages in messages, more than 1000 in a row");
    CHECK(problems_of(folder({{"a.proto", chain(20'001, "repeated", "string")}})) ==
          "skemaer: more than 20000 messages, or 200000 fields and values");
    std::string many = "syntax = \"proto3\";\nenum E {\n";
    for (int i = 0; i <= 200'000; ++i)
        many += "E" + std::to_string(i) + "=" + std::to_string(i) + ";\n";
    CHECK(problems_of(folder({{"a.proto", many + "}\n"}})) ==
          "skemaer: more than 20000 messages, or 200000 fields and values");
}

TEST_CASE("schemas: messages are nested as deep as Protobuf reads them, and no deeper", "[event]") {
    std::string text = "syntax = \"proto3\";\n";
    for (int i = 0; i < 120; ++i)
        text += "message A {";
    CHECK(problems_of(folder({{"a.proto", text + std::string(120, '}')}})) ==
          "skemaer/a.proto: Reached maximum recursion limit for nested messages.");
    const auto nested = [](int depth) {
        google::protobuf::FileDescriptorSet set;
        set.add_file()->set_name("a.proto");
        auto* message = set.mutable_file(0)->add_message_type();
        for (message->set_name("A"); depth > 1; --depth) {
            message = message->add_nested_type();
            message->set_name("A");
        }
        return set.SerializeAsString();
    };
    CHECK(problems_of(folder({{"a.pb", nested(30)}})) == "");
    CHECK(problems_of(folder({{"a.pb", nested(40)}})) ==
          "skemaer/a.pb (a.proto): Reached maximum recursion limit for nested messages.");
    CHECK(problems_of(folder({{"a.pb", nested(110)}})) ==
          "skemaer/a.pb: is no descriptor set (google.protobuf.FileDescriptorSet)");
}

TEST_CASE("schemas: nobody else gives VeRA's or Protobuf's names and numbers", "[event]") {
    struct Row {
        std::string name, text, want;
    };
    const std::string own = "import \"google/protobuf/descriptor.proto\";\n";
    const auto row = GENERATE_COPY(values<Row>({
        {"Protobuf's package",
         "package google.protobuf;\nmessage Mine {}\n",
         "skemaer/a.proto: package google.protobuf: google.protobuf is Protobuf's own"},
        {"the number of an option",
         "package a;\n" + own + "extend google.protobuf.FieldOptions { string note = 50823; }\n",
         "skemaer/a.proto: a.note: number 50823 of google.protobuf.FieldOptions is VeRA's own "
         "(50801 to 50841)"},
        {"the number of an option, further in",
         "package a;\n" + own +
             "message A { message B { extend google.protobuf.MessageOptions { bool b = 50801; } } "
             "}\n",
         "skemaer/a.proto: a.A.B.b: number 50801 of google.protobuf.MessageOptions is VeRA's own "
         "(50801 to 50841)"},
        {"another number",
         "package a;\n" + own + "extend google.protobuf.FieldOptions { string note = 50842; }\n",
         ""},
    }));
    CAPTURE(row.name);
    CHECK(problems_of(folder({{"a.proto", "syntax = \"proto3\";\n" + row.text}})) == row.want);
}
