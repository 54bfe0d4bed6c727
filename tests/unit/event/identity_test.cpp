// Who an event is about and where it comes from, and that no CPR number shows in it.
#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/person_table.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <string>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

const std::string cpr_urn = "urn:oio:cpr-nr:2512484916";
const std::string person = "7f11ee19-d49d-4a71-a615-dc020b7ef25e";

std::shared_ptr<const Catalogue> with_persons(const std::string& table) {
    auto persons = PersonTable::parse(table);
    REQUIRE(persons.has_value());
    auto made =
        Catalogue::make({SchemaSet::built_in(), UuidNames::built_in(), *std::move(persons)});
    REQUIRE(made.index() == 0);
    return std::get<0>(made);
}

vera::besked::v1::Haendelsesbesked about(const std::string& id) {
    auto besked = sample_kuvert();
    auto& registration =
        *besked.mutable_beskedkuvert()->mutable_filtreringsdata()->mutable_objekt_registrering(0);
    if (id.starts_with("urn:") || id.starts_with("URN:"))
        registration.mutable_objekt_id()->set_urn_identifikator(id);
    else
        registration.mutable_objekt_id()->set_uuid_identifikator(id);
    return besked;
}

Attributes attributes(const Catalogue& catalogue,
                      const vera::besked::v1::Haendelsesbesked& besked) {
    const auto checked = catalogue.check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    return std::get<Attributes>(checked);
}

}  // namespace

TEST_CASE("identity: a CPR number orders events, and is no subject", "[event]") {
    for (const std::string urn : {"urn:oio:cpr-nr:2512484916", "urn:oio:cpr:2512484916"}) {
        const Attributes found = attributes(catalogue(), about(urn));
        CHECK(found.subject.empty());
        CHECK(found.object == cpr_urn);
        CHECK(found.objects.front() == cpr_urn);
    }
}

TEST_CASE("identity: no URN that holds a CPR number is a subject", "[event]") {
    struct Row {
        std::string urn, subject;
    };
    const auto row = GENERATE(values<Row>({
        {"urn:oio:CPR-NR:2512484916", ""},
        {"URN:OIO:Cpr:2512484916", ""},
        {"urn:cpr:2512484916", ""},
        {"urn:dk:person:251248-4916", ""},
        {"urn:dk:person:2512484916:adresse", ""},
        {"urn:dk:CPR2512484916", ""},
        {"urn:oio:pnr:2512484916", "urn:oio:pnr:2512484916"},
        {"urn:oio:PNR:2512484916", "urn:oio:pnr:2512484916"},
        {"urn:dk:sag:9912484916", "urn:dk:sag:9912484916"},  // no date
        {"urn:oio:udk:borgerid:202512484916", "urn:oio:udk:borgerid:202512484916"},
        {"urn:uuid:7f11ee19-d49d-4a71-a615-2512484916ab",
         "urn:uuid:7f11ee19-d49d-4a71-a615-2512484916ab"},
    }));
    CAPTURE(row.urn);
    const Attributes found = attributes(catalogue(), about(row.urn));
    CHECK(found.subject == row.subject);
    CHECK_FALSE(found.object.empty());
    RawEvent raw = raw_event(about(row.urn));
    raw.cloud_events = {{"subject", row.urn}};
    CHECK(outcome(raw) ==
          (row.subject.empty()
               ? "vera:attribute-mismatch cloudEvents_subject: does not agree with the kuvert"
               : "accepted"));
}

TEST_CASE("identity: a person in the table is one object by either name", "[event]") {
    const auto known = with_persons("cpr,uuid\n2512484916,7F11EE19-D49D-4A71-A615-DC020B7EF25E\n");
    const Attributes by_cpr = attributes(*known, about("urn:oio:cpr:2512484916"));
    const Attributes by_uuid = attributes(*known, about(person));
    CHECK(by_cpr.object == person);
    CHECK(by_cpr.subject == person);
    CHECK(by_cpr.object == by_uuid.object);
    CHECK(by_cpr.objects == by_uuid.objects);
    CHECK(known->object_id("urn:oio:cpr:2512484916") == person);
    CHECK(attributes(*known, about("urn:oio:CPR-NR:2512484916")).object == person);
    CHECK(known->object_id("urn:oio:CPR-NR:2204151234") == "urn:oio:cpr-nr:2204151234");
    const Attributes other = attributes(*known, about("urn:oio:cpr-nr:2204151234"));
    CHECK(other.object == "urn:oio:cpr-nr:2204151234");
    CHECK(other.subject.empty());
}

