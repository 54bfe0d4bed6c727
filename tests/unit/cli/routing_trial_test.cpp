// `vera event explain`, `vera sub test` and `vera sub diff`.
#include "bus/cli/cli.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <nlohmann/json.hpp>
#include <string>

using namespace vera;
using nlohmann::json;
using vera::test::Ran;
using vera::test::run;

namespace {

const std::string listener = "listen: [{anonymous: true}]\n";

/// The example of a type that every municipality has: of Hjørring, KLE 27.
std::string example(const std::string& type) {
    return run({"type", "example", type}).out;
}

std::string configuration(const std::string& kle) {
    return listener +
           "subscriptions:\n"
           "  - {name: alle}\n"
           "  - {name: sager, types: [vera.sag.v1.*]}\n"
           "  - {name: laesoe, authorities: [\"45973328\"]}\n"
           "  - {name: et-barn, objects: [00000000-0000-4000-8000-000000000001]}\n"
           "  - {name: emne, filter: \"kle LIKE '" +
           kle + "%' AND foelsomhed >= 1\"}\n";
}

json explained(const Ran& ran) {
    INFO(ran.err);
    REQUIRE(ran.exit_code == cli::exit_ok);
    return json::parse(ran.out);
}

}  // namespace

TEST_CASE("cli: event explain says who gets it, who not, and what decided", "[cli]") {
    const test::ConfigFolder folder;
    const std::string config = folder.write("vera.yaml", configuration("99"));
    const std::string event = example("vera.barn.v1.UnderretningModtaget");
    const json told = explained(run({"event", "explain", "-", "-c", config, "--json"}, event));
    CHECK(told["accepted"] == true);
    CHECK(told["type"] == "vera.barn.v1.UnderretningModtaget");
    CHECK(told["unrouted"] == false);
    const json& subscriptions = told["subscriptions"];
    REQUIRE(subscriptions.size() == 5);
    CHECK(subscriptions[0] == json{{"subscription", "alle"}, {"delivered", true}});
    CHECK(subscriptions[1]["step"] == "types");
    CHECK(subscriptions[1]["saw"] == "vera.barn.v1.UnderretningModtaget is none of vera.sag.v1.*");
    CHECK(subscriptions[2]["step"] == "authorities");
    CHECK(subscriptions[2]["saw"] == "29189382 is none of 45973328");
    CHECK(subscriptions[3]["step"] == "objects");
    CHECK(subscriptions[4]["step"] == "filter");
    CHECK(subscriptions[4]["saw"] == "kle LIKE '99%' was false (kle = \"27\")");
    CHECK(subscriptions[4]["explain"][0]["decided"] == true);

    const Ran one = run({"event", "explain", "-", "-c", config, "--for", "emne"}, event);
    CHECK(one.exit_code == cli::exit_ok);
    CHECK(one.out.find("emne          no         filter: kle LIKE '99%' was false") !=
          std::string::npos);
    CHECK(one.out.find("  kle LIKE '99%'\n    was false, and decided\n    saw kle = \"27\"\n") !=
          std::string::npos);
    CHECK(one.out.find("alle") == std::string::npos);
}

TEST_CASE("cli: event explain tells a refusal, nobody's event and a wrong question", "[cli]") {
    const test::ConfigFolder folder;
    const std::string config = folder.write("vera.yaml", configuration("99"));
    const std::string event = example("vera.barn.v1.UnderretningModtaget");
    json broken = json::parse(event);
    broken["Beskeddata"][0]["@type"] = "type.googleapis.com/vera.barn.v1.Underretning";
    const json refused =
        explained(run({"event", "explain", "-", "-c", config, "--json"}, broken.dump()));
    CHECK(refused["accepted"] == false);
    CHECK(refused["condition"] == "vera:schema-unknown");

    const std::string nobody = folder.write(
        "nobody.yaml", listener + "subscriptions:\n  - {name: sager, types: [vera.sag.v1.*]}\n");
    const Ran unrouted = run({"event", "explain", "-", "-c", nobody}, event);
    CHECK(unrouted.out.find("No subscription gets it: it goes to $unrouted.") != std::string::npos);

    const Ran unknown = run({"event", "explain", "-", "-c", config, "--for", "sagr"}, event);
    CHECK(unknown.exit_code == cli::exit_failed);
    CHECK(unknown.err == "vera: there is no subscription 'sagr'; did you mean 'sager'?\n");
    CHECK(run({"event", "explain", "-"}, event).err ==
          "vera: whose subscriptions? -c CONFIG or --running\n");
    CHECK(run({"event", "explain", "-", "-c", config}, "").err == "vera: '-' holds no event\n");
}

