#include "bus/cli/cli.hpp"
#include "bus/host/random.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"
#include "tests/unit/kit/peer.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace vera;
using vera::test::Ran;
using vera::test::run;

namespace {

std::string kuvert(const std::string& id) {
    return R"({"BeskedId":{"URNIdentifikator":")" + id +
           R"("},"BeskedVersion":"1.0","Beskedkuvert":{"Filtreringsdata":{},"Leveranceinformation":{}}})";
}

}  // namespace

TEST_CASE("cli: wrong arguments are usage errors on stderr in one line", "[cli]") {
    const auto arguments = GENERATE(values<std::vector<std::string>>({
        {},
        {"queue"},
        {"queue", "peek"},
        {"queue", "pause", "x"},
        {"queue", "resume", "x", "--reason", ""},
        {"schedule", "cancel", "--reason", "y"},
        {"schedule", "cancel", "0", "--reason", "y"},
        {"schedule", "cancel", "1", "--event", "2", "--reason", "y"},
        {"schedule", "ls", "-n", "0"},
        {"clock", "adopt"},
        {"no-such-verb"},
        {"version", "--no-such-flag"},
        {"event", "publish", "--as", "xml"},
        {"event", "publish", "--authority", "29189382"},
        {"event", "publish", "--window", "0"},
        {"sub", "tail", "x", "--queue", "--deadletter"},
        {"sub", "tail", "x", "--unmasked"},
        {"queue", "peek", "x", "--meta"},
        {"message", "reply"},
        {"message", "request"},
        {"message", "send"},
        {"message", "tail"},
        {"type", "check"},
    }));
    CAPTURE(arguments);
    const Ran ran = run(arguments);
    CHECK(ran.exit_code == cli::exit_usage);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("vera: "));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
}

TEST_CASE("cli: every verb's help gives examples and exit codes", "[cli]") {
    const auto verb = GENERATE(values<std::vector<std::string>>({{"bench"},
                                                                 {"clock", "adopt"},
                                                                 {"clock", "show"},
                                                                 {"config", "check"},
                                                                 {"config", "show"},
                                                                 {"config", "example"},
                                                                 {"config", "reference"},
                                                                 {"config", "diff"},
                                                                 {"config", "reload"},
                                                                 {"manual"},
                                                                 {"completion", "bash"},
                                                                 {"event", "explain"},
                                                                 {"event", "publish"},
                                                                 {"message", "reply"},
                                                                 {"message", "request"},
                                                                 {"message", "send"},
                                                                 {"message", "tail"},
                                                                 {"queue", "ls"},
                                                                 {"queue", "pause"},
                                                                 {"queue", "peek"},
                                                                 {"queue", "resume"},
                                                                 {"schedule", "cancel"},
                                                                 {"schedule", "ls"},
                                                                 {"status"},
                                                                 {"sub", "diff"},
                                                                 {"sub", "test"},
                                                                 {"sub", "tail"},
                                                                 {"type", "asyncapi"},
                                                                 {"type", "check"},
                                                                 {"type", "docs"},
                                                                 {"type", "example"},
                                                                 {"type", "ls"},
                                                                 {"type", "show"},
                                                                 {"type", "validate"},
                                                                 {"version"}}));
    std::vector<std::string> arguments = verb;
    arguments.emplace_back("--help");
    CAPTURE(arguments);
    const Ran ran = run(arguments);
    CHECK(ran.exit_code == cli::exit_ok);
    std::string words = "  vera";
    for (const std::string& word : verb)
        words += ' ' + word;
    const bool has_example = ran.out.find(words) != std::string::npos ||
                             ran.out.find("(vera completion bash)") != std::string::npos;
    CHECK(has_example);
    CHECK(ran.out.find("Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 done in part.") !=
          std::string::npos);
}

TEST_CASE("cli: no verb takes a secret beyond this machine without TLS", "[cli]") {
    const auto verb = GENERATE(values<std::vector<std::string>>(
        {{"bench", "--send", "queue/lager", "--count", "1"}, {"queue", "ls"}}));
    std::string folder = (std::filesystem::temp_directory_path() / "vera-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const std::string file = folder + "/secret";
    std::ofstream(file) << "hemmelig";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    std::vector<std::string> arguments = verb;
    for (const std::string word :
         {"--url", "amqp://bus.example:5672", "--user", "omsorg", "--secret-file", file.c_str()})
        arguments.push_back(word);
    CAPTURE(arguments);
    const Ran ran = run(arguments);
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err.find("url 'amqp://bus.example:5672': no secret goes beyond this machine without "
                       "amqps://") != std::string::npos);
    std::filesystem::remove_all(folder);
}

