// Schemas, names and persons of a configuration, from files to the catalogue.
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/schema_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <filesystem>
#include <string>

using namespace vera;
using namespace vera::ops;

namespace {

const std::string plan =
    "syntax = \"proto3\";\npackage plan.v1;\nmessage Plan {\n  string a = 1;\n}\n";
const std::string head = "listen: [{anonymous: true}]\nschemas: [skemaer]\n";

/// Problems, with the test's folder cut off.
std::string problems_of(const test::ConfigFolder& folder, const std::string& text) {
    std::string all;
    for (const Problem& problem : load_config(folder.write("vera.yaml", text), {}).problems) {
        Problem shown = problem;
        if (shown.file.starts_with(folder.path()))
            shown.file = shown.file.substr(folder.path().size() + 1);
        all += to_text(shown) + "\n";
    }
    return all;
}

}  // namespace

TEST_CASE("schemas of a configuration: a folder's types are known, and may be subscribed to",
          "[ops]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/plan/v1/plan.proto", plan);
    folder.write("skemaer/README", "not read");
    folder.write("skemaer/.hidden/x.proto", "not read");
    const std::string file = folder.write(
        "vera.yaml", head + "subscriptions: [{name: a, types: [plan.v1.Plan, vera.sag.v1.*]}]\n");
    const LoadedConfig loaded = load_config(file, {});
    INFO(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    CHECK(loaded.config.catalogue->find("plan.v1.Plan") != nullptr);
    CHECK(loaded.config.catalogue->find("vera.sag.v1.SagOprettet") != nullptr);

    // Another content of a schema is another configuration.
    folder.write("skemaer/plan/v1/plan.proto", plan + "message Andet {}\n");
    const LoadedConfig again = load_config(file, {});
    CHECK(again.config.digest != loaded.config.digest);
    CHECK(again.config.catalogue->find("plan.v1.Andet") != nullptr);
}

TEST_CASE("schemas of a configuration: what is wrong is told by file, line and column", "[ops]") {
    const test::ConfigFolder folder;
    CHECK(problems_of(folder, head) == "skemaer: is not there\n");
    std::filesystem::create_directories(folder.path() + "/skemaer");
    CHECK(problems_of(folder, head) ==
          "skemaer: holds no schemas (*.proto, *.binpb, *.pb, *.desc)\n");
    folder.write("skemaer/a.proto", "syntax = \"proto3\";\nmessage A {\n  strng a = 1;\n}\n");
    CHECK(problems_of(folder, head) == "skemaer/a.proto:3: column 3: \"strng\" is not defined.\n");
    // The types that the folder would have brought are not complained about as well.
    CHECK(problems_of(folder, head + "subscriptions: [{name: a, types: [plan.v1.Plan]}]\n") ==
          "skemaer/a.proto:3: column 3: \"strng\" is not defined.\n");
    folder.write("skemaer/a.proto", plan);
    CHECK(
        problems_of(folder, head + "subscriptions: [{name: a, types: [plan.v1.Plam]}]\n") ==
        "vera.yaml:3: subscriptions[0].types: [0] `plan.v1.Plam` is not in the catalogue; did you "
        "mean `plan.v1.Plan`?\n");
}

TEST_CASE("schemas of a configuration: two folders may not contradict each other", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/a.proto", plan);
    folder.write("andre/b.proto", plan);
    const std::string problems =
        problems_of(folder, "listen: [{anonymous: true}]\nschemas: [skemaer, andre]\n");
    CHECK(problems.starts_with("andre/b.proto: plan.v1.Plan is in "));
    CHECK(problems.find("skemaer/a.proto already\n") != std::string::npos);
}

TEST_CASE("schemas of a configuration: one file does for a folder", "[ops]") {
    const test::ConfigFolder folder;
    const std::string file = folder.write("plan.proto", plan);
    const auto read = read_schemas(file, file);
    REQUIRE(read.index() == 0);
    CHECK(std::get<0>(read).place == folder.path());
    CHECK(std::get<0>(read).files.front().name == "plan.proto");
    const auto other = read_schemas(folder.write("plan.txt", ""), "plan.txt");
    REQUIRE(other.index() == 1);
    CHECK(to_text(std::get<1>(other)) ==
          "plan.txt: is neither a folder nor *.proto, *.binpb, *.pb or *.desc");
    CHECK(read_schemas("/dev/null", "/dev/null").index() == 1);
}

