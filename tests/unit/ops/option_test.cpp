#include "bus/ops/daemon.hpp"
#include "bus/ops/effective.hpp"
#include "bus/ops/option_page.hpp"
#include "bus/ops/option_table.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

using namespace vera;
using namespace vera::ops;
using test::ConfigFolder;

namespace {

LoadedConfig load(const ConfigFolder& folder, const std::string& text) {
    LoadedConfig loaded = load_config(folder.write("vera.yaml", text), {false, true});
    for (const Problem& problem : loaded.problems)
        UNSCOPED_INFO(to_text(problem));
    return loaded;
}

std::map<std::string, EffectiveOption> by_key(const LoadedConfig& loaded) {
    std::map<std::string, EffectiveOption> all;
    for (EffectiveOption& one : effective(loaded.config, loaded.sources))
        all.emplace(one.key, one);
    return all;
}

std::string file_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

const std::string open_listener = "listen: [{anonymous: true}]\n";

}  // namespace

TEST_CASE("option: the reference page in the tree is the code's", "[ops]") {
    const std::string page = file_of(VERA_OPTIONS_PAGE);
    INFO("make it anew: vera config reference > bus/ops/OPTIONS.md");
    CHECK(page == reference_page());
}

TEST_CASE("option: every option says what it means and since when", "[ops]") {
    std::set<std::string> keys;
    for (const nlohmann::json& option : reference_json()) {
        CAPTURE(option.dump());
        CHECK(keys.insert(option["key"].get<std::string>()).second);
        CHECK(!option["meaning"].get<std::string>().empty());
        CHECK(!option["since"].get<std::string>().empty());
        CHECK(!option["type"].get<std::string>().empty());
    }
    for (const char* key :
         {"node", "listen[].port", "subscriptions[].retry.backoff", "store.retention"})
        CHECK(keys.contains(key));
}

TEST_CASE("option: both examples are configurations without an error", "[ops]") {
    const bool has_all = GENERATE(false, true);
    const ConfigFolder folder;
    const LoadedConfig loaded = load(folder, example_config(has_all));
    CHECK(loaded.is_good());
    CHECK(loaded.config.systems.size() == 1);
}

