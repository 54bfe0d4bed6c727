#include "bus/ops/config.hpp"

#include "bus/ops/generation.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <filesystem>
#include <string>

using namespace vera;
using namespace vera::ops;
using namespace std::chrono_literals;

namespace {

/// Made once for all tests here.
std::shared_ptr<const event::Catalogue> built_in() {
    static const auto catalogue = event::Catalogue::built_in();
    return catalogue;
}

const std::string secret =
    "scrypt$15$8$1$AQIDBAUGBwgJCgsMDQ4PEA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const std::string open_listener = "listen: [{anonymous: true}]\n";

LoadedConfig load(const std::string& text, bool beyond_loopback = false) {
    const test::ConfigFolder folder;
    return load_config(folder.write("vera.yaml", text), {beyond_loopback, false, built_in()});
}

/// "line: key: reason" of all problems, one per line.
std::string problems_of(const std::string& text, bool beyond_loopback = false) {
    std::string all;
    for (const Problem& problem : load(text, beyond_loopback).problems)
        all += std::to_string(problem.line) + ": " + problem.key + ": " + problem.reason + "\n";
    return all;
}

}  // namespace

TEST_CASE("config: what is left out has its default", "[ops]") {
    const LoadedConfig loaded = load(open_listener);
    REQUIRE(loaded.is_good());
    const Config& config = loaded.config;
    CHECK(config.node == "vera");
    REQUIRE(config.listen.size() == 1);
    CHECK(config.listen[0].address == "127.0.0.1");
    CHECK(config.listen[0].port == 5672);
    CHECK(config.limits.max_event_bytes == 1U << 20U);
    CHECK(config.limits.retention == 24h * 30);
    CHECK(config.limits.sensitive_retention == 24h * 7);
    CHECK(config.door == DoorConfig{});
    CHECK(config.hot_bytes == 16U << 20U);
    CHECK(config.digest.size() == 64);
    CHECK(std::filesystem::path(config.store.path).is_absolute());
    CHECK(std::filesystem::path(config.store.path).filename() == "data");
}

TEST_CASE("config: every option is read", "[ops]") {
    const std::string text = R"(node: vendsyssel-demo
listen:
  - {address: 127.0.0.1, port: 0, anonymous: true, plain: false}
  - {address: "::1", port: 5673}
store: {path: /var/lib/vera, segment: 16MiB, retention: 7d, retention_sensitive: 3d}
limits: {event: 512KiB, message: 32MiB, dedup_window: 1h, dedup_ids: 1000}
door: {io_threads: 4, idle_timeout: 30s, handshake_timeout: 500ms, write_stall_timeout: 10s, publisher_credit: 50,
       in_flight: 64MiB, max_connections: 10, max_frame: 4KiB, sessions: 3, links: 7,
       reply_messages: 20, reply_bytes: 1MiB}
memory: {hot: 0B}
authorities:
  - {cvr: "29189382", name: Hjørring Kommune, code: "860"}
systems:
  - {name: sbsys-hjørring, authority: "29189382", secrets: [")" +
                             secret + R"("]}
subscriptions:
  - id: 96514E13-afdd-44d6-95a8-adc2ca19b127
    name: omsorg-hjørring
    types: [vera.person.v1.PersonFlyttet, "vera.sag.v1.*"]
    authorities: ["29189382"]
    objects: [2B2C8E9A-0000-4000-8000-000000000001, "urn:x"]
    filter: >-
      kle LIKE '27.%'
      AND foelsomhed <= 2
    retry: {backoff: [1s, 2m], attempts: 3}
    presettled: true
queues:
  - {name: lager, presettled: true, retry: {attempts: 1}}
)";
    const LoadedConfig loaded = load(text);
    for (const Problem& problem : loaded.problems)
        UNSCOPED_INFO(to_text(problem));
    REQUIRE(loaded.is_good());
    const Config& config = loaded.config;
    CHECK(config.node == "vendsyssel-demo");
    REQUIRE(config.listen.size() == 2);
    CHECK_FALSE(config.listen[0].allows_plain);
    CHECK(config.listen[1].address == "::1");
    CHECK(config.store == StoreConfig{"/var/lib/vera", 16U << 20U});
    CHECK(config.limits.max_message_bytes == 32U << 20U);
    CHECK(config.limits.dedup_window == 1h);
    CHECK(config.limits.dedup_ids == 1000);
    CHECK(config.limits.retention == 24h * 7);
    CHECK(config.limits.sensitive_retention == 24h * 3);
    CHECK(config.door ==
          DoorConfig{4, 30s, 500ms, 10s, 50, 64U << 20U, 10, 4096, 3, 7, 20, 1U << 20U});
    CHECK(config.hot_bytes == 0);
    REQUIRE(config.systems.size() == 1);
    CHECK(config.systems[0].name == "sbsys-hjørring");
    CHECK(config.authorities.at(0).code == "860");
    const SubscriptionConfig& subscription = config.subscriptions.at(0);
    CHECK(to_text(subscription.id.value()) == "96514e13-afdd-44d6-95a8-adc2ca19b127");
    CHECK(subscription.filter.types.size() == 2);
    CHECK(subscription.filter.objects ==
          std::vector<std::string>{"2b2c8e9a-0000-4000-8000-000000000001", "urn:x"});
    CHECK(subscription.filter_text == "kle LIKE '27.%' AND foelsomhed <= 2");
    REQUIRE(subscription.filter.expression);
    CHECK(subscription.filter.expression->program.expression() == subscription.filter_text);
    CHECK(loaded.warnings.empty());
    CHECK(subscription.retry.backoff == std::vector<Millis>{1s, 2min});
    CHECK(subscription.retry.max_attempts == 3);
    CHECK(subscription.allows_presettled);
    CHECK(config.queues.at(0).retry.max_attempts == 1);
}

