// What a receiver without the right to protected addresses gets of a kuvert, in both forms.
#include "bus/event/protected_addresses.hpp"

#include "bus/event/address_protection.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/person/v1/haendelser.pb.h"
#include "vera/person/v1/person.pb.h"

#include <google/protobuf/util/message_differencer.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;
using vera::besked::v1::Haendelsesbesked;
using vera::person::v1::Person;
using vera::person::v1::PersonFlyttet;

namespace {

// 2027-03-01 ends at midnight in Denmark, an hour before it does in UTC.
const Timestamp end = *parse_rfc3339("2027-03-01T23:00:00Z");
const Timestamp before = end + Millis{-1};

void set_address(vera::person::v1::Adresse& address, const std::string& street) {
    address.set_kommunekode("0860");
    address.set_vejnavn(street);
    address.set_adressebetegnelse(street + " 12");
}

Person resident(const std::optional<std::string>& until, const std::string& street = "Strømgade") {
    Person person;
    person.mutable_objekt_id()->set_uuid_identifikator(sag_uuid);
    person.mutable_registrering()->set_livscyklus_kode(vera::oio::v1::LIVSCYKLUS_KODE_RETTET);
    person.mutable_navn()->set_fornavne("Nancy Ann");
    set_address(*person.mutable_bopaelsadresse(), street);
    set_address(*person.mutable_kontaktadresse(), street);
    person.mutable_udlandsadresse()->set_landekode("NO");
    person.mutable_udlandsadresse()->add_adresselinjer(street + " 1");
    person.set_sogn("8294");
    person.set_brugervendtnoegle("n-1");
    if (!until) return person;
    person.mutable_adressebeskyttelse()->set_startdato("2026-03-01");
    person.mutable_adressebeskyttelse()->set_slutdato(*until);
    return person;
}

PersonFlyttet moved(const Person& person) {
    PersonFlyttet payload;
    *payload.mutable_person() = person;
    payload.set_flyttedato("2026-11-15");
    payload.set_til_kommunekode("0860");
    set_address(*payload.mutable_fraflytningsadresse(), "Strømgade");
    return payload;
}

Haendelsesbesked kuvert_of(const google::protobuf::Message& payload,
                           const std::string& beskedtype = "9f07a2fe-77dd-4f04-a770-ca705fdcf834") {
    auto kuvert = sample_kuvert();
    kuvert.mutable_beskedkuvert()
        ->mutable_filtreringsdata()
        ->mutable_beskedtype()
        ->set_uuid_identifikator(beskedtype);
    set_payload(kuvert, payload);
    return kuvert;
}

bool has_address(const std::string& bytes) {
    return bytes.find("Str\xc3\xb8mgade") != std::string::npos ||
           bytes.find("8294") != std::string::npos;
}

/// The bytes that are delivered at `now` without the right.
std::string delivered(const std::string& body,
                      Timestamp now,
                      const std::string& type = "application/protobuf",
                      const Catalogue& by = catalogue()) {
    const auto rest = by.without_protected_addresses(body, type, now);
    REQUIRE(rest);
    return rest->value_or(body);
}

PersonFlyttet payload_of(const std::string& bytes) {
    Haendelsesbesked kuvert;
    PersonFlyttet payload;
    REQUIRE(kuvert.ParseFromString(bytes));
    REQUIRE(kuvert.beskeddata(0).UnpackTo(&payload));
    return payload;
}

/// Field `number`, of the length kind.
std::string with_field(std::string message, char number, const std::string& bytes) {
    message.push_back(static_cast<char>(number << 3 | 2));
    message.push_back(static_cast<char>(bytes.size()));
    return message + bytes;
}

}  // namespace

TEST_CASE("addresses: a day of protection ends at midnight in Denmark", "[event]") {
    struct Row {
        std::string date;
        std::string want;
    };
    const auto row = GENERATE(values<Row>({{"2027-03-01", "2027-03-01T23:00:00.000Z"},
                                           {"2027-07-01", "2027-07-01T22:00:00.000Z"},
                                           {"2027-03-27", "2027-03-27T23:00:00.000Z"},
                                           {"2027-03-28", "2027-03-28T22:00:00.000Z"},
                                           {"2027-10-30", "2027-10-30T22:00:00.000Z"},
                                           {"2027-10-31", "2027-10-31T23:00:00.000Z"},
                                           {"2027-12-31", "2027-12-31T23:00:00.000Z"},
                                           {"2028-02-29", "2028-02-29T23:00:00.000Z"},
                                           {"2027-02-29", ""},
                                           {"2027-3-1", ""},
                                           {"", ""},
                                           {"snart", ""}}));
    CAPTURE(row.date);
    const auto end_of_day = end_of_danish_day(row.date);
    CHECK((end_of_day ? to_rfc3339(*end_of_day) : "") == row.want);
}