TEST_CASE("cli: version is printed for people and for scripts", "[cli]") {
    CHECK(run({"version"}).out.starts_with("vera "));
    CHECK(nlohmann::json::parse(run({"version", "--json"}).out)["version"] == 1);
}

TEST_CASE("cli: completion knows verbs and flags", "[cli]") {
    const Ran ran = run({"completion", "bash"});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out.find("'queue') words='ls peek ") != std::string::npos);
    CHECK(ran.out.find("--secret-file") != std::string::npos);
}

TEST_CASE("cli: the manual has every verb with its flags", "[cli]") {
    const Ran ran = run({"manual"});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out.find(".TH VERA 1") == 0);
    CHECK(ran.out.find(".SS vera queue peek\n") != std::string::npos);
    CHECK(ran.out.find(".B \\-\\-secret\\-file") != std::string::npos);
    CHECK(ran.out.find("\n-") == std::string::npos);
}

TEST_CASE("cli: completion knows every verb about configuration", "[cli]") {
    const Ran ran = run({"completion", "bash"});
    for (const char* words : {"'config') words='check show example reference diff reload ",
                              "'config show') words='--help --config --json --defaults '",
                              "'config example') words='--help --full '"})
        CHECK(ran.out.find(words) != std::string::npos);
}

TEST_CASE("cli: a bus that is not there is a failure with its address", "[cli]") {
    const Ran ran = run({"queue", "ls", "--url", "127.0.0.1:1"});
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err.starts_with("vera: connecting to amqp://127.0.0.1:1: "));
}

TEST_CASE("cli: publishing one kuvert that is accepted is ok and tells its id", "[cli]") {
    test::Peer peer({});
    const Ran ran =
        run({"event", "publish", "--as", "json", "--url", peer.url()}, kuvert("urn:a:1"));
    CHECK(ran.err.empty());
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(ran.out == "accepted urn:a:1\n");
    CHECK(peer.bodies(1) == std::vector<std::string>{kuvert("urn:a:1")});
    CHECK(peer.facts().at("content_type") == "application/json");
    CHECK(peer.facts().at("id") == "urn:a:1");
}

TEST_CASE("cli: of JSON lines some refused is partly, with line and reason", "[cli]") {
    test::PeerScript script;
    script.answer = [](std::uint64_t, const std::string& body) {
        if (body.find("urn:a:3") == std::string::npos) return test::PeerAnswer{};
        return test::PeerAnswer{test::PeerAnswer::Kind::reject,
                                "vera:schema-invalid",
                                "ObjektId: urn:oio:cpr-nr:2512484916"};
    };
    test::Peer peer(script);
    const std::string input = kuvert("urn:a:1") + "\n{broken\n" + kuvert("urn:a:3") + "\n{}\n";
    const Ran ran = run({"event", "publish", "--as", "json", "--json", "--url", peer.url()}, input);
    CHECK(ran.exit_code == cli::exit_partly);
    const auto summary = nlohmann::json::parse(ran.out);
    CHECK(summary["read"] == 4);
    CHECK(summary["accepted"] == 1);
    REQUIRE(summary["refused"].size() == 3);
    CHECK(ran.err.find("vera: line 2: not sent: no valid JSON at column") != std::string::npos);
    CHECK(ran.err.find("vera: line 3: vera:schema-invalid: ObjektId: urn:oio:cpr-nr:**********") !=
          std::string::npos);
    CHECK(ran.err.find("vera: line 4: not sent: no kuvert: BeskedId is not there") !=
          std::string::npos);
    CHECK((ran.out + ran.err).find("2512484916") == std::string::npos);
}

