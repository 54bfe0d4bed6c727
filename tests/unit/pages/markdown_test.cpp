#include "bus/pages/markdown.hpp"

#include "bus/pages/markdown_page.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/pages/sample_set.hpp"

#include <set>
#include <sstream>
#include <string>

using namespace vera;
using namespace vera::pages;
using vera::pages::test::built_in;
using vera::pages::test::set_of;

namespace {

std::string page_of(const TypeSet& set, const PageOptions& options = {}) {
    return markdown_page(set, describe(set), options);
}

/// Bars that end a cell.
std::size_t bars(const std::string& line) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
        if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++count;
    return count;
}

/// Lines of a table that have other cells than its head; lines in fenced blocks are no tables.
std::string ragged_line(const std::string& page) {
    std::istringstream lines(page);
    std::string line;
    std::string fence;
    std::size_t wanted = 0;
    while (std::getline(lines, line)) {
        if (line.starts_with("```")) {
            const std::string marks = line.substr(0, line.find_first_not_of('`'));
            if (fence.empty())
                fence = marks;
            else if (marks == fence)
                fence.clear();
            continue;
        }
        if (!fence.empty()) continue;
        if (!line.starts_with('|')) {
            wanted = 0;
            continue;
        }
        if (wanted == 0) wanted = bars(line);
        if (bars(line) != wanted) return line;
    }
    return fence.empty() ? std::string{} : "a block without end";
}

}  // namespace

TEST_CASE("pages: text is no Markdown", "[pages]") {
    CHECK(markdown_escaped("a|b *c* _d_ [e](f) <g> `h`\n#i") ==
          "a\\|b \\*c\\* \\_d\\_ \\[e\\](f) \\<g\\> \\`h\\` \\#i");
    CHECK(code_span("") == "");
    CHECK(code_span("a|b") == "`a\\|b`");
    CHECK(code_span("a`b") == "``a`b``");
    CHECK(code_span("`a") == "`` `a ``");
    CHECK(code_block("x", "json") == "```json\nx\n```\n");
    CHECK(code_block("a\n```\nb\n", "") == "````\na\n```\nb\n````\n");
    CHECK(table_head({"a", "b"}) == "| a | b |\n| --- | --- |\n");
    CHECK(table_row({"a", ""}) == "| a | |\n");
}

TEST_CASE(
    "pages: the specification has numbered sections, whole tables and links that lead somewhere",
    "[pages]") {
    const std::string page = page_of(built_in());
    CHECK(page.starts_with("# VeRA: Snitfladespecifikation\n"));
    CHECK(ragged_line(page) == "");
    CHECK(ragged_line("| a | b |\n| c |\n") == "| c |");
    std::set<std::string> places;
    for (std::size_t at = page.find("<a id=\""); at != std::string::npos;
         at = page.find("<a id=\"", at)) {
        at += 7;
        CHECK(places.insert(page.substr(at, page.find('"', at) - at)).second);
    }
    std::size_t links = 0;
    for (std::size_t at = page.find("](#"); at != std::string::npos; at = page.find("](#", at)) {
        at += 3;
        const std::string link = page.substr(at, page.find(')', at) - at);
        CAPTURE(link);
        REQUIRE(places.contains(link));
        ++links;
    }
    CHECK(links > 500);
    for (const char* heading : {"\n## 1 Oversigt\n",
                                "\n## 2 Tilslutning\n",
                                "\n## 3 Leveringsløfter\n",
                                "\n## 5 Regler for ændring\n"})
        CHECK(page.find(heading) != std::string::npos);
}

TEST_CASE("pages: every event is in the specification with beskedtype and example", "[pages]") {
    const std::string page = page_of(built_in());
    for (const auto* event : built_in().events()) {
        CAPTURE(event->full_name());
        const auto begin = page.find("<a id=\"" + event->full_name() + "\">");
        REQUIRE(begin != std::string::npos);
        const std::string part = page.substr(begin, page.find("<a id=", begin + 1) - begin);
        CHECK(part.find("| Beskedtype | ") != std::string::npos);
        CHECK(part.find("```json\n{") != std::string::npos);
    }
}

TEST_CASE("pages: a specification may be of some events only", "[pages]") {
    PageOptions options;
    options.language = Language::en;
    options.only = {"vera.sag.v1.SagAfsluttet"};
    const std::string page = page_of(built_in(), options);
    CHECK(page.find("<a id=\"vera.sag.v1.SagAfsluttet\">") != std::string::npos);
    CHECK(page.find("<a id=\"vera.sag.v1.Sag\">") != std::string::npos);
    CHECK(page.find("<a id=\"vera.besked.v1.Haendelsesbesked\">") != std::string::npos);
    CHECK(page.find("<a id=\"vera.sag.v1.SagOprettet\">") == std::string::npos);
    CHECK(page.find("<a id=\"vera.person.v1.Person\">") == std::string::npos);
    CHECK(page.find("type.googleapis.com/vera.sag.v1.SagAfsluttet") != std::string::npos);
}

TEST_CASE("pages: a pattern or comment with bars does not break a table", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
import "vera/options/v1/options.proto";
// One | two.
message A {
  option (vera.options.v1.besked) = {titel_da: "a | b" beskedtype: "72b7b3b3-4938-43f3-83bf-e3aca929e9b3"};
  // Left | right, `code | more`.
  string a = 1 [(vera.options.v1.pattern) = "x|y", (vera.options.v1.example) = "`|`"];
}
)");
    CHECK(ragged_line(page_of(set)) == "");
}

TEST_CASE("pages: with a configuration the specification tells who receives a type", "[pages]") {
    Usage usage;
    usage.systems = {{"a|b", "Hjørring"}};
    usage.subscribers["vera.sag.v1.SagOprettet"] = {{"alt", {}, 0}, {"sager", {"Hjørring"}, 0}};
    PageOptions options;
    options.usage = &usage;
    options.only = {"vera.sag.v1.SagOprettet"};
    const std::string page = page_of(built_in(), options);
    CHECK(page.find("| Modtages af | `alt`, `sager` (kun fra Hjørring) |") != std::string::npos);
    CHECK(page.find("| `a\\|b` | Hjørring |") != std::string::npos);
    CHECK(ragged_line(page) == "");
}
