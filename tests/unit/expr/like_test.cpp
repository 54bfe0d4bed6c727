#include "bus/expr/like_pattern.hpp"
#include "tests/support/catch.hpp"

#include <random>

namespace {

using namespace vera::expr;

bool matches(std::string_view text, std::string_view pattern) {
    const auto made = LikePattern::make(pattern, Limits{});
    REQUIRE(std::holds_alternative<LikePattern>(made));
    std::uint32_t steps = 1'000'000;
    const bool is_match = std::get<LikePattern>(made).matches(text, steps);
    REQUIRE(steps > 0);
    return is_match;
}

/// By definition, in exponential time.
bool reference(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '%')
        return reference(text, pattern.substr(1)) ||
               (!text.empty() && reference(text.substr(1), pattern));
    if (text.empty()) return false;
    return (pattern.front() == '_' || pattern.front() == text.front()) &&
           reference(text.substr(1), pattern.substr(1));
}

TEST_CASE("like: matches what the definition says, for all short texts and patterns", "[expr]") {
    std::mt19937 random(20261125);  // NOLINT(cert-msc51-cpp): the same cases in every run
    const auto word = [&](std::string_view letters, std::size_t most) {
        std::string made(random() % (most + 1), ' ');
        for (char& c : made)
            c = letters[random() % letters.size()];
        return made;
    };
    for (int i = 0; i < 50'000; ++i) {
        const std::string text = word("ab", 8);
        const std::string pattern = word("ab%_", 7);
        CAPTURE(text, pattern);
        if (matches(text, pattern) != reference(text, pattern)) FAIL("they differ");
    }
}

struct Row {
    std::string text;
    std::string pattern;
    bool want;
};

TEST_CASE("like: escapes and characters of several bytes", "[expr]") {
    const auto row = GENERATE(values<Row>({{"a%", R"(a\%)", true},
                                           {"ab", R"(a\%)", false},
                                           {R"(a\b)", R"(a\b)", true},
                                           {R"(\)", R"(\)", true},
                                           {R"(\x)", R"(\\x)", false},
                                           {"æøå", "___", true},
                                           {"æøå", "%ø_", true},
                                           {"æøå", "%__", true},
                                           {"æ", "%__", false},
                                           {"aæb", "a%_b", true},
                                           {"", "%", true},
                                           {"", "", true},
                                           {"a", "", false},
                                           {"27.20", "27.%", true},
                                           {"27", "27.%", false},
                                           {"x.error", "%.error", true},
                                           {"a.b.c", "%.b.%", true},
                                           {"a.b.c", "%%b%%", true}}));
    CAPTURE(row.text, row.pattern);
    CHECK(matches(row.text, row.pattern) == row.want);
}

TEST_CASE("like: the worst pattern takes no more steps than text times pattern", "[expr]") {
    const std::string text(2'000, 'a');
    std::string pattern;
    for (int i = 0; i < 15; ++i)
        pattern += "%a_a";
    pattern += "b";
    const auto made = LikePattern::make(pattern, Limits{});
    std::uint32_t steps = 1'000'000;
    CHECK_FALSE(std::get<LikePattern>(made).matches(text, steps));
    CHECK(1'000'000 - steps < text.size() * pattern.size());
    CHECK(steps > 0);
}

TEST_CASE("like: without steps left nothing matches", "[expr]") {
    const auto made = LikePattern::make("%a_b%", Limits{});
    std::uint32_t steps = 100;
    CHECK_FALSE(std::get<LikePattern>(made).matches(std::string(1'000, 'a'), steps));
    CHECK(steps == 0);
}

TEST_CASE("like: patterns have limits", "[expr]") {
    CHECK(std::get<std::string>(LikePattern::make(std::string(257, 'a'), Limits{})) ==
          "a pattern has at most 256 bytes");
    std::string many;
    for (int i = 0; i < 17; ++i)
        many += "%a";
    CHECK(std::get<std::string>(LikePattern::make(many, Limits{})) == "a pattern has at most 16 %");
}

}  // namespace