TEST_CASE("cli: names of a configuration are sent as UUIDs and shown beside them", "[cli]") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("vera-names-" + to_text(host::random_uuid()));
    std::filesystem::create_directories(folder);
    const std::string config = (folder / "vera.yaml").string();
    std::ofstream(config) << "listen: [{anonymous: true}]\nnames:\n"
                             "  - {uuid: 5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f, kind: handling, "
                             "name: Afgjort på møde}\n";
    test::Peer peer({});
    const Ran sent = run({"event",
                          "publish",
                          "--as",
                          "json",
                          "--type",
                          "vera.sag.v1.SagOprettet",
                          "--action",
                          "afgjort på møde",
                          "-c",
                          config,
                          "--url",
                          peer.url()},
                         "{}");
    CHECK(sent.err.empty());
    const auto bodies = peer.bodies(1);
    REQUIRE(bodies.size() == 1);
    CHECK(bodies[0].find("\"ObjektHandling\":{\"UUIDIdentifikator\":"
                         "\"5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f\"}") != std::string::npos);

    const auto peek = [&bodies](const std::vector<std::string>& flags) {
        test::PeerScript script;
        script.outgoing = bodies;
        const test::Peer shower(std::move(script));
        std::vector<std::string> words{"queue", "peek", "x", "--url", shower.url()};
        words.insert(words.end(), flags.begin(), flags.end());
        return run(words).out;
    };
    const std::string line = "\n  action: Afgjort på møde  5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f\n";
    CHECK(peek({"-c", config}).find(line) != std::string::npos);
    const std::string without = peek({});
    CHECK(without.find("5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f") != std::string::npos);
    CHECK(without.find("  action: ") == std::string::npos);
    const auto told = nlohmann::json::parse(peek({"-c", config, "--json", "--meta"}));
    CHECK(told["names"]["5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f"] == "Afgjort på møde");
    std::filesystem::remove_all(folder);
}

TEST_CASE("cli: what the bus says of a line of a document is told once, as a line of the input",
          "[cli]") {
    test::PeerScript script;
    script.answer = [](std::uint64_t, const std::string&) {
        return test::PeerAnswer{test::PeerAnswer::Kind::reject,
                                "vera:schema-unknown",
                                "line 3: Beskeddata[0]: unknown type x.Y"};
    };
    const test::Peer peer(std::move(script));
    const std::string kuvert =
        "\n\n{\n \"BeskedId\": {\"UUIDIdentifikator\":\n  "
        "\"0b5e1c70-0000-4000-8000-000000000001\"}}\n";
    const Ran ran = run({"event", "publish", "--as", "json", "--url", peer.url()}, kuvert);
    CHECK(ran.err == "vera: line 5: vera:schema-unknown: Beskeddata[0]: unknown type x.Y\n");
}

TEST_CASE("cli: when nothing was accepted it failed", "[cli]") {
    test::PeerScript script;
    script.answer = [](std::uint64_t, const std::string&) {
        return test::PeerAnswer{test::PeerAnswer::Kind::reject, "vera:not-authorized", "no"};
    };
    test::Peer peer(script);
    CHECK(run({"event", "publish", "--as", "json", "--url", peer.url()}, kuvert("urn:a:1"))
              .exit_code == cli::exit_failed);
    CHECK(run({"event", "publish", "--url", peer.url()}, "").exit_code == cli::exit_failed);
    CHECK(run({"event", "publish", "--url", peer.url(), "/no/such/file"}).exit_code ==
          cli::exit_failed);
}

TEST_CASE("cli: peeking prints what is there, masked, and takes nothing", "[cli]") {
    test::PeerScript script;
    script.outgoing = {R"({"a":"2512484916"})", R"({"a":"2"})"};
    test::Peer peer(script);
    const Ran ran = run({"queue", "peek", "x", "-n", "0", "--json", "--url", peer.url()});
    CHECK(ran.err.empty());
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(ran.out == "{\"a\":\"**********\"}\n{\"a\":\"2\"}\n");
    CHECK(peer.facts().at("copy") == "true");
    CHECK(peer.outcomes(0).empty());
}

TEST_CASE("cli: unmasked needs a reason, and the bus is told it", "[cli]") {
    test::PeerScript script;
    script.outgoing = {R"({"a":"2512484916"})"};
    test::Peer peer(script);
    CHECK(run({"queue", "peek", "x", "--unmasked", "--reason", " "}).exit_code == cli::exit_usage);
    const Ran ran = run({"queue",
                         "peek",
                         "x",
                         "--json",
                         "--unmasked",
                         "--reason",
                         "sag 4711",
                         "--url",
                         peer.url()});
    CHECK(ran.out == "{\"a\":\"2512484916\"}\n");
    CHECK(peer.facts().at("reason") == "sag 4711");
}

