// Class by class against LoRa's own description of the model: every attribute, state, value of a
// state and relation is there under its name, and whatever is there beyond it names another source.
#include "tests/support/catch.hpp"
#include "tests/unit/schemas/schema_pool.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

using namespace vera::schemas::test;
using nlohmann::json;
using Names = std::set<std::string>;

namespace {

const json& lora() {
    static const json all = json::parse(std::ifstream(VERA_LORA_SCHEMAS));
    return all;
}

const Descriptor& class_named(const std::string& name) {
    for (const Descriptor* one : classes())
        if (lower(one->name()) == lower(name)) return *one;
    FAIL("no class " << name);
    std::abort();
}

/// The field of a group of attributes or a state: LoRa's name begins with that of the class.
const FieldDescriptor* list_named(const Descriptor& one, const std::string& lora_name) {
    const std::string own = lora_name.substr(one.name().size());
    for (int i = 0; i < one.field_count(); ++i)
        if (source_name(*one.field(i)) == own) return one.field(i);
    return nullptr;
}

const FieldDescriptor* field_named(const Descriptor& message, const std::string& name) {
    for (int i = 0; i < message.field_count(); ++i)
        if (source_name(*message.field(i)) == name) return message.field(i);
    return nullptr;
}

/// Of the classes that LoRa has, OIO's names are LoRa's too; what newer OS2mo adds says so.
bool is_from_lora(const FieldDescriptor& field) {
    const std::string text = comment(field);
    const bool is_named =
        text.find("[LoRa]") != std::string::npos || text.find("[OIO]") != std::string::npos;
    return is_named && text.find("OS2mo") == std::string::npos;
}

bool is_required(const FieldDescriptor& field) {
    return field.options().GetExtension(vera::options::v1::required);
}

std::uint32_t max_at_a_time(const FieldDescriptor& field) {
    return field.options().GetExtension(vera::options::v1::max_at_a_time);
}

/// The members of a relation's entries, whether told by uuid or by urn.
Names members(const json& relation) {
    const json& items = relation["items"];
    Names names;
    const auto collect = [&names](const json& entry) {
        for (const auto& [name, _] : entry["properties"].items())
            names.insert(name);
    };
    if (items.contains("oneOf"))
        for (const json& entry : items["oneOf"])
            collect(entry);
    else
        collect(items);
    return names;
}

/// Where each member of LoRa's entry that every relation has goes.
const std::map<std::string, std::string> of_every_relation{{"uuid", "reference_id"},
                                                           {"urn", "reference_id"},
                                                           {"virkning", "virkning"},
                                                           {"indeks", "indeks"},
                                                           {"objekttype", "objekttype"}};

void check_attributes(const Descriptor& one, const json& attributter) {
    for (const auto& [group, definition] : attributter["properties"].items()) {
        CAPTURE(group);
        const FieldDescriptor* list = list_named(one, group);
        REQUIRE(list != nullptr);
        REQUIRE(list->is_repeated());
        const json& items = definition["items"];
        for (const auto& [name, type] : items["properties"].items()) {
            CAPTURE(name);
            const FieldDescriptor* field = field_named(*list->message_type(), name);
            REQUIRE(field != nullptr);
            if (type.value("type", "") == "array") CHECK(field->is_repeated());
            if (type.value("type", "") == "boolean")
                CHECK(field->type() == FieldDescriptor::TYPE_BOOL);
        }
        const Names needed = items["required"].get<Names>();
        for (int i = 0; i < list->message_type()->field_count(); ++i) {
            const FieldDescriptor& field = *list->message_type()->field(i);
            CAPTURE(field.name());
            if (is_required(field)) CHECK(needed.contains(source_name(field)));
            if (is_from_lora(field)) CHECK(items["properties"].contains(source_name(field)));
        }
    }
}

void check_states(const Descriptor& one, const json& tilstande) {
    for (const auto& [state, definition] : tilstande["properties"].items()) {
        CAPTURE(state);
        const FieldDescriptor* list = list_named(one, state);
        REQUIRE(list != nullptr);
        const FieldDescriptor* value = list->message_type()->FindFieldByName(list->name());
        REQUIRE(value != nullptr);
        REQUIRE(value->enum_type() != nullptr);
        Names ours;
        for (int i = 1; i < value->enum_type()->value_count(); ++i)
            ours.insert(value->enum_type()->value(i)->options().GetExtension(
                vera::options::v1::source_text));
        CHECK(ours == definition["items"]["properties"][list->name()]["enum"].get<Names>());
    }
}

void check_relations(const Descriptor& one, const json& relationer) {
    const Descriptor& ours = *one.FindFieldByName("relationer")->message_type();
    for (const auto& [relation, definition] : relationer["properties"].items()) {
        CAPTURE(relation);
        const FieldDescriptor* field = field_named(ours, relation);
        REQUIRE(field != nullptr);
        REQUIRE(field->is_repeated());
        CHECK(max_at_a_time(*field) == definition.value("maxItems", 0U));
        for (const std::string& member : members(definition)) {
            CAPTURE(member);
            const auto common = of_every_relation.find(member);
            CHECK(field_named(*field->message_type(),
                              common == of_every_relation.end() ? member : common->second) !=
                  nullptr);
        }
    }
    for (int i = 0; i < ours.field_count(); ++i) {
        CAPTURE(ours.field(i)->name());
        if (is_from_lora(*ours.field(i)))
            CHECK(relationer["properties"].contains(source_name(*ours.field(i))));
    }
}

/// LoRa's schema of a Dokument says nothing but that it is an object; this is its db_structure.
const json& dokument() {
    static const json said = json::parse(R"({
      "egenskaber": ["brugervendtnoegle", "beskrivelse", "brevdato", "kassationskode", "major", "minor", "offentlighedundtaget",
                     "titel", "dokumenttype", "integrationsdata"],
      "fremdrift": ["Modtaget", "Fordelt", "Underudarbejdelse", "Underreview", "Publiceret", "Endeligt", "Afleveret"],
      "one": ["nyrevision", "primaerklasse", "ejer", "ansvarlig", "primaerbehandler", "fordelttil"],
      "many": ["arkiver", "besvarelser", "udgangspunkter", "kommentarer", "bilag", "andredokumenter", "andreklasser",
               "andrebehandlere", "parter", "kopiparter", "tilknyttedesager"],
      "variant": ["arkivering", "delvisscannet", "offentliggoerelse", "produktion"],
      "del": ["indeks", "indhold", "lokation", "mimetype"]})");
    return said;
}

