// The CESQL conformance suite: every file of the folder, and of the folder that VERA_CESQL_TCK
// names.
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace vera::expr;

/// A scalar as the suite means it: quoted is a string, plain is a boolean or an integer if it looks
/// like one.
Value value_of(const YAML::Node& node, std::string& text) {
    text = node.Scalar();
    if (node.Tag() != "!") {
        const std::string lower = [&] {
            std::string made = text;
            for (char& c : made)
                c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            return made;
        }();
        if (lower == "true" || lower == "false") return Value::of_boolean(lower == "true");
        std::int32_t number = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && rest == text.data() + text.size())
            return Value::of_integer(number);
    }
    return Value::of_string(text);
}

void fill(PlainEvent& event, const YAML::Node& attributes) {
    for (const auto& attribute : attributes) {
        const auto name = attribute.first.as<std::string>();
        std::string text;
        const Value value = value_of(attribute.second, text);
        if (value.type == Type::string) {
            event.set(name, text);
        } else {
            event.set(name, value);
        }
    }
}

struct Wanted {
    bool has_value = false;
    std::string value;
    std::string error;
};

Wanted wanted_of(const YAML::Node& test) {
    Wanted wanted;
    if (test["error"]) wanted.error = test["error"].as<std::string>();
    if (test["result"]) {
        wanted.has_value = true;
        std::string text;
        const Value value = value_of(test["result"], text);
        Got shown;
        shown.type = value.type;
        shown.number = value.number;
        shown.text = text;
        wanted.value = shown.shown();
    }
    return wanted;
}

std::size_t run_folder(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".yaml") continue;
        const YAML::Node suite = YAML::LoadFile(file.path());
        for (const YAML::Node& test : suite["tests"]) {
            if (!test["expression"]) continue;  // the suite has a few that misspell the word
            ++count;
            const auto expression = test["expression"].as<std::string>();
            CAPTURE(file.path().filename().string(), test["name"].as<std::string>(), expression);
            PlainEvent event = PlainEvent::with_required();
            if (test["event"]) {
                event.clear();
                fill(event, test["event"]);
            }
            if (test["eventOverrides"]) fill(event, test["eventOverrides"]);
            const Wanted wanted = wanted_of(test);
            const Got got = evaluate(expression, event);
            CHECK(got.errors == (wanted.error.empty() ? std::vector<std::string>{}
                                                      : std::vector<std::string>{wanted.error}));
            if (wanted.has_value) CHECK(got.shown() == wanted.value);
        }
    }
    return count;
}

TEST_CASE("expr: the conformance suite passes", "[expr]") {
    CHECK(run_folder(VERA_CESQL_CONFORMANCE) >= 140);
    if (const char* const more = std::getenv("VERA_CESQL_TCK"); more != nullptr)
        CHECK(run_folder(more) > 0);
}

}  // namespace