TEST_CASE("config: an error names line, key and reason", "[ops]") {
    struct Row {
        std::string name, text, want;
    };
    const auto row = GENERATE(values<Row>({
        {"unknown key", "nodes: a\n", "1: nodes: unknown key; did you mean `node`?"},
        {"unknown key inside",
         "door:\n  io_threads: 2\n  idle_timout: 3s\n",
         "3: door.idle_timout: unknown key; did you mean `idle_timeout`?"},
        {"unknown and far", "certificates: a\n", "1: certificates: unknown key\n"},
        {"key twice", "node: a\nnode: b\n", "2: node: given twice, first in line 1"},
        {"no unit", "door: {idle_timeout: 30}\n", "1: door.idle_timeout: not a duration"},
        {"size without unit", "memory: {hot: 16}\n", "1: memory.hot: not a size"},
        {"size in MB", "memory: {hot: 16MB}\n", "1: memory.hot: not a size"},
        {"size overflows", "memory: {hot: 99999999999999GiB}\n", "1: memory.hot: not a size"},
        {"below the range",
         "door: {io_threads: 0}\n",
         "1: door.io_threads: expected a whole number from 1 to 64"},
        {"above the range",
         "door: {handshake_timeout: 2h}\n",
         "1: door.handshake_timeout: expected a duration from 100ms to 1m"},
        {"negative", "door: {links: -1}\n", "1: door.links: expected a whole number"},
        {"port",
         "listen: [{port: 65536}]\n",
         "1: listen[0].port: expected a whole number from 0 to 65535"},
        {"not a boolean",
         "listen: [{anonymous: yes}]\n",
         "1: listen[0].anonymous: expected true or false"},
        {"empty value",
         "subscriptions:\n  - name: a\n    types:\n",
         "3: subscriptions[0].types: has no value"},
        {"no types",
         "subscriptions:\n  - name: a\n    types: []\n",
         "3: subscriptions[0].types: an empty list would mean everything; leave the key out for "
         "that"},
        {"no authorities",
         "subscriptions: [{name: a, authorities: []}]\n",
         "1: subscriptions[0].authorities: an empty list would mean everything"},
        {"no objects",
         "subscriptions: [{name: a, objects: []}]\n",
         "1: subscriptions[0].objects: an empty list would mean everything"},
        {"list for a value", "node: [a]\n", "1: node: expected a single value, found a list"},
        {"value for a list", "listen: a\n", "1: listen: expected a list, found a single value"},
        {"value for a map",
         "door: 5\n",
         "1: door: expected a map of keys and values, found a single value"},
        {"no listener", "listen: []\n", "1: listen: is empty"},
        {"not an address",
         "listen: [{address: localhost}]\n",
         "1: listen[0].address: not an IP address"},
        {"listener twice",
         "listen:\n- {port: 1}\n- {port: 1}\n",
         "3: listen[1].port: this address and port are taken by"},
        {"neither",
         "listen: [{plain: false}]\n",
         "1: listen[0].plain: neither plain nor anonymous"},
        {"node name", "node: Æble\n", "1: node: not a name"},
        {"unknown type",
         "subscriptions: [{name: a, types: [vera.sag.v1.SagOpretet]}]\n",
         "1: subscriptions[0].types: [0] `vera.sag.v1.SagOpretet` is not in the catalogue; did you "
         "mean `vera.sag.v1.SagOprettet`?"},
        {"empty package",
         "subscriptions: [{name: a, types: [vera.*]}]\n",
         "`vera.*` covers no type of the catalogue"},
        {"cvr",
         "subscriptions: [{name: a, authorities: [2918938]}]\n",
         "1: subscriptions[0].authorities: [0] is not a CVR number"},
        {"name missing",
         "subscriptions: [{types: []}]\n",
         "1: subscriptions[0].name: a name is required"},
        {"same name",
         "subscriptions:\n- name: læsø\n- name: laesoe\n",
         "3: subscriptions[1].name: the same subscription as "},
        {"same id",
         "queues: []\nsubscriptions:\n- {name: a, id: 96514e13-afdd-44d6-95a8-adc2ca19b127}\n"
         "- {name: b, id: 96514E13-AFDD-44d6-95a8-adc2ca19b127}\n",
         "4: subscriptions[1].id: already the id of "},
        {"not a uuid", "subscriptions: [{name: a, id: 1}]\n", "1: subscriptions[0].id: not a UUID"},
        {"no backoff",
         "subscriptions: [{name: a, retry: {backoff: []}}]\n",
         "1: subscriptions[0].retry.backoff: expected 1 to 64"},
        {"backoff unit",
         "queues: [{name: a, retry: {backoff: [1s, 5]}}]\n",
         "1: queues[0].retry.backoff: [1] is not a duration"},
        {"plain text secret",
         "systems: [{name: a, authority: \"29189382\", secrets: [hemmeligt]}]\n",
         "1: systems[0].secrets: [0] is no hashed secret"},
        {"unknown authority",
         "systems: [{name: a, authority: \"29189382\", secrets: []}]\n",
         "1: systems[0].authority: this CVR number is not among `authorities`"},
        {"no secret",
         "systems: [{name: a}]\n",
         "1: systems[0].secrets: at least one hashed secret"},
        {"anonymous as a name",
         "systems: [{name: anonymous}]\n",
         "1: systems[0].name: is what clients without a name are called"},
        {"authority twice",
         "authorities:\n- {cvr: \"29189382\", name: a}\n- {cvr: \"29189382\", name: b}\n",
         "3: authorities[1].cvr: already given by"},
        {"municipality code",
         "authorities: [{cvr: \"29189382\", name: a, code: Hjørring}]\n",
         "1: authorities[0].code: not a municipality code"},
        {"in_flight too small",
         "door: {in_flight: 1MiB}\n",
         "1: door: in_flight is less than the largest message"},
        {"folder missing",
         "subscriptions_folder: nowhere\n",
         "1: subscriptions_folder: cannot be listed"},
        {"nobody could connect",
         "node: a\n",
         "1: systems: is empty and no listener allows anonymous clients"},
        {"not YAML", "node: [a\n", "not YAML"},
        {"two documents", "node: a\n---\nnode: b\n", "a second document"},
        {"not a map at all", "- a\n", "1: : expected a map of keys and values, found a list"},
        {"empty file", "", "0: : expected a map of keys and values, found nothing"},
    }));
    CAPTURE(row.name);
    const std::string found = problems_of(row.text);
    CAPTURE(found);
    CHECK(found.find(row.want) != std::string::npos);
}