TEST_CASE("addresses: without the right there are none while protection runs", "[event]") {
    struct Row {
        std::string name;
        std::optional<std::string> until;
        Timestamp now;
        bool is_withheld;
    };
    const auto row = GENERATE(values<Row>({{"no protection", std::nullopt, before, false},
                                           {"no end", "", before, true},
                                           {"ends later", "2027-03-01", before, true},
                                           {"ends now", "2027-03-01", end, false},
                                           {"has ended", "2027-02-28", before, false},
                                           {"ends long after", "2099-01-01", end, true},
                                           {"end that is no date", "2027-02-30", end, true},
                                           {"end that is no text", "for evigt", end, true}}));
    const auto form = GENERATE(as<std::string>{}, "application/protobuf", "application/json");
    CAPTURE(row.name, form);
    const auto payload = moved(resident(row.until));
    const auto kuvert = kuvert_of(payload);
    std::string body = kuvert.SerializeAsString();
    if (form == "application/json") body = *kuvert_to_json(body, "application/protobuf", true);
    REQUIRE(has_address(body));
    // As far as the door lets it in.
    if (row.name.find("that is no") == std::string::npos)
        REQUIRE(outcome(raw_event(body, form)) == "accepted");
    else if (form == "application/json")
        return;
    CHECK(catalogue().may_hold_protected_address(body, form));
    const std::string got = delivered(body, row.now, form);
    CHECK(has_address(got) != row.is_withheld);
    if (!row.is_withheld) {
        CHECK(got == body);  // not a byte is touched
        return;
    }
    // Everything else is there, and it is a good event.
    auto want = payload;
    want.clear_fraflytningsadresse();
    auto& left = *want.mutable_person();
    left.clear_bopaelsadresse();
    left.clear_kontaktadresse();
    left.clear_udlandsadresse();
    left.clear_sogn();
    const std::string bytes = form == "application/json" ? *kuvert_from_json(got) : got;
    using google::protobuf::util::MessageDifferencer;
    CHECK(MessageDifferencer::Equals(payload_of(bytes), want));
    auto rest = kuvert_of(want);
    Haendelsesbesked all;
    REQUIRE(all.ParseFromString(bytes));
    CHECK(MessageDifferencer::Equals(all, rest));
    if (row.name.find("that is no") == std::string::npos)
        CHECK(outcome(raw_event(got, form)) == "accepted");
}

TEST_CASE("addresses: events of other types are none of it", "[event]") {
    const std::string bytes = sample_kuvert().SerializeAsString();
    const std::string json = *kuvert_to_json(bytes, "application/protobuf", false);
    CHECK_FALSE(catalogue().may_hold_protected_address(bytes, "application/protobuf"));
    CHECK_FALSE(catalogue().may_hold_protected_address(json, "application/json"));
    CHECK(delivered(bytes, before) == bytes);
    CHECK(delivered(json, before, "application/json") == json);
    const auto checked = catalogue().check(raw_event(bytes));
    CHECK_FALSE(std::get<Attributes>(checked).may_hold_protected_address);
    const auto person_event = catalogue().check(raw_event(kuvert_of(moved(resident("")))));
    CHECK(std::get<Attributes>(person_event).may_hold_protected_address);
}

TEST_CASE("addresses: one protected person in the kuvert protects the addresses of all in it",
          "[event]") {
    auto kuvert = kuvert_of(moved(resident(std::nullopt)));
    kuvert.add_beskeddata()->PackFrom(moved(resident("2027-03-01")));
    kuvert.add_beskeddata()->PackFrom(sample_payload());
    const std::string body = kuvert.SerializeAsString();
    REQUIRE(outcome(raw_event(body)) == "accepted");
    const std::string got = delivered(body, before);
    CHECK_FALSE(has_address(got));
    Haendelsesbesked read;
    REQUIRE(read.ParseFromString(got));
    REQUIRE(read.beskeddata_size() == 3);
    CHECK(read.beskeddata(2).value() == kuvert.beskeddata(2).value());
    CHECK(delivered(body, end) == body);
}

