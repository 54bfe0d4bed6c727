#include "bus/event/catalogue.hpp"

#include "bus/base/uuid.hpp"
#include "bus/event/type_info.hpp"
#include "bus/event/uuid_names.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <variant>
#include <vector>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

using vera::besked::v1::Haendelsesbesked;

struct Row {
    std::string name;
    std::function<void(Haendelsesbesked&)> bend;
    std::string want;
};

auto& filter(Haendelsesbesked& besked) {
    return *besked.mutable_beskedkuvert()->mutable_filtreringsdata();
}
auto& registration(Haendelsesbesked& besked) {
    return *filter(besked).mutable_objekt_registrering(0);
}
auto& delivery(Haendelsesbesked& besked) {
    return *besked.mutable_beskedkuvert()->mutable_leveranceinformation();
}

void bend_payload(Haendelsesbesked& besked,
                  const std::function<void(vera::sag::v1::SagOprettet&)>& bend) {
    auto payload = sample_payload();
    bend(payload);
    set_payload(besked, payload);
}

}  // namespace

TEST_CASE("catalogue: a good kuvert gives its attributes in canonical form", "[event]") {
    const auto checked = catalogue().check(raw_event(sample_kuvert()));
    REQUIRE(outcome(raw_event(sample_kuvert())) == "accepted");
    const auto& attributes = std::get<Attributes>(checked);
    CHECK(attributes.id == "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a");
    CHECK(attributes.source == "urn:oio:cvr-nr:29189382/sagssystem");
    CHECK(attributes.type == "vera.sag.v1.SagOprettet");
    CHECK(attributes.subject == sag_uuid);
    CHECK(to_rfc3339(attributes.time) == "2026-11-23T12:00:05.123Z");
    CHECK(attributes.dataschema == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK(attributes.beskedtype == "72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
    CHECK(attributes.myndighed == "29189382");
    CHECK(attributes.objekttype == "d848c3b8-6bac-4d4e-adc7-97d37df52704");
    CHECK(attributes.handling == "0f6f1f5e-3c43-4b62-a7a7-6a1c2d3e4f50");
    CHECK(attributes.kle == "27.24.06");
    CHECK(attributes.foelsomhed == 2);
    CHECK(attributes.objects ==
          std::vector<std::string>{sag_uuid, "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"});
}

TEST_CASE("catalogue: what breaks a rule is refused with its path", "[event]") {
    const auto row = GENERATE(values<Row>({
        {"no id", [](auto& k) { k.clear_besked_id(); }, "vera:schema-invalid BeskedId: is missing"},
        {"empty id",
         [](auto& k) { k.mutable_besked_id()->Clear(); },
         "vera:schema-invalid BeskedId: wants one of UUIDIdentifikator, URNIdentifikator"},
        {"empty uuid",
         [](auto& k) { k.mutable_besked_id()->set_uuid_identifikator(""); },
         "vera:schema-invalid BeskedId: wants one of UUIDIdentifikator, URNIdentifikator"},
        {"uuid of another form",
         [](auto& k) { k.mutable_besked_id()->set_uuid_identifikator("2512484916"); },
         "vera:schema-invalid BeskedId.UUIDIdentifikator: is not a UUID"},
        {"no urn",
         [](auto& k) { k.mutable_besked_id()->set_urn_identifikator("oio:cvr-nr:29189382"); },
         "vera:schema-invalid BeskedId.URNIdentifikator: is not a URN"},
        {"no version",
         [](auto& k) { k.clear_besked_version(); },
         "vera:schema-invalid BeskedVersion: is missing"},
        {"no kuvert",
         [](auto& k) { k.clear_beskedkuvert(); },
         "vera:schema-invalid Beskedkuvert: is missing"},
        {"no filter part",
         [](auto& k) { k.mutable_beskedkuvert()->clear_filtreringsdata(); },
         "vera:schema-invalid Beskedkuvert.Filtreringsdata: is missing"},
        {"no delivery part",
         [](auto& k) { k.mutable_beskedkuvert()->clear_leveranceinformation(); },
         "vera:schema-invalid Beskedkuvert.Leveranceinformation: is missing"},
        {"no message type",
         [](auto& k) { filter(k).clear_beskedtype(); },
         "vera:schema-invalid Beskedkuvert.Filtreringsdata.Beskedtype: is missing"},
        {"related object without type",
         [](auto& k) {
             filter(k).add_relateret_objekt()->mutable_objekt_id()->set_uuid_identifikator(
                 sag_uuid);
         },
         "vera:schema-invalid Beskedkuvert.Filtreringsdata.RelateretObjekt[1].ObjektType: is "
         "missing"},
        {"empty time",
         [](auto& k) { delivery(k).mutable_dannelsestidspunkt()->Clear(); },
         "vera:schema-invalid Beskedkuvert.Leveranceinformation.Dannelsestidspunkt: wants one of "
         "TidsstempelDatoTid, GraenseIndikator"},
        {"time out of range",
         [](auto& k) {
             delivery(k).mutable_dannelsestidspunkt()->mutable_tidsstempel_dato_tid()->set_nanos(
                 -1);
         },
         "vera:schema-invalid "
         "Beskedkuvert.Leveranceinformation.Dannelsestidspunkt.TidsstempelDatoTid: is out of "
         "range (years 1 to 9999)"},
        {"CVR too short",
         [](auto& k) {
             registration(k).mutable_objekt_ansvarlig_myndighed()->set_urn_identifikator(
                 "urn:oio:cvr:2918938");
         },
         "vera:schema-invalid "
         "Beskedkuvert.Filtreringsdata.ObjektRegistrering[0].ObjektAnsvarligMyndighed."
         "URNIdentifikator: is not a CVR "
         "number (8 digits)"},
        {"KLE of another form",
         [](auto& k) {
             registration(k).mutable_opgave_emne()->set_urn_identifikator("urn:oio:kle:27.2");
         },
         "vera:schema-invalid "
         "Beskedkuvert.Filtreringsdata.ObjektRegistrering[0].OpgaveEmne.URNIdentifikator: is not a "
         "KLE number (NN, NN.NN "
         "or NN.NN.NN)"},
        {"unknown field in the kuvert",
         [](auto& k) {
             filter(k).GetReflection()->MutableUnknownFields(&filter(k))->AddVarint(99, 1);
         },
         "vera:schema-invalid Beskedkuvert.Filtreringsdata: unknown field number 99"},
        {"unknown type",
         [](auto& k) {
             k.mutable_beskeddata(0)->set_type_url("type.googleapis.com/vera.sag.v1.SagGlemt");
         },
         "vera:schema-unknown Beskeddata[0]: unknown type vera.sag.v1.SagGlemt"},
        {"known message that is no payload",
         [](auto& k) {
             k.mutable_beskeddata(0)->set_type_url("type.googleapis.com/vera.sag.v1.Sag");
         },
         "vera:schema-unknown Beskeddata[0]: unknown type vera.sag.v1.Sag: it is a message, but "
         "not "
         "one with the option besked, so no payload"},
        {"no type URL",
         [](auto& k) { k.mutable_beskeddata(0)->set_type_url("vera.sag.v1.SagOprettet"); },
         "vera:schema-invalid Beskeddata[0].@type: is not a type URL"},
        {"type URL with a CPR number",
         [](auto& k) { k.mutable_beskeddata(0)->set_type_url("x/2512484916"); },
         "vera:schema-invalid Beskeddata[0].@type: is not a type URL"},
        {"payload that is no Protobuf",
         [](auto& k) { k.mutable_beskeddata(0)->set_value("\x0a\x7f"); },
         "vera:schema-invalid Beskeddata[0]: is cut off or no Protobuf"},
        {"payload without its object",
         [](auto& k) { k.mutable_beskeddata(0)->clear_value(); },
         "vera:schema-invalid Beskeddata[0].sag: is missing"},
        {"payload with an empty required text",
         [](auto& k) {
             bend_payload(k,
                          [](auto& p) { p.mutable_sag()->mutable_egenskaber(0)->clear_titel(); });
         },
         "vera:schema-invalid Beskeddata[0].sag.egenskaber[0].titel: is missing"},
        {"payload without its state",
         [](auto& k) { bend_payload(k, [](auto& p) { p.mutable_sag()->clear_fremdrift(); }); },
         "vera:schema-invalid Beskeddata[0].sag.fremdrift: is missing"},
        {"payload with an unspecified enum",
         [](auto& k) {
             bend_payload(
                 k, [](auto& p) { p.mutable_sag()->mutable_fremdrift(0)->clear_fremdrift(); });
         },
         "vera:schema-invalid Beskeddata[0].sag.fremdrift[0].fremdrift: is missing"},
        {"second payload is checked too",
         [](auto& k) {
             *k.add_beskeddata() = k.beskeddata(0);
             k.mutable_beskeddata(1)->clear_value();
         },
         "vera:schema-invalid Beskeddata[1].sag: is missing"},
        {"message type of another payload",
         [](auto& k) {
             filter(k).mutable_beskedtype()->set_uuid_identifikator(
                 "9fd516e6-d0a6-47ea-8488-a931ea94ae6f");
         },
         "vera:attribute-mismatch Beskedkuvert.Filtreringsdata.Beskedtype: is not that of "
         "vera.sag.v1.SagOprettet, which is "
         "72b7b3b3-4938-43f3-83bf-e3aca929e9b2"},
        {"too many objects",
         [](auto& k) {
             for (int i = 0; i < 1024; ++i)
                 *filter(k).add_relateret_objekt() = filter(k).relateret_objekt(0);
         },
         "vera:schema-invalid Beskedkuvert.Filtreringsdata: has more than 1024 objects"},
    }));
    CAPTURE(row.name);
    auto besked = sample_kuvert();
    row.bend(besked);
    CHECK(outcome(raw_event(besked)) == row.want);
}

TEST_CASE("catalogue: what the XSD leaves open is accepted", "[event]") {
    const auto row = GENERATE(values<Row>({
        {"no payload", [](auto& k) { k.clear_beskeddata(); }, "accepted"},
        {"no object", [](auto& k) { filter(k).clear_objekt_registrering(); }, "accepted"},
        {"empty delivery part", [](auto& k) { delivery(k).Clear(); }, "accepted"},
        {"authority by UUID",
         [](auto& k) {
             registration(k).mutable_objekt_ansvarlig_myndighed()->set_uuid_identifikator(sag_uuid);
         },
         "accepted"},
        {"two payloads", [](auto& k) { *k.add_beskeddata() = k.beskeddata(0); }, "accepted"},
        {"unknown field in the payload",
         [](auto& k) {
             bend_payload(k, [](auto& p) {
                 p.mutable_sag()
                     ->GetReflection()
                     ->MutableUnknownFields(p.mutable_sag())
                     ->AddLengthDelimited(99, "x");
             });
         },
         "accepted"},
        {"unbounded time",
         [](auto& k) {
             k.mutable_beskedkuvert()->mutable_gyldighed_til()->set_graense_indikator(true);
         },
         "accepted"},
        {"local extension of an unknown type",
         [](auto& k) {
             auto& any = *registration(k).mutable_objekt_registrering_lokal_udvidelse()->add_any();
             any.set_type_url("x/y");
             any.set_value("z");
         },
         "accepted"},
        {"1024 objects",
         [](auto& k) {
             for (int i = 0; i < 1022; ++i)
                 *filter(k).add_relateret_objekt() = filter(k).relateret_objekt(0);
         },
         "accepted"},
    }));
    CAPTURE(row.name);
    auto besked = sample_kuvert();
    row.bend(besked);
    CHECK(outcome(raw_event(besked)) == row.want);
}

TEST_CASE("catalogue: both forms of a CVR URN give the authority, and one form of its id",
          "[event]") {
    auto besked = sample_kuvert();
    registration(besked).mutable_objekt_ansvarlig_myndighed()->set_urn_identifikator(
        "urn:oio:cvr:29189439");
    registration(besked).mutable_objekt_id()->set_urn_identifikator("urn:oio:cvr:29189439");
    const auto checked = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(std::get<Attributes>(checked).myndighed == "29189439");
    CHECK(std::get<Attributes>(checked).source == "urn:oio:cvr-nr:29189439/sagssystem");
    CHECK(std::get<Attributes>(checked).subject == "urn:oio:cvr-nr:29189439");
}

TEST_CASE("catalogue: objects come first from registrations, the first of them is the subject",
          "[event]") {
    auto besked = sample_kuvert();
    filter(besked).add_objekt_registrering()->mutable_objekt_id()->set_urn_identifikator(
        "urn:oio:pnr:1003388394");
    auto checked = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(std::get<Attributes>(checked).objects ==
          std::vector<std::string>{
              sag_uuid, "urn:oio:pnr:1003388394", "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"});
    registration(besked).clear_objekt_id();
    checked = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(std::get<Attributes>(checked).subject.empty());
}

TEST_CASE("catalogue: without a time of creation the first registration gives the time",
          "[event]") {
    auto besked = sample_kuvert();
    delivery(besked).clear_dannelsestidspunkt();
    const auto checked = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(to_rfc3339(std::get<Attributes>(checked).time) == "2026-11-23T12:00:00.000Z");
}

TEST_CASE("catalogue: sensitivity is the level of its class", "[event]") {
    struct Level {
        std::string uuid;
        int level;
    };
    const auto row = GENERATE(values<Level>({{"1D81C472-0808-44cc-963d-f5ef0170ae1d", 1},
                                             {"292e85a9-8ad4-46df-9e50-f97d6837ad74", 2},
                                             {"31c09910-e011-46a5-86fb-254374421fe8", 3},
                                             {"44f4108b-26d4-46de-a90f-35e35b55b8d8", 4},
                                             {"00000000-0000-4000-8000-000000000000", 0}}));
    auto besked = sample_kuvert();
    delivery(besked).mutable_sikkerhedsklassificering()->set_uuid_identifikator(row.uuid);
    const auto checked = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(std::get<Attributes>(checked).foelsomhed == row.level);
}

TEST_CASE(
    "catalogue: the form is told from the content-type or, without a telling one, from the bytes",
    "[event]") {
    const std::string protobuf = sample_kuvert().SerializeAsString();
    const std::string json = *kuvert_to_json(protobuf, "", true);
    const std::string type =
        GENERATE("", "application/octet-stream", "text/plain; charset=utf-8", "application/xml");
    CAPTURE(type);
    CHECK(outcome(raw_event(protobuf, type)) == "accepted");
    CHECK(outcome(raw_event(json, type)) == "accepted");
    CHECK(outcome(raw_event(" \n\t" + json, type)) == "accepted");
    CHECK(outcome(raw_event("\xef\xbb\xbf" + json, type)) == "accepted");
    CHECK(outcome(raw_event(json, "Application/JSON; charset=utf-8")) == "accepted");
    CHECK(outcome(raw_event(protobuf, "application/x-protobuf")) == "accepted");
    CHECK(outcome(raw_event(protobuf, "application/json")) ==
          "amqp:decode-error line 2: an object expected");
    CHECK(outcome(raw_event(json, "application/protobuf")) ==
          "amqp:decode-error is cut off or no Protobuf");
}

TEST_CASE("catalogue: a Protobuf kuvert that begins like JSON is still Protobuf", "[event]") {
    auto besked = sample_kuvert();
    // BeskedId of 0x7b bytes: the kuvert begins with a line feed and a brace.
    besked.mutable_besked_id()->set_urn_identifikator("urn:oio:" + std::string(0x7b - 2 - 8, 'x'));
    REQUIRE(besked.SerializeAsString().substr(0, 2) == "\n{");
    CHECK(outcome(raw_event(besked.SerializeAsString(), "")) == "accepted");
}

TEST_CASE("catalogue: a body that holds no kuvert is a decode error", "[event]") {
    RawEvent raw = raw_event(sample_kuvert());
    raw.body_kind = GENERATE(BodyKind::none, BodyKind::other);
    CHECK(outcome(raw) ==
          "amqp:decode-error body: data sections or an amqp-value of binary or string are wanted");
    CHECK(outcome(raw_event("")) == "amqp:decode-error body: is empty");
    RawEvent text = raw_event(*kuvert_to_json(sample_kuvert().SerializeAsString(), "", false), "");
    text.body_kind = BodyKind::value_string;
    CHECK(outcome(text) == "accepted");
}

TEST_CASE("catalogue: every payload type has a name, a Danish title and a beskedtype of its own",
          "[event]") {
    std::vector<std::string> beskedtyper;
    for (const TypeInfo& type : catalogue().types()) {
        CAPTURE(type.name);
        CHECK(catalogue().find(type.name) == &type);
        CHECK_FALSE(type.titel.empty());
        if (type.name == "vera.besked.v1.Base64Data") {
            CHECK(type.beskedtype.empty());  // any: it is for what is not modelled
            continue;
        }
        CHECK(parse_uuid(type.beskedtype).has_value());
        CHECK(std::ranges::count(beskedtyper, type.beskedtype) == 0);
        beskedtyper.push_back(type.beskedtype);
    }
    CHECK(beskedtyper.size() + 1 == catalogue().types().size());
    CHECK(beskedtyper.size() >= 100);  // life cycles of all classes, and business events
    CHECK(catalogue().find("vera.sag.v1.Sag") == nullptr);
}

TEST_CASE("catalogue: what was done to an object is called alike for all classes", "[event]") {
    const auto action = [](const std::string& type) {
        const TypeInfo* info = catalogue().find(type);
        REQUIRE(info != nullptr);
        const UuidName* name = catalogue().names().find(info->besked.objekthandling());
        REQUIRE(name != nullptr);
        CHECK(name->kind == UuidName::Kind::handling);
        return name->name;
    };
    for (const std::string object :
         {"sag.v1.Sag", "dokument.v1.Dokument", "organisation.v1.Bruger"})
        for (const std::string code :
             {"Opstaaet", "Importeret", "Rettet", "Passiveret", "Slettet"}) {
            CAPTURE(object, code);
            CHECK(action("vera." + object + code) == code);
        }
    CHECK(action("vera.sag.v1.SagAfsluttet") ==
          catalogue().find("vera.sag.v1.SagAfsluttet")->titel);
}