TEST_CASE("config: a filter that cannot be compiled is told by line and offset", "[ops]") {
    const auto with = [](const std::string& filter, const std::string& more = {}) {
        return open_listener + "subscriptions:\n  - name: a\n    filter: \"" + filter + "\"\n" +
               more;
    };
    CHECK(problems_of(with("kl LIKE '27.%'")) ==
          "4: subscriptions[0].filter: offset 0: events have no attribute kl; did you mean "
          "`kle`?\n");
    CHECK(problems_of(
              with("data.flyttedato = '2026-11-15'", "    types: [vera.sag.v1.SagOprettet]\n")) ==
          "4: subscriptions[0].filter: offset 5: vera.sag.v1.SagOprettet has no field "
          "flyttedato\n");
    CHECK(problems_of(with("kle =")) ==
          "4: subscriptions[0].filter: offset 5: expected a value, but the expression ends here\n");
    CHECK(problems_of(with("")) ==
          "4: subscriptions[0].filter: is empty; leave it out for every event\n");
    CHECK(problems_of(with("kle IN LIST('nord')")) ==
          "4: subscriptions[0].filter: offset 4: there is no value list nord\n");
}

TEST_CASE("config: a filter that nothing passes is a warning", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("subs/a.yaml", "name: a\nfilter: kle = '27' AND kle = '28'\n");
    const LoadedConfig loaded =
        load_config(folder.write("vera.yaml", open_listener + "subscriptions_folder: subs\n"),
                    {false, false, built_in()});
    CHECK(loaded.is_good());
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(to_text(loaded.warnings[0]) ==
          folder.path() +
              "/subs/a.yaml:2: filter: offset 15: kle cannot be two texts at once: always false");
}

