// Mappings of a configuration: compiled and tested when it is read, and what they mean for queues.
#include "bus/event/kuvert_view.hpp"
#include "bus/flow/outgoing.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/generation.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <string>

using namespace vera;
using namespace vera::ops;

namespace {

const std::string schema = R"(syntax = "proto3";
package t.v1;
import "vera/options/v1/options.proto";
message Ting { option (vera.options.v1.besked) = {}; string navn = 1; }
)";
const std::string second = R"(syntax = "proto3";
package t.v2;
import "vera/options/v1/options.proto";
message Ting { option (vera.options.v1.besked) = {}; string titel = 1; }
)";
const std::string head = "listen: [{anonymous: true}]\nschemas: [skemaer]\n";
const std::string bridge =
    "mapping: ting-v1\nfrom: t.v2.Ting\nto: t.v1.Ting\nbridge: true\nmap: {navn: data.titel}\n"
    "tests: [{name: en, event: {titel: x}, output: {navn: x}}]\n";

struct Bed {
    test::ConfigFolder folder;
    Bed() {
        folder.write("skemaer/v1.proto", schema);
        folder.write("skemaer/v2.proto", second);
    }
    LoadedConfig load(const std::string& text) const {
        return load_config(folder.write("vera.yaml", head + text), {});
    }
    std::string problems(const std::string& text) const {
        std::string all;
        for (Problem problem : load(text).problems) {
            if (problem.file.starts_with(folder.path()))
                problem.file = problem.file.substr(folder.path().size() + 1);
            all += to_text(problem) + "\n";
        }
        return all;
    }
};

}  // namespace

TEST_CASE("ops: mappings are compiled and tested when a configuration is read", "[transform]") {
    const Bed bed;
    bed.folder.write("m/en.yaml", bridge);
    CHECK(bed.problems("transformations: [m]\n").empty());
    CHECK(bed.problems("transformations: [m/en.yaml]\n"
                       "subscriptions: [{name: a, transform: [ting-v1]}]\n")
              .empty());
    CHECK(
        bed.problems("transformations: [m]\nsubscriptions: [{name: a, transform: [ting-v2]}]\n") ==
        "vera.yaml:4: subscriptions[0].transform: [0] `ting-v2` is the name of no mapping of "
        "`transformations`; did you mean `ting-v1`?\n");
    CHECK(bed.problems("transformations: [ingen.yaml]\n") ==
          "ingen.yaml: 'ingen.yaml' cannot be read as a file of at most 67108864 bytes\n");
    bed.folder.write("m/to.yaml", bridge);
    CHECK(bed.problems("transformations: [m]\n") ==
          "m/to.yaml: mapping: `ting-v1` is the name of " + bed.folder.path() +
              "/m/en.yaml already\n");
    bed.folder.write("m/to.yaml",
                     "mapping: to\nfrom: t.v2.Ting\nto: t.v1.Ting\nmap: {navn: data.titl}\n");
    CHECK(bed.problems("transformations: [m]\n") ==
          "m/to.yaml:4: map.navn: offset 5: t.v2.Ting has no field titl; did you mean "
          "data.titel?\n");
    bed.folder.write("m/to.yaml",
                     "mapping: to\nfrom: t.v2.Ting\nto: t.v1.Ting\nmap: {navn: data.titel}\n"
                     "tests:\n  - {name: galt, event: {titel: x}, output: {navn: y}}\n");
    CHECK(bed.problems("transformations: [m]\n") ==
          "m/to.yaml:6: tests: 'galt' fails: navn: wanted \"y\", got \"x\"\n");
}

TEST_CASE("ops: another content of a mapping is another configuration", "[transform]") {
    const Bed bed;
    bed.folder.write("m/en.yaml", bridge);
    const std::string before = bed.load("transformations: [m]\n").config.digest;
    CHECK(bed.load("transformations: [m]\n").config.digest == before);
    bed.folder.write("m/en.yaml", bridge + "# andet\n");
    CHECK(bed.load("transformations: [m]\n").config.digest != before);
}

TEST_CASE("ops: who subscribes to a type by its name gets what bridges make of others",
          "[transform]") {
    const Bed bed;
    bed.folder.write("m/en.yaml", bridge);
    const LoadedConfig loaded = bed.load(
        "transformations: [m]\nsubscriptions:\n"
        "  - {name: gammel, types: [t.v1.Ting]}\n  - {name: pakke, types: [t.v1.*]}\n"
        "  - {name: ny, types: [t.v2.Ting]}\n  - {name: begge, types: [t.v1.Ting, t.v2.Ting]}\n"
        "  - {name: alt}\n  - {name: xml, format: beskedkuvert-xml}\n");
    INFO(to_text(loaded.problems));
    REQUIRE(loaded.is_good());
    const auto snapshot = make_snapshot(loaded.config, {}, Generation{1}, {});
    const auto outgoing = [&](const std::string& name) {
        return snapshot->outgoing_of(snapshot->find("sub/" + name)->id);
    };
    REQUIRE(outgoing("gammel") != nullptr);
    CHECK(outgoing("gammel")->mappings.front()->name() == "ting-v1");
    CHECK(outgoing("pakke") == outgoing("gammel"));
    CHECK(outgoing("ny") == nullptr);
    CHECK(outgoing("begge") == nullptr);
    CHECK(outgoing("alt") == nullptr);
    REQUIRE(outgoing("xml") != nullptr);
    CHECK(outgoing("xml")->form == format::Form::beskedkuvert_xml);
    // The event of the second version reaches those of the first.
    event::Attributes attributes;
    attributes.type = "t.v2.Ting";
    std::vector<QueueId> queues;
    snapshot->routes->match(attributes, event::KuvertView{}, queues);
    std::vector<QueueId> want;
    for (const char* name : {"gammel", "pakke", "ny", "begge", "alt", "xml"})
        want.push_back(snapshot->find("sub/" + std::string(name))->id);
    CHECK(queues == want);
}
