#include "bus/cli/cli.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>
#include <vector>

using namespace vera;
using nlohmann::json;
using vera::test::Ran;
using vera::test::run;

namespace {

std::string sample(const std::string& name) {
    return std::string(VERA_OIO_SAMPLES) + "/" + name;
}

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "vera-oio-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("cli: oio import gives the message, export the same JSON again", "[cli]") {
    const Ran imported = run({"oio", "import", sample("klasse_opret.json")});
    CHECK(imported.exit_code == cli::exit_ok);
    CHECK(imported.err.empty());
    CHECK(json::parse(imported.out)["@type"] ==
          "type.googleapis.com/vera.klassifikation.v1.Klasse");
    const Ran exported = run({"oio", "export"}, imported.out);
    CHECK(exported.exit_code == cli::exit_ok);
    CHECK(json::parse(exported.out) == json::parse(read(sample("klasse_opret.json"))));
}

TEST_CASE("cli: oio goes through files in protobuf too", "[cli]") {
    const Folder folder;
    const std::string binary = folder / "sag.binpb";
    const std::string back = folder / "back.json";
    const Ran imported = run({"oio",
                              "import",
                              sample("sag_opret.json"),
                              "--format",
                              "protobuf",
                              "-o",
                              binary,
                              "--json"});
    CHECK(imported.exit_code == cli::exit_ok);
    CHECK(json::parse(imported.out) ==
          json{{"version", 1}, {"type", "vera.sag.v1.Sag"}, {"aside", json::array()}});
    CHECK(run({"oio", "export", binary, "-o", back}).exit_code == cli::exit_ok);
    CHECK(json::parse(read(back)) == json::parse(read(sample("sag_opret.json"))));
    const json report = json::parse(run({"oio", "export", binary, "--json"}).out);
    CHECK(report["type"] == "vera.sag.v1.Sag");
    CHECK(report["result"] == json::parse(read(sample("sag_opret.json"))));
}

TEST_CASE("cli: oio import tells what it kept aside, and where", "[cli]") {
    const std::string file = sample("facet_passiv.json");
    const Ran ran = run({"oio", "import", file});
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(ran.err == "vera: " + file + ": /Note: no field for it; kept aside\n" + "vera: " + file +
                         ": /livscyklus: no field for it; kept aside\n");
    const json report = json::parse(run({"oio", "import", file, "--json"}).out);
    CHECK(report["aside"][0] == json{{"path", "/Note"}, {"reason", "no field for it"}});
    CHECK(report["result"]["registrering"]["livscyklusKode"] == "LIVSCYKLUS_KODE_PASSIVERET");
    const Ran masked = run({"oio", "import", "--class", "sag"}, R"({"2512484916":"2512484916"})");
    CHECK(masked.err == "vera: stdin: /**********: no field for it; kept aside\n");
}

TEST_CASE("cli: oio import asks for the class that nothing tells", "[cli]") {
    const Ran ran = run({"oio", "import"}, read(sample("facet_passiv.json")));
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("vera: stdin: line 1: no member tells the class"));
    CHECK(ran.err.find("Facet") != std::string::npos);
    CHECK(ran.err.find("--class") != std::string::npos);
    CHECK(run({"oio", "import", "--class", "facet"}, read(sample("facet_passiv.json"))).exit_code ==
          cli::exit_ok);
}

TEST_CASE("cli: oio says what is wrong with a file, in one line and without its values", "[cli]") {
    const Folder folder;
    struct Row {
        std::vector<std::string> arguments;
        std::string input;
        std::string text;
    };
    const std::vector<Row> rows{
        {{"oio", "import", folder / "none.json"}, "", "cannot be read: No such file or directory"},
        {{"oio", "import", "/"}, "", "vera: /: cannot be read: it is a folder"},
        {{"oio", "import"},
         "{\n\"relationer\": [\"2512484916\"]}",
         "vera: stdin: line 1: no member tells the class"},
        {{"oio", "import", "--class", "sag"},
         "{\n\"relationer\": [\"2512484916\"]}",
         "vera: stdin: line 2: /relationer: an object expected"},
        {{"oio", "import", "--class", "bil"}, "{}", "vera: stdin: no class of that name"},
        {{"oio", "export"}, "{}", "vera: stdin: line 1: @type is missing"},
        {{"oio", "export"}, "no file of ours", "vera: stdin: line 1: "},
        {{"oio", "import", sample("sag_opret.json"), "-o", folder / "no/where"},
         "",
         "cannot be written: No such file or directory"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.arguments);
        const Ran ran = run(row.arguments, row.input);
        CHECK(ran.exit_code == cli::exit_failed);
        CHECK(ran.out.empty());
        CAPTURE(ran.err);
        CHECK(ran.err.find(row.text) != std::string::npos);
        CHECK(ran.err.find("2512484916") == std::string::npos);
        CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    }
}

TEST_CASE("cli: oio's wrong usage, help and completion", "[cli]") {
    CHECK(run({"oio"}).exit_code == cli::exit_usage);
    CHECK(run({"oio", "import", "--format", "xml"}).exit_code == cli::exit_usage);
    CHECK(run({"oio", "import", "--format", "protobuf", "--json"}, "{}").exit_code ==
          cli::exit_usage);
    for (const char* verb : {"import", "export"}) {
        const Ran ran = run({"oio", verb, "--help"});
        CHECK(ran.exit_code == cli::exit_ok);
        CHECK(ran.out.find(std::string("  vera oio ") + verb) != std::string::npos);
        CHECK(ran.out.find("Exit codes: 0 ok, 1 failed") != std::string::npos);
    }
    CHECK(run({"completion", "bash"}).out.find("'oio') words='export import ") !=
          std::string::npos);
    CHECK(run({"manual"}).out.find(".SS vera oio import\n") != std::string::npos);
}
