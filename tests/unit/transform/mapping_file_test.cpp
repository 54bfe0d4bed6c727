// The YAML of a mapping: unknown keys, wrong shapes, tables and the files that it names.
#include "bus/ops/mapping_file.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"
#include "tests/unit/transform/mapping_bed.hpp"

using namespace vera;
using namespace vera::transform::test;

namespace {

struct Row {
    std::string rest;
    std::vector<std::string> want;
};

TEST_CASE("ops: a mapping file's keys are known, and have the right shape", "[transform]") {
    const auto row = GENERATE(values<Row>({
        {"mapp: {}\n", {"error 4 mapp: unknown key; did you mean map?"}},
        {"to: x\n", {"error 4 to: is there twice"}},
        {"map: x\n", {"error 4 map: a map of field and expression is wanted"}},
        {"map:\n  navn:\n", {"error 5 map.navn: an expression is wanted"}},
        {"map:\n  navn: {vlue: x}\n", {"error 5 map.navn.vlue: unknown key; did you mean value?"}},
        {"map:\n  navn: []\n", {"error 5 map.navn: the list is empty"}},
        {"map:\n  navn: {value: x, mask: kun}\n",
         {"error 5 map.navn.mask: true or false is wanted"}},
        {"map:\n  navn: {value: x, column: y}\n",
         {"error 5 map.navn.column: is of a table: `lookup` is missing"}},
        {"map:\n  navn: {value: x, as: y}\n",
         {"error 5 map.navn.as: names an element: `each` is missing"}},
        {"copy: noget\n", {"error 4 copy: only `all` can be copied"}},
        {"drop: navn\n", {"error 4 drop: a list of fields is wanted"}},
        {"other_payloads: maybe\n", {"error 4 other_payloads: keep or drop is wanted"}},
        {"tables: {kle: {}}\n", {"error 4 tables.kle: has neither `rows` nor `file`"}},
        {"tables: {kle: {rows: {a: b}, missing: nix}}\n",
         {"error 4 tables.kle.missing: error or drop is wanted (`default` gives a text)"}},
        {"tables: {kle: {file: ingen.csv}}\n",
         {"error 4 tables.kle.file: 'ingen.csv' cannot be read as a file of at most 67108864 "
          "bytes"}},
        {"pseudonym_key: ingen\n",
         {"error 4 pseudonym_key: 'ingen' cannot be read as a file of at most 4096 bytes"}},
        {"tests:\n  - {name: x}\n",
         {"error 5 tests[0]: has no `event`",
          "error 5 tests[0]: wants either `output` or `error`"}},
        {"when: [\n", {"error 5 : not YAML: end of sequence flow not found"}},
    }));
    CAPTURE(row.rest);
    CHECK(problems_of(elev(row.rest)) == row.want);
}

TEST_CASE("ops: a table's rows are of one length, and no code is there twice", "[transform]") {
    const test::ConfigFolder folder;
    folder.write("t/kort.csv", "a,b,c\n1,2,3\n1,2\n");
    folder.write("t/to.csv", "a,b\n1,x\n\n1,y\n");
    folder.write("t/aaben.csv", "a,b\n1,\"x\n");
    folder.write("t/en.csv", "kun\n");
    const auto told = [&](const std::string& name) {
        const std::string yaml =
            elev("tables: {t: {file: t/" + name + "}}\nmap: {navn: data.fornavn}\n");
        const auto read = ops::read_mapping(folder.write("m.yaml", yaml), "m.yaml");
        std::string all;
        for (const auto& problem : read.problems)
            all += to_text(problem) + '\n';
        if (read.problems.empty())
            for (const auto& problem :
                 transform::Mapping::compile(read.source, catalogue()).problems)
                all += to_text(problem) + '\n';
        return all;
    };
    CHECK(told("kort.csv") == "t/kort.csv:3: tables.t: a row of 2 values; there are 3 columns\n");
    CHECK(told("to.csv") == "t/to.csv:4: tables.t: a code that is in line 2 already\n");
    CHECK(told("aaben.csv") == "t/aaben.csv:2: a quote that is never closed\n");
    CHECK(told("en.csv") ==
          "t/en.csv:1: a header of at least two columns is wanted, separated by , or ;\n");
}

TEST_CASE("ops: a key of pseudonyms is long enough and counts for the digest", "[transform]") {
    const test::ConfigFolder folder;
    folder.write("noegle", "0123456789abcde\n");
    const std::string path =
        folder.write("m.yaml", elev("pseudonym_key: noegle\nmap: {navn: data.fornavn}\n"));
    const auto read = ops::read_mapping(path, "m.yaml");
    const auto compiled = transform::Mapping::compile(read.source, catalogue());
    CHECK(compiled.mapping == nullptr);
    REQUIRE(compiled.problems.size() == 1);
    CHECK(compiled.problems.front().text == "holds fewer than 16 bytes");
    folder.write("noegle", "0123456789abcdef\n");
    const auto longer = ops::read_mapping(path, "m.yaml");
    CHECK(longer.bytes != read.bytes);
    CHECK(transform::Mapping::compile(longer.source, catalogue()).mapping != nullptr);
}

}  // namespace