TEST_CASE("identity: one authority's object has one form whatever URN is used", "[event]") {
    const Attributes found = attributes(catalogue(), about("urn:oio:cvr:29189439"));
    CHECK(found.subject == "urn:oio:cvr-nr:29189439");
    CHECK(found.object == found.subject);
}

TEST_CASE("identity: a sender's claim does not make a CPR number the subject", "[event]") {
    RawEvent raw = raw_event(about(cpr_urn));
    raw.cloud_events = {{"subject", cpr_urn}};
    CHECK(outcome(raw) ==
          "vera:attribute-mismatch cloudEvents_subject: does not agree with the kuvert");
}

TEST_CASE("identity: the source is who sent the event to the bus", "[event]") {
    CHECK(attributes(catalogue(), sample_kuvert()).source == "urn:oio:cvr-nr:29189382/sagssystem");
}

TEST_CASE("identity: an event that another distributor passes on keeps its source", "[event]") {
    auto besked = sample_kuvert();
    auto& delivery = *besked.mutable_beskedkuvert()->mutable_leveranceinformation();
    auto& hop = *delivery.mutable_leveranceruter()->add_leverancerute();
    hop.mutable_fordelingssystem()->set_uuid_identifikator("f9fbbb38-4b2f-11e5-885d-feff819cdc9f");
    CHECK(attributes(catalogue(), besked).source ==
          "urn:oio:cvr-nr:29189382/3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01");
    delivery.mutable_kildesystem()->set_uuid_identifikator("96514E13-afdd-44d6-95a8-adc2ca19b127");
    CHECK(attributes(catalogue(), besked).source ==
          "urn:oio:cvr-nr:29189382/96514e13-afdd-44d6-95a8-adc2ca19b127");
}

TEST_CASE("identity: a table of persons tells what is wrong by line, without showing it",
          "[event]") {
    struct Row {
        std::string text, want;
    };
    const auto row = GENERATE(values<Row>({
        {"2512484916;7f11ee19-d49d-4a71-a615-dc020b7ef25e\n# a comment\n\n", "1"},
        {"\"2512484916\",\"7f11ee19-d49d-4a71-a615-dc020b7ef25e\"\r\n", "1"},
        {"", "0"},
        {"2512484916,7f11ee19-d49d-4a71-a615-dc020b7ef25e\n2512484916\n",
         "line 2: is not CPR,UUID"},
        {"251248-4916,7f11ee19-d49d-4a71-a615-dc020b7ef25e\n", "line 1: has no CPR number first"},
        {"2512484916,7f11ee19\n", "line 1: has no UUID second"},
        {"2512484916,7f11ee19-d49d-4a71-a615-dc020b7ef25e\n"
         "2512484916,7f11ee19-d49d-4a71-a615-dc020b7ef25f\n",
         "one CPR number has two UUIDs (the lines are not shown)"},
    }));
    const auto table = PersonTable::parse(row.text);
    CHECK((table ? std::to_string(table->size()) : table.error().text) == row.want);
}

TEST_CASE("identity: the level of a sensitivity is what the table of names says", "[event]") {
    CHECK(attributes(catalogue(), sample_kuvert()).foelsomhed == 2);
    CatalogueParts parts{SchemaSet::built_in(), UuidNames::built_in()};
    parts.names.add(
        {UuidName::Kind::foelsomhed, "292e85a9-8ad4-46df-9e50-f97d6837ad74", "Meget følsomt", 4});
    const auto made = Catalogue::make(std::move(parts));
    const auto& other = *std::get<0>(made);
    CHECK(attributes(other, sample_kuvert()).foelsomhed == 4);
    CHECK(other.names().find("292e85a9-8ad4-46df-9e50-f97d6837ad74")->name == "Meget følsomt");
    CHECK(other.names().find("72b7b3b3-4938-43f3-83bf-e3aca929e9b2")->name == "Sag oprettet");
    CHECK(other.names().find("00000000-0000-0000-0000-000000000000") == nullptr);
}
