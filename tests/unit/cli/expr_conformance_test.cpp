// The CESQL conformance suite once more, as users run it: through `vera expr eval`, each case over
// a CloudEvent in JSON.
#include "tests/support/catch.hpp"
#include "tests/unit/cli/ran.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

using namespace vera;
using nlohmann::json;

namespace {

/// A scalar as the suite means it: quoted is a string, plain is a boolean or an integer if it looks
/// like one.
json value_of(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;
    std::string lower = text;
    std::ranges::transform(
        lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == "true" || lower == "false") return lower == "true";
    std::int32_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && rest == text.data() + text.size()) return number;
    return text;
}

void fill(json& event, const YAML::Node& attributes) {
    for (const auto& attribute : attributes)
        event[attribute.first.as<std::string>()] = value_of(attribute.second);
}

json event_of(const YAML::Node& test) {
    json event = {{"specversion", "1.0"}, {"id", "1"}, {"source", "/s"}, {"type", "t"}};
    if (test["event"]) {
        event = json::object();
        fill(event, test["event"]);
    }
    if (test["eventOverrides"]) fill(event, test["eventOverrides"]);
    return event;
}

void run_case(const YAML::Node& given) {
    const auto expression = given["expression"].as<std::string>();
    CAPTURE(given["name"].as<std::string>(), expression);
    const test::Ran ran = test::run({"expr", "eval", "--event", "-", "--json", "--", expression},
                                    event_of(given).dump());
    REQUIRE(ran.exit_code == cli::exit_ok);
    const json answer = json::parse(ran.out);
    json kinds = json::array();
    for (const json& error : answer["errors"]) {
        kinds.push_back(error["kind"]);
        CHECK(error["offset"].get<std::size_t>() <= expression.size());
        CHECK(!error["text"].get<std::string>().empty());
    }
    CHECK(kinds ==
          (given["error"] ? json::array({given["error"].as<std::string>()}) : json::array()));
    if (given["result"]) CHECK(answer["value"] == value_of(given["result"]));
    // Clauses are told of whatever could be read.
    const bool was_read = answer["errors"].empty() || answer["errors"][0]["kind"] != "parse";
    CHECK(answer["explain"].empty() != was_read);
}

}  // namespace

TEST_CASE("cli: expr eval passes the conformance suite", "[cli]") {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(VERA_CESQL_CONFORMANCE)) {
        if (file.path().extension() != ".yaml") continue;
        const YAML::Node suite = YAML::LoadFile(file.path());
        for (const YAML::Node& test : suite["tests"]) {
            if (!test["expression"]) continue;  // the suite has a few that misspell the word
            run_case(test);
            ++count;
        }
    }
    CHECK(count >= 140);
}
