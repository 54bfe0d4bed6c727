// What of a file breaks programs: where its messages are, and what its options say to compilers.
#include "bus/event/compatibility.hpp"
#include "bus/event/schema_set.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/options_alone.hpp"

#include <string>
#include <vector>

using namespace vera::event;

namespace {

SchemaSet set_of(const std::vector<SchemaFile>& files) {
    SchemaSet set = vera::test::options_alone();
    const auto problems = set.add({"s", files});
    INFO(to_text(problems));
    REQUIRE(problems.empty());
    return set;
}

std::string breaks_of(const std::vector<SchemaFile>& old, const std::vector<SchemaFile>& fresh) {
    std::string all;
    for (const Difference& one : breaks(set_of(old), set_of(fresh)))
        all += to_text(one) + '\n';
    return all;
}

SchemaFile file(const std::string& name, const std::string& body) {
    return {name, "syntax = \"proto3\";\npackage a.v1;\n" + body};
}

}  // namespace

TEST_CASE("compatibility: what moves to another file breaks programs, and nothing else",
          "[event]") {
    struct Row {
        std::string name, thing, path;
    };
    const auto row = GENERATE(values<Row>({
        {"message", "message A { string a = 1; message In { string b = 1; } }", "a.v1.A"},
        {"enum", "enum E { E_0 = 0; }", "a.v1.E"},
        {"service", "service S {}", "a.v1.S"},
        {"extension",
         "import \"google/protobuf/descriptor.proto\";\n"
         "extend google.protobuf.FieldOptions { string x = 60001; }",
         "a.v1.x"},
    }));
    CAPTURE(row.name);
    const std::string stays = "message B {}\n";
    const std::vector<SchemaFile> together{file("a.proto", row.thing + stays)};
    const std::vector<SchemaFile> apart{file("a.proto", stays), file("b.proto", row.thing)};
    CHECK(breaks_of(together, apart) ==
          "a.proto: " + row.path +
              ": source: is in b.proto now, which programs have to include or import; bytes and "
              "JSON stay as they are\n");
    CHECK(breaks_of(apart, together) ==
          "b.proto: source: the file is gone\nb.proto: " + row.path +
              ": source: is in a.proto now, which programs have to include or import; bytes and "
              "JSON stay as they are\n");
    CHECK(breaks_of(apart, apart).empty());
}

TEST_CASE("compatibility: no event is concerned by a message that only moves", "[event]") {
    const std::string payload =
        "import \"vera/options/v1/options.proto\";\nmessage A { option (vera.options.v1.besked) = "
        "{beskedtype: \"0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d\"}; string a = 1; }\n";
    const SchemaSet old = set_of({file("a.proto", payload)});
    const auto differences = breaks(old, set_of({file("b.proto", payload)}));
    CHECK(differences.size() == 2);
    CHECK(broken_types(old, differences).empty());
}

TEST_CASE("compatibility: an import that is public no more breaks who relies on it", "[event]") {
    const SchemaFile other = file("b.proto", "message B {}\n");
    const std::vector<SchemaFile> with{file("a.proto", "import public \"b.proto\";\n"), other};
    const std::vector<SchemaFile> without{file("a.proto", "import \"b.proto\";\n"), other};
    CHECK(breaks_of(with, without) ==
          "a.proto: source: does not import b.proto publicly any more\n");
    CHECK(breaks_of(without, with).empty());
}

TEST_CASE("compatibility: a changed option of a file that makes other code is told", "[event]") {
    struct Row {
        std::string name, old, fresh;
    };
    const auto row = GENERATE(values<Row>({
        {"java_package", "\"dk.a\"", "\"dk.b\""},
        {"java_outer_classname", "\"A\"", "\"B\""},
        {"java_multiple_files", "true", "false"},
        {"csharp_namespace", "\"A\"", "\"B\""},
        {"go_package", "\"a.dk/a\"", "\"a.dk/b\""},
        {"php_namespace", "\"A\"", "\"B\""},
        {"php_class_prefix", "\"A\"", "\"B\""},
        {"php_metadata_namespace", "\"A\"", "\"B\""},
        {"objc_class_prefix", "\"AAA\"", "\"BBB\""},
        {"swift_prefix", "\"A\"", "\"B\""},
        {"ruby_package", "\"A\"", "\"B\""},
        {"optimize_for", "SPEED", "LITE_RUNTIME"},
        {"cc_generic_services", "true", "false"},
        {"java_generic_services", "true", "false"},
        {"py_generic_services", "true", "false"},
    }));
    CAPTURE(row.name);
    const auto with = [&row](const std::string& value) {
        return std::vector<SchemaFile>{
            file("a.proto",
                 (value.empty() ? "" : "option " + row.name + " = " + value + ";\n") +
                     "message A { string a = 1; }\n")};
    };
    const auto told = [&row](const std::string& was, const std::string& is) {
        return "a.proto: option " + row.name + ": source: was " + was + ", is " + is + '\n';
    };
    CHECK(breaks_of(with(row.old), with(row.fresh)) == told(row.old, row.fresh));
    CHECK(breaks_of(with(row.fresh), with(row.old)) == told(row.fresh, row.old));
    CHECK(breaks_of(with(row.old), with(row.old)).empty());
    const bool is_text = row.old.front() == '"';
    if (is_text) CHECK(breaks_of(with(""), with(row.old)) == told("not set", row.old));
    if (is_text) CHECK(breaks_of(with(row.old), with("")) == told(row.old, "not set"));
}

TEST_CASE("compatibility: an option that says what is so anyhow breaks nothing", "[event]") {
    const auto with = [](const std::string& options) {
        return std::vector<SchemaFile>{file("a.proto", options + "message A { string a = 1; }\n")};
    };
    CHECK(breaks_of(with(""), with("option java_multiple_files = false;\n")).empty());
    CHECK(breaks_of(with(""), with("option optimize_for = SPEED;\n")).empty());
    // The same classes, only slower.
    CHECK(breaks_of(with(""), with("option optimize_for = CODE_SIZE;\n")).empty());
}

TEST_CASE("compatibility: a folder may bring its copy of a file for other compilers", "[event]") {
    SchemaSet set = set_of({file("a.proto", "message A { string a = 1; }\n")});
    const auto problems =
        set.add({"t",
                 {file("a.proto", "option java_package = \"dk.a\";\nmessage A { string a = 1; }\n"),
                  file("t.proto", "import \"a.proto\";\nmessage T { A a = 1; }\n")}});
    CHECK(to_text(problems).empty());
}
