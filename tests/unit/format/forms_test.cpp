// Kuverts in the forms in which they can leave the bus.
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/json_writer.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/format/conversion.hpp"
#include "tests/support/catch.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

using namespace vera;
using namespace vera::format;
using nlohmann::json;

namespace {

std::string file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The built-in types, and the CloudEvents project's own message.
const event::Catalogue& catalogue() {
    static const auto made = [] {
        event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
        REQUIRE(parts.schemas
                    .add({"ce",
                          {{"cloudevents.proto",
                            file(std::string(VERA_FORMAT_DATA) + "/cloudevents.txt")}}})
                    .empty());
        return std::get<0>(event::Catalogue::make(std::move(parts)));
    }();
    return *made;
}

Result<std::string> converted(Form form, const std::string& kuvert_json) {
    const auto kuvert = catalogue().from_json(kuvert_json);
    INFO((kuvert ? "" : kuvert.error().text));
    REQUIRE(kuvert.has_value());
    event::RawEvent raw;
    raw.body_kind = event::BodyKind::data;
    raw.body = *kuvert;
    raw.content_type = "application/protobuf";
    const auto checked = catalogue().check(raw);
    const auto* refusal = std::get_if<Refusal>(&checked);
    INFO((refusal == nullptr ? "" : refusal->text));
    REQUIRE(refusal == nullptr);
    return convert(form, *kuvert, std::get<event::Attributes>(checked), catalogue());
}

std::string sample() {
    return file(std::string(VERA_SAMPLES) + "/01-sag-oprettet-hjoerring.json");
}

}  // namespace

TEST_CASE("format: a kuvert becomes XML in the order of its schema", "[format]") {
    const auto xml =
        converted(Form::beskedkuvert_xml, file(std::string(VERA_FORMAT_DATA) + "/kuvert.json"));
    REQUIRE(xml.has_value());
    CHECK(*xml == file(std::string(VERA_FORMAT_DATA) + "/kuvert.xml"));
}

TEST_CASE("format: what XML cannot say is an error that does not say it", "[format]") {
    json kuvert = json::parse(file(std::string(VERA_FORMAT_DATA) + "/kuvert.json"));
    kuvert["Beskedkuvert"]["Leveranceinformation"]["KildesystemIPAdresse"] = "a\x01hemmelig";
    const auto xml = converted(Form::beskedkuvert_xml, kuvert.dump());
    REQUIRE(!xml.has_value());
    CHECK(xml.error().text == "a text holds a character that XML cannot have");
}

TEST_CASE("format: a CloudEvent in JSON has the payload and the derived attributes", "[format]") {
    const auto text = converted(Form::cloudevents_json, sample());
    REQUIRE(text.has_value());
    const json event = json::parse(*text);
    const json kuvert = json::parse(sample());
    CHECK(event["specversion"] == "1.0");
    CHECK(event["id"] == "b183256e-a16e-4121-b07a-6fc42fd7b23a");
    CHECK(event["type"] == "vera.sag.v1.SagOprettet");
    CHECK(event["source"] == "urn:oio:cvr-nr:29189382/3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01");
    CHECK(event["subject"] == "68e58909-ccb2-4416-925a-56c9a30f4300");
    CHECK(event["time"] == "2026-11-16T08:12:03.250Z");
    CHECK(event["datacontenttype"] == "application/json");
    CHECK(event["dataschema"] == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK(event["kle"] == "27.36.04");
    CHECK(event["myndighed"] == "29189382");
    CHECK(event["foelsomhed"] == 2);
    json payload = kuvert["Beskeddata"][0];
    payload.erase("@type");
    CHECK(event["data"] == payload);
    for (const auto& [name, value] : event.items())
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
}

TEST_CASE("format: a CloudEvent in Protobuf is one of the CloudEvents project", "[format]") {
    const auto bytes = converted(Form::cloudevents_protobuf, sample());
    REQUIRE(bytes.has_value());
    const auto* type = catalogue().messages().find("io.cloudevents.v1.CloudEvent");
    REQUIRE(type != nullptr);
    const auto message = catalogue().messages().make(*type);
    REQUIRE(message->ParseFromString(*bytes));
    CHECK(message->GetReflection()->GetUnknownFields(*message).empty());
    const json event = json::parse(event::write_json(*message, catalogue().messages(), false));
    CHECK(event["id"] == "b183256e-a16e-4121-b07a-6fc42fd7b23a");
    CHECK(event["source"] == "urn:oio:cvr-nr:29189382/3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01");
    CHECK(event["specVersion"] == "1.0");
    CHECK(event["type"] == "vera.sag.v1.SagOprettet");
    const json& attributes = event["attributes"];
    CHECK(attributes["subject"]["ceString"] == "68e58909-ccb2-4416-925a-56c9a30f4300");
    CHECK(attributes["time"]["ceTimestamp"] == "2026-11-16T08:12:03.250Z");
    CHECK(attributes["dataschema"]["ceUri"] == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK(attributes["datacontenttype"]["ceString"] == "application/protobuf");
    CHECK(attributes["foelsomhed"]["ceInteger"] == 2);
    CHECK(attributes["kle"]["ceString"] == "27.36.04");
    CHECK(event["protoData"] == json::parse(sample())["Beskeddata"][0]);
}

TEST_CASE("format: a CloudEvent holds one payload", "[format]") {
    const std::string two = file(std::string(VERA_FORMAT_DATA) + "/kuvert.json");
    for (const Form form : {Form::cloudevents_json, Form::cloudevents_protobuf}) {
        const auto event = converted(form, two);
        REQUIRE(!event.has_value());
        CHECK(event.error().text == "Beskeddata: there are 2, and a CloudEvent holds one");
        json none = json::parse(two);
        none.erase("Beskeddata");
        CHECK(!converted(form, none.dump()).has_value());
    }
}

TEST_CASE("format: forms go by names and have content types", "[format]") {
    for (const std::string_view name :
         {"protobuf", "json", "cloudevents-json", "cloudevents-protobuf", "beskedkuvert-xml"}) {
        const auto form = form_called(name);
        REQUIRE(form.has_value());
        CHECK(name_of(*form) == name);
        CHECK(content_type_of(*form).starts_with("application/"));
    }
    CHECK(!form_called("xml").has_value());
}