TEST_CASE("cli: what an explanation saw of a person is masked", "[cli]") {
    const test::ConfigFolder folder;
    json event = json::parse(example("vera.barn.v1.UnderretningModtaget"));
    event["Beskedkuvert"]["Filtreringsdata"]["ObjektRegistrering"][0]["ObjektId"] = {
        {"URNIdentifikator", "urn:oio:cpr-nr:2512484916"}};
    const std::string objects = folder.write(
        "objects.yaml",
        listener +
            "subscriptions:\n  - {name: a, objects: [00000000-0000-4000-8000-000000000001]}\n");
    const Ran masked = run({"event", "explain", "-", "-c", objects}, event.dump());
    CHECK(masked.exit_code == cli::exit_ok);
    CHECK(masked.out.find("2512484916") == std::string::npos);
    CHECK(masked.out.find("urn:oio:cpr-nr:**********") != std::string::npos);
}

TEST_CASE("cli: sub test tries a subscription, and another filter, on a folder of events",
          "[cli]") {
    const test::ConfigFolder folder;
    const std::string config = folder.write("vera.yaml", configuration("27"));
    folder.write("events/1.json", example("vera.barn.v1.UnderretningModtaget"));
    folder.write("events/2.json", "{}");
    const std::string events = folder.path() + "/events";
    const json told =
        explained(run({"sub", "test", "emne", "--events", events, "-c", config, "--json"}));
    CHECK(told["delivered"] == 1);
    CHECK(told["not_delivered"] == 0);
    CHECK(told["refused"] == 1);
    CHECK(told["events"][0]["answer"] == "yes");
    CHECK(told["events"][1]["why"] == "vera:schema-invalid: BeskedId: is missing");

    const Ran other = run({"sub",
                           "test",
                           "emne",
                           "--events",
                           events,
                           "-c",
                           config,
                           "--filter",
                           "kle = '28' AND foelsomhed = 3"});
    CHECK(other.exit_code == cli::exit_ok);
    CHECK(other.out.find("filter: kle = '28' was false (kle = \"27\")") != std::string::npos);
    CHECK(other.out.find("2 events: 0 delivered, 1 not, 1 refused at the door\n") !=
          std::string::npos);
    const Ran wrong =
        run({"sub", "test", "emne", "--events", events, "-c", config, "--filter", "kl = '28'"});
    CHECK(wrong.exit_code == cli::exit_failed);
    CHECK(wrong.err.find("vera: --filter: offset 0: events have no attribute kl") == 0);
}

TEST_CASE("cli: sub diff says which copies a changed configuration adds and takes away", "[cli]") {
    const test::ConfigFolder folder;
    const std::string old = folder.write("old.yaml", configuration("27"));
    std::string changed = configuration("99") + "  - {name: ny, types: [vera.barn.v1.*]}\n";
    const std::string fresh = folder.write("new.yaml", changed);
    const std::string events =
        folder.write("events/1.json", example("vera.barn.v1.UnderretningModtaget"));
    const json told = explained(
        run({"sub", "diff", old, fresh, "--events", folder.path() + "/events", "--json"}));
    CHECK(told["gained"] == 1);
    CHECK(told["lost"] == 1);
    CHECK(told["changes"] == json::array({{{"event", events},
                                           {"type", "vera.barn.v1.UnderretningModtaget"},
                                           {"subscription", "emne"},
                                           {"change", "lost"}},
                                          {{"event", events},
                                           {"type", "vera.barn.v1.UnderretningModtaget"},
                                           {"subscription", "ny"},
                                           {"change", "gained"}}}));
    CHECK(run({"sub", "diff", old, old, "--events", events}).out ==
          "1 event: 0 copies more, 0 fewer\n");
}