TEST_CASE("schemas of a configuration: folders in a ring of links end", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/a.proto", plan);
    std::filesystem::create_directory_symlink(folder.path() + "/skemaer",
                                              folder.path() + "/skemaer/igen");
    // Of the deepest folder the file or the next link comes first.
    CHECK(problems_of(folder, head).find(": lies more than 16 folders deep") != std::string::npos);
}

TEST_CASE("schemas of a configuration: a link to nothing or to itself is told", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("skemaer/a.proto", plan);
    const std::string link = folder.path() + "/skemaer/b.proto";
    std::filesystem::create_symlink("borte.proto", link);
    CHECK(problems_of(folder, head) ==
          "skemaer/b.proto: cannot be read: No such file or directory\n");
    std::filesystem::remove(link);
    std::filesystem::create_symlink("under", folder.path() + "/skemaer/under");
    CHECK(problems_of(folder, head) ==
          "skemaer/under: cannot be read: Too many levels of symbolic links\n");
    std::filesystem::remove_all(folder.path() + "/skemaer");
    std::filesystem::create_symlink("skemaer", folder.path() + "/skemaer");
    CHECK(problems_of(folder, head) ==
          "skemaer: cannot be read: Too many levels of symbolic links\n");
}

TEST_CASE("names of a configuration: a UUID is called what it says, once", "[ops]") {
    const test::ConfigFolder folder;
    const std::string names =
        "listen: [{anonymous: true}]\nnames:\n"
        "  - {uuid: 5F0E6A0C-3C4E-4C86-8D4B-0A5B6D7C8E9F, name: Vort system}\n"
        "  - {uuid: 44f4108b-26d4-46de-a90f-35e35b55b8d8, kind: foelsomhed, "
        "name: Fortroligt, level: 2}\n";
    const LoadedConfig loaded = load_config(folder.write("vera.yaml", names), {});
    INFO(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    const event::UuidNames& known = loaded.config.catalogue->names();
    CHECK(known.find("5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f")->name == "Vort system");
    CHECK(known.level_of("44f4108b-26d4-46de-a90f-35e35b55b8d8") == 2);
    CHECK(known.level_of("31c09910-e011-46a5-86fb-254374421fe8") == 3);
    CHECK(problems_of(folder,
                      names + "  - {uuid: 5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f, name: Igen}\n")
              .find("names[2].uuid: has a name already, at ") != std::string::npos);
    CHECK(problems_of(folder, names + "  - {uuid: x, name: Igen, level: 1}\n") ==
          "vera.yaml:5: names[2].uuid: not a UUID\n"
          "vera.yaml:5: names[2].level: is for `kind: foelsomhed` only\n");
    CHECK(problems_of(folder,
                      "listen: [{anonymous: true}]\nnames: [{uuid: "
                      "5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f, kind: foelsomhed, name: a}]\n") ==
          "vera.yaml:2: names[0].level: is missing: foelsomhed has 1 to 4\n");
}

TEST_CASE("persons of a configuration: the file is private, and never shown", "[ops]") {
    const test::ConfigFolder folder;
    const std::string text =
        "listen: [{anonymous: true}]\npersons: personer.csv\n"
        "subscriptions: [{name: a, objects: [urn:oio:cpr:2512484916]}]\n";
    const std::string persons =
        folder.write("personer.csv", "2512484916,7f11ee19-d49d-4a71-a615-dc020b7ef25e\n");
    std::filesystem::permissions(persons, std::filesystem::perms(0644));
    CHECK(problems_of(folder, text).find("can be read by others (mode 0644)") != std::string::npos);
    std::filesystem::permissions(persons, std::filesystem::perms(0600));
    const LoadedConfig loaded = load_config(folder.write("vera.yaml", text), {});
    INFO(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    CHECK(loaded.config.subscriptions[0].filter.objects.front() ==
          "7f11ee19-d49d-4a71-a615-dc020b7ef25e");
    folder.write("personer.csv", "251248-4916,7f11ee19\n");
    CHECK(problems_of(folder, text) ==
          "vera.yaml:2: persons: the file: line 1: has no CPR number first\n");
}