TEST_CASE("addresses: an event that says that protection has begun is believed", "[event]") {
    vera::person::v1::PersonAdressebeskyttelseAendret payload;
    *payload.mutable_person() = resident(std::nullopt);
    payload.set_er_beskyttet(true);
    const std::string type = "56d7b97a-9519-48d3-9817-7be4fd737a14";
    const std::string body = kuvert_of(payload, type).SerializeAsString();
    REQUIRE(outcome(raw_event(body)) == "accepted");
    CHECK_FALSE(has_address(delivered(body, before)));
    payload.set_er_beskyttet(false);
    const std::string ended = kuvert_of(payload, type).SerializeAsString();
    CHECK(delivered(ended, before) == ended);
}

TEST_CASE("addresses: with a protected address goes what nobody knows, and signatures", "[event]") {
    auto person_with_more = resident("2027-03-01");
    auto& extension = *person_with_more.mutable_registrering()->add_lokale_udvidelser();
    extension.set_sti("/adresse");
    extension.set_vaerdi("\"Strømgade 12\"");
    auto kuvert = kuvert_of(moved(person_with_more));
    auto& leverance = *kuvert.mutable_beskedkuvert()->mutable_leveranceinformation();
    auto& local = *leverance.mutable_leveranceinformation_lokal_udvidelse();
    local.mutable_beskedfordeler_signatur()->set_signature("<ds:DigestValue/>");
    local.add_any()->PackFrom(resident(std::nullopt));
    auto& foreign = *local.add_any();
    foreign.set_type_url("type.googleapis.com/ukendt.v1.Adresse");
    foreign.set_value("Strømgade 12");
    // A newer schema's field of the payload.
    std::string payload = kuvert.beskeddata(0).value();
    kuvert.mutable_beskeddata(0)->set_value(with_field(payload, 15, "Strømgade 12"));
    const std::string body = kuvert.SerializeAsString();
    REQUIRE(outcome(raw_event(body)) == "accepted");
    const std::string got = delivered(body, before);
    CHECK_FALSE(has_address(got));
    CHECK(got.find("DigestValue") == std::string::npos);
    CHECK(got.find("ukendt.v1.Adresse") != std::string::npos);
    Haendelsesbesked read;
    REQUIRE(read.ParseFromString(got));
    CHECK(outcome(raw_event(got)) == "accepted");
    CHECK(delivered(body, end) == body);
}

TEST_CASE("addresses: a kuvert extension may carry the person", "[event]") {
    auto kuvert = sample_kuvert();
    kuvert.mutable_beskedkuvert()
        ->mutable_filtreringsdata()
        ->mutable_objekt_registrering(0)
        ->mutable_objekt_registrering_lokal_udvidelse()
        ->add_any()
        ->PackFrom(resident("2027-03-01"));
    const std::string body = kuvert.SerializeAsString();
    REQUIRE(outcome(raw_event(body)) == "accepted");
    REQUIRE(has_address(body));
    CHECK_FALSE(has_address(delivered(body, before)));
    CHECK(delivered(body, end) == body);
}

TEST_CASE("addresses: in JSON names may be escaped, and unknown members go too", "[event]") {
    const std::string body = kuvert_of(moved(resident("2027-03-01"))).SerializeAsString();
    std::string json = *kuvert_to_json(body, "application/protobuf", false);
    const std::string type = "type.googleapis.com/vera.person.v1.PersonFlyttet";
    const auto at = json.find(type);
    REQUIRE(at != std::string::npos);
    SECTION("an escaped letter") {
        json.replace(at, type.size(), "type.googleapis.com/vera.person.v1.Person\\u0046lyttet");
    }
    SECTION("an escaped slash") {
        json.replace(at, type.size(), "type.googleapis.com\\/vera.person.v1.PersonFlyttet");
    }
    SECTION("an escaped key") {
        json.replace(json.find("@type"), 5, "\\u0040type");
    }
    SECTION("a member that the schema does not know") {
        json.insert(at + type.size() + 1, ",\"nyAdresse\":\"Strømgade 12\"");
    }
    REQUIRE(outcome(raw_event(json, "application/json")) == "accepted");
    CHECK(catalogue().may_hold_protected_address(json, "application/json"));
    CHECK_FALSE(has_address(delivered(json, before, "application/json")));
    CHECK(delivered(json, end, "application/json") == json);
}

