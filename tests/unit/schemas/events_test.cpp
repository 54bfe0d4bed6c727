// What the catalogue knows of every event is complete and of one piece.
#include "tests/support/catch.hpp"
#include "tests/unit/schemas/schema_pool.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

using namespace vera::schemas::test;
using vera::options::v1::Besked;

namespace {

constexpr std::array life_cycle{"Opstaaet", "Importeret", "Rettet", "Passiveret", "Slettet"};

bool is_uuid(const std::string& text) {
    static const std::regex form("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    return std::regex_match(text, form);
}

/// The convention for payloads that are not modelled; it has no type of its own.
bool is_for_anything(const Descriptor& event) {
    return event.full_name() == "vera.besked.v1.Base64Data";
}

std::size_t count_of(Besked::Art art) {
    const auto all = events();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [art](const Descriptor* event) { return besked(*event).art() == art; }));
}

}  // namespace

TEST_CASE("schemas: every event is described", "[schemas]") {
    for (const Descriptor* event : events()) {
        if (is_for_anything(*event)) continue;
        CAPTURE(event->full_name());
        const Besked& about = besked(*event);
        CHECK(is_uuid(about.beskedtype()));
        CHECK(is_uuid(about.objekttype()));
        CHECK((about.objekthandling().empty() || is_uuid(about.objekthandling())));
        CHECK(about.titel_da().size() >= 8);
        CHECK(about.titel_en().size() >= 8);
        CHECK(about.foelsomhed() != vera::options::v1::FOELSOMHED_UNSPECIFIED);
        CHECK(about.art() != Besked::ART_UNSPECIFIED);
        CHECK(about.begrundelse().size() >= 30);
        CHECK(about.begrundelse().ends_with('.'));
        CHECK(std::regex_match(about.kle(), std::regex(R"(([0-9]{2}(\.[0-9]{2}){0,2})?)")));
        CHECK(event->field_count() > 0);
    }
}

TEST_CASE("schemas: no two events have the same type or title", "[schemas]") {
    std::map<std::string, std::string> types, danish, english;
    for (const Descriptor* event : events()) {
        if (is_for_anything(*event)) continue;
        const Besked& about = besked(*event);
        CAPTURE(event->full_name());
        CHECK(types.emplace(about.beskedtype(), event->full_name()).second);
        CHECK(danish.emplace(about.titel_da(), event->full_name()).second);
        CHECK(english.emplace(about.titel_en(), event->full_name()).second);
    }
}

TEST_CASE("schemas: a UUID means one thing", "[schemas]") {
    std::map<std::string, std::string> meanings;
    const auto means = [&meanings](const std::string& uuid, const std::string& what) {
        if (uuid.empty()) return;
        CAPTURE(uuid, what);
        CHECK(meanings.emplace(uuid, what).first->second == what);
    };
    for (const Descriptor* one : classes())
        means(objekttype(*one), "class " + one->full_name());
    for (const Descriptor* event : events()) {
        const Besked& about = besked(*event);
        means(about.beskedtype(), "event " + event->full_name());
        const std::string name = event->name();
        const auto end =
            std::ranges::find_if(life_cycle, [&](const char* s) { return name.ends_with(s); });
        means(about.objekthandling(),
              about.art() == Besked::ART_LIVSCYKLUS && end != life_cycle.end()
                  ? "life cycle " + std::string(*end)
                  : "what is done in " + name);
    }
}

TEST_CASE("schemas: known UUIDs are kept", "[schemas]") {
    std::map<std::string, const Descriptor*> by_name;
    for (const Descriptor* event : events())
        by_name[event->full_name()] = event;
    for (const Descriptor* one : classes())
        if (one->name() == "Person")
            CHECK(objekttype(*one) == "ce7fcf97-a8a2-447a-8690-d38aa0f6e23c");
    CHECK(besked(*by_name.at("vera.post.v1.PostStatus")).beskedtype() ==
          "d2bed63c-4853-4008-b6e0-a74c15b15fbf");
    CHECK(besked(*by_name.at("vera.person.v1.PersonFoedt")).objekthandling() ==
          "1e5bb089-5445-44f8-9b65-bc854053f423");
    CHECK(besked(*by_name.at("vera.person.v1.PersonDoed")).objekthandling() ==
          "298aa424-0a16-4a5a-956c-2bdab17fd11f");
}