TEST_CASE("config: all errors are found, not only the first", "[ops]") {
    const std::string found = problems_of(
        "nodes: a\ndoor: {io_threads: 99}\nqueues: [{name: A}]\nsubscriptions: [{name: b, types: "
        "[x]}]\n");
    for (const char* key :
         {"1: nodes", "2: door.io_threads", "3: queues[0].name", "4: subscriptions[0].types"})
        CHECK(found.find(key) != std::string::npos);
}

TEST_CASE("config: errors come in the order of the lines", "[ops]") {
    int last = 0;
    for (const Problem& problem :
         load("foo: 1\nlisten: []\nbar: 2\nnode: Æ\nlisten: []\n").problems) {
        CHECK(problem.line >= last);
        last = problem.line;
    }
    CHECK(last == 5);
}

TEST_CASE("config: an error never shows a secret", "[ops]") {
    const std::string found = problems_of(
        "systems: [{name: a, secrets: [hemmeligt], secret: hemmeligt}]\nnode: [hemmeligt]\n");
    CHECK_FALSE(found.empty());
    CHECK(found.find("hemmeligt") == std::string::npos);
}

TEST_CASE("config: parts that contradict each other are named", "[ops]") {
    Config config = load(open_listener).config;
    CHECK(contradictions(config).empty());
    config.limits.max_message_bytes = config.door.in_flight_bytes + 1;
    config.listen[0].allows_anonymous = false;
    const auto found = contradictions(config);
    REQUIRE(found.size() == 2);
    CHECK(found[0].first == "door");
    CHECK(found[1].first == "systems");
}

TEST_CASE("config: beyond loopback only with --pilot, and never anonymous", "[ops]") {
    const std::string text =
        "listen: [{address: 0.0.0.0}]\nauthorities: [{cvr: \"29189382\", name: a}]\n"
        "systems: [{name: a, authority: \"29189382\", secrets: [\"" +
        secret + "\"]}]\n";
    CHECK(problems_of(text).find("until a configuration has agreements") != std::string::npos);
    CHECK(problems_of(text, true) ==
          "1: listen[0].tls: is required beyond loopback: anybody on the way could read secrets "
          "and events\n");
    CHECK(problems_of("listen: [{address: 10.0.0.1, anonymous: true}]\n", true)
              .find("only on a loopback address") != std::string::npos);
    CHECK(problems_of("listen: [{address: 127.1.2.3, anonymous: true}]\n").empty());
    CHECK(
        problems_of("listen: [{address: \"::\"}]\n").find("until a configuration has agreements") !=
        std::string::npos);
}

TEST_CASE("config: a folder gives one subscription per file, in the order of the names", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("subs/b.yaml", "name: b\ntypes: [vera.sag.v1.SagOprettet]\n");
    folder.write("subs/a.yaml", "name: a\n");
    folder.write("subs/.hidden.yaml", "name: hidden\n");
    folder.write("subs/README.md", "about them\n");
    const std::string file =
        folder.write("vera.yaml", open_listener + "subscriptions_folder: subs\n");
    const LoadedConfig loaded = load_config(file, {false, false, built_in()});
    REQUIRE(loaded.is_good());
    REQUIRE(loaded.config.subscriptions.size() == 2);
    CHECK(loaded.config.subscriptions[0].name == "a");
    CHECK(loaded.config.subscriptions[1].name == "b");

    folder.write("subs/c.yaml", "nam: c\n");
    folder.write("subs/d.yml", "name: d\n");
    folder.write("subs/e.yaml", "name: a\n");
    const LoadedConfig broken = load_config(file, {false, false, built_in()});
    std::string found;
    for (const Problem& problem : broken.problems)
        found += to_text(problem) + "\n";
    CAPTURE(found);
    CHECK(found.find("subs/c.yaml:1: nam: unknown key; did you mean `name`?") != std::string::npos);
    CHECK(found.find("subs/d.yml: ends in .yml") != std::string::npos);
    CHECK(found.find("subs/e.yaml:1: name: the same subscription as " + folder.path() +
                     "/subs/a.yaml:1") != std::string::npos);
}

