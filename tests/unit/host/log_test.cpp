#include "bus/host/log.hpp"

#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"

#include <cstddef>
#include <string>

using namespace vera::host;

namespace {

/// The line without its time.
std::string line_of(const std::string& message, const std::string& value) {
    const std::string text = vera::test::stderr_of([&] {
        log::write(log::Level::error, message, {{"key", value}});
    });
    const std::size_t level = text.find("level=");
    REQUIRE(level != std::string::npos);
    return text.substr(level);
}

}  // namespace

TEST_CASE("log: a fact stays one line whatever its values hold", "[host]") {
    struct Row {
        std::string name, value, want;
    };
    const auto row = GENERATE(values<Row>({
        {"plain", "42", "key=42"},
        {"empty", "", "key=\"\""},
        {"blank", "a b", "key=\"a b\""},
        {"quote", "a\"b", "key=\"a\\\"b\""},
        {"backslash", "a\\b", "key=\"a\\\\b\""},
        {"equals", "a=b", "key=\"a=b\""},
        {"a forged second line", "x\nlevel=error", "key=\"x\\x0alevel=error\""},
        {"escape sequence", "\x1b[31m", "key=\\x1b[31m"},
        {"zero byte", std::string("a\0b", 3), "key=a\\x00b"},
        {"delete", "a\x7f", "key=a\\x7f"},
        {"Danish letters", "læsø", "key=læsø"},
    }));
    CAPTURE(row.name);
    CHECK(line_of("fact", row.value) == "level=error msg=fact " + row.want + "\n");
}

TEST_CASE("log: what is below the level is not written", "[host]") {
    CHECK(log::set_level("warn"));
    CHECK(vera::test::stderr_of([] { log::info("quiet"); }).empty());
    CHECK(vera::test::stderr_of([] { log::warn("loud"); }).find("level=warn msg=loud\n") !=
          std::string::npos);
    CHECK_FALSE(log::set_level("verbose"));
    CHECK(vera::test::stderr_of([] { log::info("still quiet"); }).empty());
    CHECK(log::set_level("info"));
    CHECK(vera::test::stderr_of([] { log::info("heard"); }).find("msg=heard\n") !=
          std::string::npos);
}

TEST_CASE("log: a line begins with the time in UTC", "[host]") {
    const std::string text = vera::test::stderr_of([] { log::error("fact"); });
    CHECK(text.rfind("time=20", 0) == 0);
    CHECK(text.find("Z level=error") != std::string::npos);
}