TEST_CASE("addresses: what is no kuvert is an error, what is broken inside is left out",
          "[event]") {
    CHECK(catalogue()
              .without_protected_addresses("\x0a", "application/protobuf", before)
              .error()
              .text == "no kuvert");
    auto kuvert = kuvert_of(moved(resident("2027-02-28")));
    std::string payload = kuvert.beskeddata(0).value();
    const auto damage = GENERATE(0, 1, 2);
    CAPTURE(damage);
    if (damage == 0) payload += "\x7f";                                  // a cut-off field
    if (damage == 1) payload.resize(payload.size() - 1);                 // a cut-off address
    if (damage == 2) payload = with_field(payload, 2, "") + "\x08\x01";  // the person as a number
    kuvert.mutable_beskeddata(0)->set_value(payload);
    const std::string got = delivered(kuvert.SerializeAsString(), before);
    CHECK_FALSE(has_address(got));
    Haendelsesbesked read;
    CHECK(read.ParseFromString(got));
}

TEST_CASE("addresses: types of a folder are held to their marks; without a person nobody can tell",
          "[event]") {
    CatalogueParts parts{SchemaSet::built_in(), UuidNames::built_in()};
    const auto problems =
        parts.schemas.add({"skemaer", {{"bolig/v1/bolig.proto", R"(syntax = "proto3";
package bolig.v1;
import "vera/options/v1/options.proto";
import "vera/person/v1/person.proto";
import "google/protobuf/any.proto";
message BoligAnvist {
  option (vera.options.v1.besked) = { titel_da: "Bolig anvist" };
  string adresse = 1 [(vera.options.v1.beskyttet_adresse) = true];
  map<string, vera.person.v1.Person> beboere = 2;
  google.protobuf.Any mere = 3;
  repeated int32 tal = 4;
  BoligAnvist forrige = 5;
})"}}});
    REQUIRE(problems.empty());
    const auto made = Catalogue::make(std::move(parts));
    const Catalogue& known = *std::get<0>(made);
    const auto body_of = [&](const std::string& members) {
        auto besked = sample_kuvert();
        besked.clear_beskeddata();
        std::string json = *kuvert_to_json(besked.SerializeAsString(), "", false);
        json.back() = ',';
        const auto bytes = known.from_json(
            json + R"("Beskeddata":[{"@type":"type.googleapis.com/bolig.v1.BoligAnvist",)" +
            members + "}]}");
        REQUIRE(bytes);
        return *bytes;
    };
    const std::string one = R"({"objektId":{"UUIDIdentifikator":")" + sag_uuid +
                            R"("},"registrering":{"livscyklusKode":"LIVSCYKLUS_KODE_RETTET"}})";
    const std::string protected_one =
        one.substr(0, one.size() - 1) + R"(,"adressebeskyttelse":{"startdato":"2026-03-01"}})";
    struct Row {
        std::string name;
        std::string members;
        bool is_withheld;
    };
    const std::string address = R"("adresse":"Strømgade 12","tal":[1,2])";
    const std::vector<Row> rows{
        {"no person", address, true},
        {"somebody", address + R"(,"beboere":{"a":)" + one + "}", false},
        {"a protected one among them",
         address + R"(,"beboere":{"a":)" + one + R"(,"b":)" + protected_one + "}",
         true},
        {"deep inside",
         R"("forrige":{"forrige":{)" + address + R"(}},"beboere":{"a":)" + protected_one + "}",
         true},
        {"a protected one in an Any",
         address + R"(,"beboere":{"a":)" + one +
             R"(},"mere":{"@type":"type.googleapis.com/vera.person.v1.Person",)" +
             protected_one.substr(1) + "",
         true},
        {"the address in an Any",
         R"("beboere":{"a":)" + protected_one +
             R"(},"mere":{"@type":"type.googleapis.com/bolig.v1.BoligAnvist",)" + address + "}",
         true}};
    for (const Row& row : rows) {
        CAPTURE(row.name);
        const std::string body = body_of(row.members);
        REQUIRE(has_address(body));
        const std::string got = delivered(body, before, "application/protobuf", known);
        CHECK(has_address(got) != row.is_withheld);
        if (!row.is_withheld) CHECK(got == body);
        CHECK(known.to_json(got, "application/protobuf", false).has_value());
    }
}