TEST_CASE("config: the digest follows the bytes of every file", "[ops]") {
    const test::ConfigFolder folder;
    folder.write("subs/a.yaml", "name: a\n");
    const std::string file =
        folder.write("vera.yaml", open_listener + "subscriptions_folder: subs\n");
    const std::string first = load_config(file, {false, false, built_in()}).config.digest;
    CHECK(load_config(file, {false, false, built_in()}).config.digest == first);
    folder.write("subs/a.yaml", "name: a # changed\n");
    CHECK(load_config(file, {false, false, built_in()}).config.digest != first);
}

TEST_CASE("config: a file that is not there is one problem", "[ops]") {
    const LoadedConfig loaded = load_config("nowhere/vera.yaml", {false, false, built_in()});
    REQUIRE(loaded.problems.size() == 1);
    CHECK(to_text(loaded.problems[0]).rfind("nowhere/vera.yaml: cannot be read", 0) == 0);
}

TEST_CASE("config: aliases that would multiply without end are refused", "[ops]") {
    std::string text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    char last = 'a';
    for (char name = 'b'; name <= 'i'; ++name) {
        text += std::string(1, name) + ": &" + name + " [";
        for (int i = 0; i < 10; ++i)
            text += std::string(i == 0 ? "" : ",") + "*" + last;
        text += "]\n";
        last = name;
    }
    CHECK(problems_of(text).find("more than 5000000 values") != std::string::npos);
}

TEST_CASE("config: who has protected addresses is a system's right and a subscription's wish",
          "[ops]") {
    const std::string systems = open_listener +
                                "authorities: [{cvr: \"29189382\", name: Hjørring}]\n"
                                "systems:\n"
                                "- {name: omsorg, authority: \"29189382\", secrets: [" +
                                "\"" + secret + "\"]";
    const std::string wish =
        "}\nsubscriptions:\n- {name: a, protected_addresses: true}\n- {name: b}\n";
    const LoadedConfig loaded = load(systems + ", protected_addresses: true" + wish);
    CAPTURE(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    const auto snapshot = make_snapshot(loaded.config, {}, Generation{1}, {});
    CHECK(snapshot->systems_with_protected_addresses == std::vector<std::string>{"omsorg"});
    CHECK(snapshot->queues_with_protected_addresses ==
          std::vector<QueueId>{snapshot->find("sub/a")->id});
    CHECK(problems_of(systems + wish).find("systems: a subscription has protected_addresses") !=
          std::string::npos);
}

TEST_CASE("config: limits, ttl and deliver_at of subscriptions and queues", "[ops]") {
    const LoadedConfig loaded = load(open_listener +
                                     "limits: {schedule: 30d}\n"
                                     "subscriptions:\n"
                                     "- {name: a, ttl: 2d, deliver_at: virkning,\n"
                                     "   limits: {count: 5, bytes: 1MiB, age: 1h, overflow: "
                                     "drop_oldest}}\n"
                                     "queues:\n"
                                     "- {name: b, ttl: 5s, limits: {count: 7, overflow: refuse}}\n"
                                     "- {name: c}\n");
    REQUIRE(loaded.is_good());
    CHECK(loaded.config.limits.longest_schedule == Millis{30LL * 86'400'000});
    const auto snapshot = make_snapshot(loaded.config, {}, Generation{1}, {});
    const flow::QueueSpec* a = snapshot->find("sub/a");
    REQUIRE(a != nullptr);
    CHECK(a->ttl == Millis{2LL * 86'400'000});
    CHECK(a->deliver_at == flow::DeliverAt::virkning);
    CHECK(a->limits ==
          flow::QueueLimits{5, 1U << 20U, Millis{3'600'000}, flow::Overflow::drop_oldest});
    CHECK(snapshot->at_virkning == std::vector<QueueId>{a->id});
    const flow::QueueSpec* b = snapshot->find("queue/b");
    REQUIRE(b != nullptr);
    CHECK(b->ttl == Millis{5000});
    CHECK(b->limits == flow::QueueLimits{7, 0, Millis{0}, flow::Overflow::refuse});
    CHECK(snapshot->find("queue/c")->limits.is_none());
    CHECK(snapshot->find("queue/c")->ttl == Millis{0});
}
