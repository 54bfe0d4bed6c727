// The examples of bus/expr/README.md give what they say.
#include "bus/base/time.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

#include <deque>
#include <fstream>

namespace {

using namespace vera::expr;

class Lists : public ValueLists {
public:
    std::optional<bool> contains(std::string_view list, std::string_view value) const override {
        if (list != "nord") return std::nullopt;
        return value == "29189498" || value == "29189439";
    }
};

std::string trimmed(std::string text) {
    text.erase(0, text.find_first_not_of(" `"));
    text.erase(text.find_last_not_of(" `") + 1);
    return text;
}

/// The event of the page's table, and the examples.
struct Page {
    PlainEvent event;
    std::deque<std::string> texts;
    std::vector<std::pair<std::string, std::string>> examples;

    std::string_view kept(const std::string& text) { return texts.emplace_back(text); }

    void add(const std::string& name, const std::string& value, const std::string& type) {
        if (type == "text") event.set(name, value);
        if (type == "integer") event.set(name, Value::of_integer(std::stoi(value)));
        if (type == "field") event.set_field(name, {Value::of_text(kept(value))});
        if (type == "int64") event.set_field(name, {Value::of_int64(std::stoll(value))});
        if (type == "timestamp")
            event.set_field(name, {Value::of_timestamp(vera::parse_rfc3339(value)->ms)});
        if (type == "repeated") {
            const std::size_t comma = value.find(", ");
            event.set_field(name,
                            {Value::of_text(kept(value.substr(0, comma))),
                             Value::of_text(kept(value.substr(comma + 2)))});
        }
    }
};

Page read_page() {
    Page page;
    std::ifstream file(VERA_EXPR_README);
    REQUIRE(file);
    bool is_example = false;
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with("```")) is_example = line == "```cesql";
        const std::size_t arrow = line.find("→");
        if (is_example && arrow != std::string::npos)
            page.examples.emplace_back(trimmed(line.substr(0, arrow)),
                                       trimmed(line.substr(arrow + std::string("→").size())));
        if (!line.starts_with("| `")) continue;
        const std::size_t second = line.find('|', 1);
        const std::size_t third = line.find('|', second + 1);
        page.add(trimmed(line.substr(1, second - 1)),
                 trimmed(line.substr(second + 1, third - second - 1)),
                 trimmed(line.substr(third + 1, line.size() - third - 2)));
    }
    return page;
}

TEST_CASE("expr: every example of the page gives what it says", "[expr]") {
    const Page page = read_page();
    CHECK(page.examples.size() >= 35);
    const Lists lists;
    for (const auto& [expression, want] : page.examples) {
        CAPTURE(expression);
        CHECK(evaluate(expression, page.event, &lists).all() == want);
    }
}

}  // namespace
