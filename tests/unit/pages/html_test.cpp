#include "bus/pages/html.hpp"

#include "bus/pages/html_assets.hpp"
#include "bus/pages/html_page.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/pages/sample_set.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::pages;
using vera::pages::test::built_in;
using vera::pages::test::set_of;

namespace {

std::string page_of(const TypeSet& set, const PageOptions& options = {}) {
    return html_page(set, describe(set), options);
}

const std::string& built_in_page() {
    static const std::string page = page_of(built_in());
    return page;
}

/// Names of elements that are not closed, or closed though not open; empty: well-formed.
std::string unbalanced(const std::string& page) {
    static const std::set<std::string> empty{"meta", "input", "col", "br", "link"};
    std::vector<std::string> open;
    std::size_t at = 0;
    while ((at = page.find('<', at)) != std::string::npos) {
        const std::size_t end = page.find('>', at);
        if (end == std::string::npos) return "a tag without end";
        std::string tag = page.substr(at + 1, end - at - 1);
        at = end + 1;
        if (tag[0] == '!') continue;
        const bool is_end = tag[0] == '/';
        const std::string name =
            tag.substr(is_end ? 1 : 0, tag.find_first_of(" \n") - (is_end ? 1U : 0U));
        if (is_end) {
            if (open.empty() || open.back() != name) return "</" + name + ">";
            open.pop_back();
        } else if (!empty.contains(name)) {
            open.push_back(name);
            if (name == "script" || name == "style") at = page.find("</" + name, at);
        }
    }
    return open.empty() ? std::string{} : "<" + open.back() + ">";
}

std::vector<std::string> all_of(const std::string& page, const std::string& begin) {
    std::vector<std::string> found;
    for (std::size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
        at += begin.size();
        found.push_back(page.substr(at, page.find('"', at) - at));
    }
    return found;
}

/// WCAG 2.2 §1.4.3: relative luminance of "#rrggbb".
double luminance(const std::string& color) {
    double sum = 0;
    const std::array<double, 3> weight{0.2126, 0.7152, 0.0722};
    for (std::size_t i = 0; i < 3; ++i) {
        const double part = std::stoi(color.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
        sum += weight[i] * (part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double contrast(const std::string& one, const std::string& other) {
    const double a = luminance(one);
    const double b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

/// The value of a variable in the n-th block of the style that has it.
std::string variable(const std::string& name, std::size_t block) {
    const std::string style(page_style());
    std::size_t at = 0;
    for (std::size_t i = 0; i <= block; ++i)
        at = style.find("--" + name + ":", at + 1);
    return style.substr(at + name.size() + 3, 7);
}

}  // namespace

TEST_CASE("pages: the HTML is well-formed, in both languages", "[pages]") {
    CHECK(unbalanced(built_in_page()) == "");
    PageOptions english;
    english.language = Language::en;
    const std::string page = page_of(built_in(), english);
    CHECK(unbalanced(page) == "");
    CHECK(page.find("<html lang=\"en\"") != std::string::npos);
    CHECK(built_in_page().find("<html lang=\"da\"") != std::string::npos);
    CHECK(unbalanced("<p><b></p>") == "</p>");
}

TEST_CASE("pages: the HTML needs nothing but itself", "[pages]") {
    const std::string& page = built_in_page();
    for (const char* outside : {"src=", "<link", "@import", "url(", "http://", "fetch("}) {
        CAPTURE(outside);
        // Examples may hold addresses, but only as text.
        const std::string place = outside == std::string("http://") ? "href=\"http://" : outside;
        CHECK(page.find(place) == std::string::npos);
    }
    CHECK(page.find("href=\"https://") == std::string::npos);
}

TEST_CASE("pages: every link of the HTML leads to a place on it, and no place is there twice",
          "[pages]") {
    const std::string& page = built_in_page();
    const auto ids = all_of(page, " id=\"");
    const std::set<std::string> places(ids.begin(), ids.end());
    CHECK(places.size() == ids.size());
    const auto links = all_of(page, "href=\"#");
    CHECK(links.size() > 1000);
    for (const std::string& link : links) {
        CAPTURE(link);
        REQUIRE(places.contains(link));
    }
}

TEST_CASE("pages: every event is on the HTML with title, fields, rules and an example", "[pages]") {
    const std::string& page = built_in_page();
    for (const auto* event : built_in().events()) {
        CAPTURE(event->full_name());
        const auto begin = page.find("<article id=\"" + event->full_name() + "\"");
        REQUIRE(begin != std::string::npos);
        const std::string article = page.substr(begin, page.find("</article>", begin) - begin);
        for (int i = 0; i < event->field_count(); ++i)
            CHECK(article.find("<code>" + event->field(i)->json_name() + "</code>") !=
                  std::string::npos);
        CHECK(article.find("<details class=\"example\">") != std::string::npos);
        CHECK(article.find("skal udfyldes") != std::string::npos);
    }
}

TEST_CASE("pages: text from schemas and configuration cannot become markup", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
import "vera/options/v1/options.proto";
// A <script>alert("x")</script> & 'more'.
message A {
  option (vera.options.v1.besked) = {titel_da: "<b>titel</b>" beskedtype: "\"><i>" begrundelse: "</p><p onclick='x'>"};
  // <img src=x onerror=alert(1)>
  string a = 1 [(vera.options.v1.pattern) = "<[^>]+>", (vera.options.v1.example) = "\"</pre><script>x</script>"];
}
)");
    Usage usage;
    usage.node = "<node>";
    usage.systems = {{"<system>", "\"<b>\""}};
    usage.subscribers["p.v1.A"] = {{"<sub>", {"<authority>"}, 1}};
    PageOptions options;
    options.usage = &usage;
    options.made_by = "<maker>";
    const std::string page = page_of(set, options);
    CHECK(unbalanced(page) == "");
    for (const char* markup : {"<script>alert",
                               "<b>",
                               "<i>",
                               "<img",
                               "<p onclick",
                               "<node>",
                               "<system>",
                               "<sub>",
                               "<authority>",
                               "<maker>",
                               "<script>x"}) {
        CAPTURE(markup);
        CHECK(page.find(markup) == std::string::npos);
    }
    CHECK(page.find("&lt;img src=x onerror=alert(1)&gt;") != std::string::npos);
}

TEST_CASE("pages: with a configuration the HTML tells who receives a type", "[pages]") {
    Usage usage;
    usage.systems = {{"hjoerring-esdh", "Hjørring Kommune (29189382)"}};
    usage.subscribers["vera.sag.v1.SagOprettet"] = {{"alt", {}, 0},
                                                    {"sager", {"Hjørring Kommune (29189382)"}, 3}};
    PageOptions options;
    options.usage = &usage;
    options.only = {"vera.sag.v1.SagOprettet", "vera.sag.v1.SagAfsluttet"};
    const std::string page = page_of(built_in(), options);
    CHECK(page.find("<li><code>alt</code></li><li><code>sager</code> (kun fra Hjørring Kommune "
                    "(29189382); kun om bestemte objekter: 3)</li>") != std::string::npos);
    CHECK(page.find("<dt>Modtages af</dt><dd>ingen abonnementer</dd>") != std::string::npos);
    CHECK(page.find("hjoerring-esdh") != std::string::npos);
    CHECK(page.find("id=\"vera.person.v1.PersonFlyttet\"") == std::string::npos);
    CHECK(page.find("id=\"vera.sag.v1.SagEgenskaber\"") != std::string::npos);
    CHECK(built_in_page().find("Modtages af") == std::string::npos);
}

TEST_CASE("pages: the HTML is the same every time", "[pages]") {
    CHECK(page_of(built_in()) == built_in_page());
}

TEST_CASE("pages: colours of the HTML have the contrast of WCAG AA, light and dark", "[pages]") {
    for (std::size_t block = 0; block < 3; ++block) {  // light, dark by system, dark by choice
        CAPTURE(block);
        for (const char* text : {"text", "dim", "link", "must"})
            for (const char* ground : {"bg", "soft", "code", "badge"}) {
                CAPTURE(text, ground);
                CHECK(contrast(variable(text, block), variable(ground, block)) >= 4.5);
            }
        CHECK(contrast(variable("person", block), variable("person-bg", block)) >= 4.5);
        CHECK(contrast(variable("focus", block), variable("bg", block)) >= 3);
    }
    CHECK(contrast("#000000", "#ffffff") > 20.9);
}

TEST_CASE("pages: text is escaped, and code is told by backticks", "[pages]") {
    CHECK(escaped("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c&#39;");
    CHECK(with_code("use `a<b` and `c`.") == "use <code>a&lt;b</code> and <code>c</code>.");
    CHECK(with_code("open `a") == "open <code>a</code>");
}