TEST_CASE("option: the full example names every option", "[ops]") {
    const ConfigFolder folder;
    // What needs files stands there as a comment; here are the files.
    const test::TestAuthority authority("Test CA");
    const amqp::TlsPair pair = authority.issue({});
    folder.write("tls/bus.pem", pair.certificate);
    folder.write("tls/client-ca.pem", authority.pem());
    std::filesystem::permissions(folder.write("tls/bus.key", pair.key),
                                 std::filesystem::perms::owner_read);
    folder.write("skemaer/plan.proto", "syntax = \"proto3\";\npackage plan.v1;\nmessage A {}\n");
    std::filesystem::permissions(folder.write("persons.csv", "cpr,uuid\n"),
                                 std::filesystem::perms::owner_read);
    folder.write("mappings/elev.yaml",
                 "mapping: elev-v1\nfrom: vera.sag.v1.SagOprettet\n"
                 "to: vera.sag.v1.SagOprettet\ncopy: all\n");
    std::istringstream lines(example_config(true));
    std::string text;
    bool is_aside = false;
    for (std::string line; std::getline(lines, line);) {
        for (const char* option : {"# schemas: ", "# persons: ", "# transformations: "})
            if (line.starts_with(option)) line.erase(0, 2);
        is_aside = line.starts_with("    # ") && (is_aside || line == "    # tls:");
        if (line.starts_with("    # transform: ")) line.erase(4, 2);
        text += (is_aside ? "    " + line.substr(6) : line) + '\n';
    }
    const LoadedConfig loaded = load(folder, text);
    INFO(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    CHECK(loaded.config.listen[0].tls.context != nullptr);
    std::set<std::string> missing;
    for (const auto& [key, option] : by_key(loaded))
        if (!option.source && key != "subscriptions_folder") missing.insert(key);
    CHECK(missing == std::set<std::string>{});
}

TEST_CASE("option: a value tells where it was set, a default that it is one", "[ops]") {
    const ConfigFolder folder;
    folder.write("subs/a.yaml", "name: a\n\nretry:\n  attempts: 3\n");
    const LoadedConfig loaded =
        load(folder,
             open_listener +
                 "door:\n  links: 7\nsubscriptions: [{name: b}]\nsubscriptions_folder: subs\n");
    REQUIRE(loaded.is_good());
    const auto all = by_key(loaded);
    CHECK(all.at("door.links").value == 7);
    CHECK(all.at("door.links").source->line == 3);
    CHECK(all.at("door.links").needs_restart);
    CHECK(all.at("limits.event").value == "1MiB");
    CHECK_FALSE(all.at("limits.event").source.has_value());
    CHECK(all.at("listen[0].port").value == 5672);
    CHECK(all.at("subscriptions[b].name").source->line == 4);
    const EffectiveOption& attempts = all.at("subscriptions[a].retry.attempts");
    CHECK(attempts.value == 3);
    CHECK(attempts.source->line == 4);
    CHECK(attempts.source->file.ends_with("subs/a.yaml"));
    CHECK(all.at("subscriptions[a].retry.backoff").value ==
          nlohmann::json{"1s", "5s", "30s", "5m"});
    CHECK(all.at("subscriptions[a].id").value.is_null());
}

TEST_CASE("option: secrets are masked, and two different ones differ", "[ops]") {
    const auto config = [](const std::string& secret) {
        Config made;
        made.systems.push_back({"a", "29189382", {secret}});
        return made;
    };
    const auto one = effective(config("scrypt$15$8$1$abc"));
    const auto other = effective(config("scrypt$15$8$1$abd"));
    for (const EffectiveOption& option : one)
        CHECK(option.value.dump().find("scrypt") == std::string::npos);
    CHECK(differences(one, one).empty());
    const auto found = differences(one, other);
    REQUIRE(found.size() == 1);
    CHECK(found[0].key == "systems[a].secrets");
}

TEST_CASE("option: a difference is found by name, wherever an item stands", "[ops]") {
    const ConfigFolder folder;
    const auto before = effective(
        load(folder, open_listener + "queues: [{name: a}, {name: b, presettled: true}]\n").config);
    const auto after = effective(
        load(folder, open_listener + "door: {links: 9}\nqueues: [{name: c}, {name: b}]\n").config);
    std::map<std::string, OptionDifference> found;
    for (const OptionDifference& one : differences(before, after))
        found.emplace(one.key, one);
    CHECK(found.at("door.links").before == 256);
    CHECK(found.at("door.links").after == 9);
    CHECK(found.at("door.links").needs_restart);
    CHECK(found.at("queues[b].presettled").after == false);
    CHECK_FALSE(found.at("queues[b].presettled").needs_restart);
    CHECK(found.at("queues[a].name").after.is_null());
    CHECK(found.at("queues[c].name").before.is_null());
    CHECK_FALSE(found.contains("queues[b].name"));
}

TEST_CASE("option: a reload keeps what needs a restart, and only that", "[ops]") {
    const ConfigFolder folder;
    const Config current = load(folder, open_listener).config;
    Config next =
        load(folder,
             "node: other\nlisten: [{port: 7, anonymous: true}]\ndoor: {links: 9, sessions: 3}\n"
             "limits: {event: 2MiB}\nstore: {retention: 7d, segment: 1MiB}\n")
            .config;
    CHECK(
        keep_fixed(next, current) ==
        std::vector<std::string>{"node", "listen", "store.segment", "door.sessions", "door.links"});
    CHECK(next.node == "vera");
    CHECK(next.listen == current.listen);
    CHECK(next.door == current.door);
    CHECK(next.store == current.store);
    CHECK(next.limits.max_event_bytes == 2U << 20U);
    CHECK(next.limits.retention == std::chrono::hours{24 * 7});
}
