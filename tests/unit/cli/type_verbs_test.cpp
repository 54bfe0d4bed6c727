#include "bus/cli/cli.hpp"
#include "bus/cli/made_files.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>
#include <vector>

using namespace vera;
using vera::test::Ran;
using vera::test::run;
namespace fs = std::filesystem;

namespace {

/// A folder of its own, gone afterwards.
struct Folder {
    Folder() : path(fs::temp_directory_path() / ("vera-type-" + std::to_string(::getpid()))) {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path / name).string();
    }
    fs::path path;
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("cli: type ls lists events, by class, kind and word", "[cli]") {
    const Ran all = run({"type", "ls"});
    CHECK(all.exit_code == cli::exit_ok);
    CHECK(all.out.starts_with("TYPE "));
    CHECK(all.out.find("vera.sag.v1.SagOprettet ") != std::string::npos);
    CHECK(all.out.find("vera.sag.v1.SagEgenskaber") == std::string::npos);

    const Ran sag = run({"type", "ls", "--class", "sag", "--art", "forretning", "--lang", "en"});
    CHECK(sag.out.find("Case opened") != std::string::npos);
    CHECK(sag.out.find("vera.person") == std::string::npos);
    CHECK(sag.out.find("livscyklus") == std::string::npos);

    const Ran word = run({"type", "ls", "--search", "SAGSNUMMER", "--all"});
    CHECK(word.out.find("vera.sag.v1.SagEgenskaber") != std::string::npos);
    CHECK(run({"type", "ls", "--search", "xyzzy"}).out.find("0 types") != std::string::npos);
    CHECK(run({"type", "ls", "--art", "ukendt"}).exit_code == cli::exit_usage);
}

TEST_CASE("cli: type ls as JSON has the facts of every event", "[cli]") {
    const auto listed = nlohmann::json::parse(run({"type", "ls", "--json"}).out);
    CHECK(listed["version"] == 1);
    bool is_there = false;
    for (const auto& type : listed["types"]) {
        if (type["name"] != "vera.sag.v1.SagOprettet") continue;
        is_there = true;
        CHECK(type["beskedtype"] == "72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
        CHECK(type["titleDa"] == "Sag oprettet");
        CHECK(type["sensitivity"] == 2);
        CHECK(type["class"] == "vera.sag.v1.Sag");
        CHECK(type["art"] == "forretning");
    }
    CHECK(is_there);
}

TEST_CASE("cli: type show shows a type as a tree, and finds it by its beskedtype", "[cli]") {
    const Ran shown = run({"type", "show", "SagOprettet", "--lang", "en"});
    CHECK(shown.exit_code == cli::exit_ok);
    CHECK(shown.out.starts_with("vera.sag.v1.SagOprettet\ntitle         Case opened\n"));
    CHECK(shown.out.find("\nsag  ") != std::string::npos);
    CHECK(shown.out.find("\n  egenskaber  ") != std::string::npos);
    CHECK(shown.out.find("\n    sagsnummer  ") != std::string::npos);
    CHECK(shown.out.find("required; at most 50 characters") != std::string::npos);
    CHECK(shown.out.find("FREMDRIFT_STATUS_AFSLUTTET") != std::string::npos);
    CHECK(run({"type", "show", "72B7B3B3-4938-43F3-83BF-E3ACA929E9B2", "--lang", "en"}).out ==
          shown.out);
    const auto json = nlohmann::json::parse(run({"type", "show", "SagOprettet", "--json"}).out);
    CHECK(json["type"]["fields"][0]["jsonName"] == "sag");
    CHECK(json["parts"].size() > 5);
}

TEST_CASE("cli: an unknown type is told with the nearest names", "[cli]") {
    for (const char* verb : {"show", "example"}) {
        const Ran ran = run({"type", verb, "SagOpretet"});
        CHECK(ran.exit_code == cli::exit_failed);
        CHECK(ran.out.empty());
        CHECK(ran.err.starts_with("vera: no type 'SagOpretet'; nearest: vera.sag.v1.SagOprettet"));
    }
}

TEST_CASE("cli: type example makes a kuvert, or its payload, in both forms", "[cli]") {
    const auto kuvert = nlohmann::json::parse(run({"type", "example", "SagOprettet"}).out);
    CHECK(kuvert["BeskedVersion"] == "1.0");
    CHECK(kuvert["Beskeddata"][0]["@type"] == "type.googleapis.com/vera.sag.v1.SagOprettet");
    const auto payload =
        nlohmann::json::parse(run({"type", "example", "SagOprettet", "--payload"}).out);
    CHECK(payload.contains("sag"));
    CHECK_FALSE(payload.contains("@type"));
    const std::string bytes = run({"type", "example", "SagOprettet", "--format", "protobuf"}).out;
    CHECK(bytes.size() > 300);
    CHECK(bytes[0] == '\x0a');  // field 1, a message

    CHECK(run({"type", "example", "Sag"}).err.find("no payload of an event") != std::string::npos);
    CHECK(run({"type", "example", "Sag", "--payload"}).exit_code == cli::exit_ok);
    const Ran to_terminal =
        run({"type", "example", "SagOprettet", "--format", "protobuf"}, {}, true);
    CHECK(to_terminal.exit_code == cli::exit_failed);
    CHECK(to_terminal.out.empty());
}

TEST_CASE("cli: type docs writes both pages into a folder and overwrites what it made", "[cli]") {
    const Folder folder;
    const std::string target = folder / "udbud";
    for (int round = 0; round < 2; ++round) {
        const Ran ran = run({"type", "docs", "-o", target, "--only", "SagOprettet"});
        CHECK(ran.err.find("wrote " + target + "/typer.html") != std::string::npos);
        CHECK(ran.err.find("1 type of events") != std::string::npos);
        CHECK(ran.exit_code == cli::exit_ok);
    }
    CHECK(contents(target + "/typer.html").starts_with("<!DOCTYPE html>"));
    CHECK(contents(target + "/snitflade.md").starts_with("# VeRA: Snitfladespecifikation"));
    CHECK(std::distance(fs::directory_iterator(target), fs::directory_iterator{}) == 2);
}

TEST_CASE("cli: type docs does not write where others have written, unless told so", "[cli]") {
    const Folder folder;
    const std::string page = folder / "side.html";
    write(page, "something of mine");
    const Ran refused = run({"type", "docs", "-o", page, "--only", "SagOprettet"});
    CHECK(refused.exit_code == cli::exit_failed);
    CHECK(refused.err.find("'" + page + "' was not made by this verb") != std::string::npos);
    CHECK(contents(page) == "something of mine");

    const Ran taken = run({"type", "docs", "-o", folder.path.string(), "--only", "SagOprettet"});
    CHECK(taken.exit_code == cli::exit_failed);
    CHECK(taken.err.find("is not empty") != std::string::npos);

    CHECK(run({"type", "docs", "-o", page, "--only", "SagOprettet", "--force"}).exit_code ==
          cli::exit_ok);
    CHECK(contents(page).starts_with("<!DOCTYPE html>"));
}

TEST_CASE("cli: type docs tells the path that cannot be written", "[cli]") {
    const Folder folder;
    write(folder / "file", "x");
    const std::string below = folder / "file/side.html";
    const Ran ran = run({"type", "docs", "-o", below, "--only", "SagOprettet", "--force"});
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err.starts_with("vera: cannot write '" + below + "': "));
}

TEST_CASE("cli: type docs and asyncapi tell what is wrong with a configuration", "[cli]") {
    const Folder folder;
    const std::string config = folder / "vera.yaml";
    write(config, "node: a\nsubscriptions:\n  - name: s\n    types: [vera.sag.v1.Sgaoprettet]\n");
    for (const char* verb : {"docs", "asyncapi"}) {
        const Ran ran = run({"type", verb, "-o", "-", "-c", config});
        CHECK(ran.exit_code == cli::exit_failed);
        CHECK(ran.out.empty());
        CHECK(ran.err.find(config + ":4: subscriptions[0].types") != std::string::npos);
    }
    CHECK(run({"type", "docs", "-o", "-", "-c", folder / "missing.yaml"}).exit_code ==
          cli::exit_failed);
}

TEST_CASE(
    "cli: with a configuration, a type is received by the subscriptions that the bus would choose",
    "[cli]") {
    const Folder folder;
    const std::string config = folder / "vera.yaml";
    write(config,
          "listen: [{address: 127.0.0.1, port: 5672, anonymous: true}]\n"
          "authorities: [{cvr: \"29189382\", name: Hjørring Kommune}]\n"
          "subscriptions:\n"
          "  - {name: alle-sager, types: [vera.sag.v1.*]}\n"
          "  - {name: oprettet, types: [vera.sag.v1.SagOprettet], authorities: [\"29189382\"]}\n"
          "  - {name: personer, types: [vera.person.v1.*]}\n"
          "  - {name: alt}\n");
    const Ran docs = run(
        {"type", "docs", "-o", "-", "--format", "markdown", "--only", "SagOprettet", "-c", config});
    REQUIRE(docs.exit_code == cli::exit_ok);
    CHECK(docs.out.find("| Modtages af | `alle-sager`, `oprettet` (kun fra Hjørring Kommune "
                        "(29189382)), `alt` |") != std::string::npos);
    const auto api = nlohmann::json::parse(run({"type", "asyncapi", "-c", config}).out);
    CHECK(api["channels"]["sub.oprettet"]["messages"].size() == 2);
    CHECK(api["channels"].contains("sub.alt"));
    CHECK_FALSE(
        api["channels"]["sub.personer"]["messages"].contains("vera.sag.v1.SagOprettet.json"));
    CHECK(api["servers"]["bus"]["host"] == "127.0.0.1:5672");
}