void check_has(const Descriptor& message, const json& names) {
    for (const std::string name : names) {
        CAPTURE(message.full_name(), name);
        CHECK(field_named(message, name) != nullptr);
    }
}

}  // namespace

TEST_CASE("schemas: LoRa's classes are there, name by name", "[schemas]") {
    REQUIRE(lora().size() == 15);
    for (const auto& [name, schema] : lora().items()) {
        CAPTURE(name);
        const Descriptor& one = class_named(name);
        if (!schema.contains("properties")) {
            CHECK(name == "Dokument");
            continue;
        }
        check_attributes(one, schema["properties"]["attributter"]);
        check_states(one, schema["properties"]["tilstande"]);
        check_relations(one, schema["properties"]["relationer"]);
    }
}

TEST_CASE("schemas: Dokument is there, name by name", "[schemas]") {
    const Descriptor& one = class_named("Dokument");
    check_has(*one.FindFieldByName("egenskaber")->message_type(), dokument()["egenskaber"]);
    const Descriptor& relations = *one.FindFieldByName("relationer")->message_type();
    for (const char* card : {"one", "many"})
        for (const std::string name : dokument()[card]) {
            CAPTURE(name);
            REQUIRE(field_named(relations, name) != nullptr);
            CHECK(max_at_a_time(*field_named(relations, name)) ==
                  (std::string(card) == "one" ? 1U : 0U));
        }
    const FieldDescriptor* state = one.FindFieldByName("fremdrift");
    const EnumDescriptor* values = state->message_type()->FindFieldByName("fremdrift")->enum_type();
    Names ours;
    for (int i = 1; i < values->value_count(); ++i)
        ours.insert(values->value(i)->options().GetExtension(vera::options::v1::source_text));
    CHECK(ours == dokument()["fremdrift"].get<Names>());
    const Descriptor& variant = *one.FindFieldByName("varianter")->message_type();
    check_has(variant, {"varianttekst", "egenskaber", "dele"});
    check_has(*variant.FindFieldByName("egenskaber")->message_type(), dokument()["variant"]);
    const Descriptor& del = *variant.FindFieldByName("dele")->message_type();
    check_has(del, {"deltekst", "egenskaber", "relationer"});
    check_has(*del.FindFieldByName("egenskaber")->message_type(), dokument()["del"]);
    check_has(*del.FindFieldByName("relationer")->message_type(), {"underredigeringaf"});
}

TEST_CASE("schemas: every class has the one shape", "[schemas]") {
    for (const Descriptor* one : classes()) {
        CAPTURE(one->full_name());
        CHECK(one->FindFieldByNumber(1)->name() == "objekt_id");
        CHECK(one->FindFieldByNumber(2)->name() == "registrering");
        CHECK(is_required(*one->FindFieldByNumber(1)));
        CHECK(is_required(*one->FindFieldByNumber(2)));
        if (one->name() == "Person") continue;  // a snapshot: its README tells why
        CHECK(one->FindFieldByNumber(3)->name() == "egenskaber");
        CHECK(is_required(*one->FindFieldByNumber(3)));
        for (int i = 2; i < one->field_count(); ++i) {
            const FieldDescriptor& field = *one->field(i);
            CAPTURE(field.name());
            CHECK(field.is_repeated() == (field.name() != "relationer"));
            if (field.name() == "relationer" || field.name() == "varianter") continue;
            CHECK(field.message_type()->FindFieldByNumber(1)->name() == "virkning");
        }
    }
}

TEST_CASE("schemas: a relation has Relation's fields", "[schemas]") {
    const Descriptor* relation = nullptr;
    for (const Descriptor* message : messages())
        if (message->full_name() == "vera.oio.v1.Relation") relation = message;
    REQUIRE(relation != nullptr);
    for (const Descriptor* one : classes()) {
        const FieldDescriptor* relations = one->FindFieldByName("relationer");
        if (relations == nullptr) continue;
        for (int i = 0; i < relations->message_type()->field_count(); ++i) {
            const FieldDescriptor& field = *relations->message_type()->field(i);
            CAPTURE(field.full_name());
            REQUIRE(field.is_repeated());
            REQUIRE(field.message_type() != nullptr);
            for (int n = 1; n <= relation->field_count(); ++n) {
                const FieldDescriptor* own = field.message_type()->FindFieldByNumber(n);
                REQUIRE(own != nullptr);
                CHECK(own->name() == relation->FindFieldByNumber(n)->name());
                CHECK(own->type() == relation->FindFieldByNumber(n)->type());
            }
        }
    }
}