TEST_CASE("schemas: every class has its five life-cycle events", "[schemas]") {
    const auto all = classes();
    CHECK(all.size() == 25);
    std::map<std::string, const Descriptor*> by_name;
    for (const Descriptor* event : events())
        by_name[event->full_name()] = event;
    for (const Descriptor* one : all) {
        CAPTURE(one->full_name());
        for (const char* end : life_cycle) {
            CAPTURE(end);
            const auto found = by_name.find(one->full_name() + end);
            REQUIRE(found != by_name.end());
            const Descriptor& event = *found->second;
            CHECK(besked(event).art() == Besked::ART_LIVSCYKLUS);
            CHECK(besked(event).objekttype() == objekttype(*one));
            REQUIRE(event.field_count() == 1);
            CHECK(event.field(0)->message_type() == one);
            CHECK(event.field(0)->options().GetExtension(vera::options::v1::required));
        }
    }
    CHECK(count_of(Besked::ART_LIVSCYKLUS) == all.size() * life_cycle.size());
}

TEST_CASE("schemas: a business event about a class carries the object", "[schemas]") {
    CHECK(count_of(Besked::ART_FORRETNING) >= 25);
    std::map<std::string, const Descriptor*> by_type;
    for (const Descriptor* one : classes())
        by_type[objekttype(*one)] = one;
    for (const Descriptor* event : events()) {
        const auto found = by_type.find(besked(*event).objekttype());
        if (found == by_type.end()) continue;
        CAPTURE(event->full_name());
        CHECK(event->field(0)->message_type() == found->second);
        CHECK(event->field(0)->options().GetExtension(vera::options::v1::required));
    }
}

TEST_CASE("schemas: corrections and annulments name the earlier event", "[schemas]") {
    std::size_t corrections = 0, annulments = 0;
    for (const Descriptor* event : events()) {
        const Besked::Art art = besked(*event).art();
        if (art != Besked::ART_RETTELSE && art != Besked::ART_ANNULLERING) continue;
        (art == Besked::ART_RETTELSE ? corrections : annulments) += 1;
        CAPTURE(event->full_name());
        const FieldDescriptor* earlier = event->FindFieldByName(
            art == Besked::ART_RETTELSE ? "rettet_besked_id" : "annulleret_besked_id");
        REQUIRE(earlier != nullptr);
        REQUIRE(earlier->message_type() != nullptr);
        CHECK(earlier->message_type()->full_name() == "vera.oio.v1.UnikId");
        CHECK(earlier->options().GetExtension(vera::options::v1::required));
        CHECK(event->FindFieldByName("aarsag") != nullptr);
    }
    CHECK(corrections >= 2);
    CHECK(annulments >= 2);
}

TEST_CASE("schemas: the table of object types is that of the classes", "[schemas]") {
    std::ifstream file(VERA_SCHEMAS_README);
    const std::string readme{std::istreambuf_iterator<char>(file),
                             std::istreambuf_iterator<char>()};
    const std::regex row(R"(\| `(vera\.[a-z]+\.v1\.[A-Za-z]+)` \| ([-0-9a-f]{36}) \|)");
    std::map<std::string, std::string> table, ours;
    for (std::sregex_iterator at(readme.begin(), readme.end(), row); at != std::sregex_iterator();
         ++at)
        table[(*at)[1]] = (*at)[2];
    for (const Descriptor* one : classes())
        ours[one->full_name()] = objekttype(*one);
    CHECK(table == ours);
}