TEST_CASE("cli: tail with --ack consumes so many and ends", "[cli]") {
    test::PeerScript script;
    script.outgoing = {R"({"a":1})", R"({"a":2})", R"({"a":3})"};
    test::Peer peer(script);
    const Ran ran =
        run({"sub", "tail", "x", "--ack", "-n", "2", "--json", "--meta", "--url", peer.url()});
    CHECK(ran.exit_code == cli::exit_ok);
    const auto first = nlohmann::json::parse(ran.out.substr(0, ran.out.find('\n')));
    CHECK(first["sequence"] == 1);
    CHECK(first["subscription"] == "alle");
    CHECK(first["kuvert"]["a"] == 1);
    const auto outcomes = peer.outcomes(2);
    REQUIRE(outcomes.size() == 2);
    CHECK(outcomes[0].state == "accepted");
    CHECK(outcomes[1].state == "accepted");
}

TEST_CASE("cli: an unknown subscription is named", "[cli]") {
    test::PeerScript script;
    script.unknown_address = "sub/nowhere";
    test::Peer peer(script);
    const Ran ran = run({"sub", "tail", "nowhere", "--url", peer.url()});
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err == "vera: 'sub/nowhere': amqp:not-found: no such address\n");
}

TEST_CASE("cli: status shows what the bus says, and the pilot line", "[cli]") {
    test::Peer peer({});
    const Ran ran = run({"status", "--json", "--url", peer.url()});
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(nlohmann::json::parse(ran.out)["operation"] == "READ");
}

TEST_CASE("cli: a message goes to the inbox with what was said of it", "[cli]") {
    test::Peer peer({});
    const Ran ran = run({"message",
                         "send",
                         "laege",
                         "--id",
                         "m-1",
                         "--reply-to",
                         "inbox/omsorg",
                         "--url",
                         peer.url()},
                        R"({"a":1})");
    CHECK(ran.err.empty());
    CHECK(ran.exit_code == cli::exit_ok);
    CHECK(ran.out == "accepted m-1\n");
    CHECK(peer.bodies(1) == std::vector<std::string>{R"({"a":1})"});
    CHECK(peer.facts().at("content_type") == "application/json");
    CHECK(peer.facts().at("id") == "m-1");
}

TEST_CASE("cli: what a receiver is asked to do is written into a kuvert, and into nothing else",
          "[cli]") {
    test::Peer peer({});
    const auto send = [&](const std::string& body) {
        return run({"message",
                    "send",
                    "familie",
                    "--action",
                    "81061b03-6346-48e4-af93-09fc252c7c66",
                    "--response-for",
                    "urn:oio:cvr-nr:29189382",
                    "--url",
                    peer.url()},
                   body);
    };
    CHECK(send(R"({"Beskedkuvert":{}})").exit_code == cli::exit_ok);
    const auto sent = nlohmann::json::parse(peer.bodies(1).at(0));
    CHECK(sent == nlohmann::json::parse(R"({"Beskedkuvert":{"Modtagerhandling":{
        "Handling":{"UUIDIdentifikator":"81061b03-6346-48e4-af93-09fc252c7c66"},
        "Responsmodtager":{"URNIdentifikator":"urn:oio:cvr-nr:29189382"}}}})"));
    for (const char* body : {"hvad?", R"({"a":1})", "[1]", ""}) {
        const Ran ran = send(body);
        CHECK(ran.exit_code == cli::exit_failed);
        CHECK(ran.err ==
              "vera: --action: is written into a kuvert as JSON, which the message is not\n");
    }
}

TEST_CASE("cli: a message that is refused is a failure with the reason, masked", "[cli]") {
    test::PeerScript script;
    script.answer = [](std::uint64_t, const std::string&) {
        return test::PeerAnswer{
            test::PeerAnswer::Kind::reject, "vera:not-authorized", "not by 2512484916"};
    };
    test::Peer peer(script);
    const Ran ran = run({"message", "send", "laege", "--json", "--url", peer.url()}, "\x01");
    CHECK(ran.exit_code == cli::exit_failed);
    CHECK(ran.err == "vera: vera:not-authorized: not by **********\n");
    const auto told = nlohmann::json::parse(ran.out);
    CHECK(told["verdict"] == "rejected");
    CHECK(told["condition"] == "vera:not-authorized");
    CHECK(peer.facts().at("content_type") == "application/octet-stream");
    CHECK(run({"message", "send", "laege", "/no/such/file", "--url", peer.url()}).exit_code ==
          cli::exit_failed);
}
