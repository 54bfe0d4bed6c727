// The messages of other people's client libraries, byte by byte as the standard and their sources
// have it, on their way to `events`: each carries the same kuvert, and must mean the same. They are
// written by hand, so that no library here has a say in them.
#include "bus/amqp/inlet.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/flow/plan.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/audit/v1/record.pb.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;
using namespace std::string_literals;

namespace {

const std::string besked_id = "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a";

std::string protobuf() {
    return event::test::sample_kuvert().SerializeAsString();
}
std::string json() {
    return *event::test::kuvert_to_json(protobuf(), "application/protobuf", true);
}

/// 32-bit forms throughout: libraries that do not know a size beforehand.
std::string bin32(std::string_view v) {
    return "\xb0"s + wire::be(v.size(), 4) + std::string(v);
}
std::string str32(std::string_view v) {
    return "\xb1"s + wire::be(v.size(), 4) + std::string(v);
}

struct Shape {
    std::string name;
    std::string sections;  ///< header and annotations
    std::string bare;
};

// Qpid JMS: header durable; message-annotations x-opt-jms-msg-type and -dest, of type byte;
// message-id "ID:…", to, content-type only of a BytesMessage, creation-time.
Shape jms(std::string name, unsigned type, const std::string& content_type, std::string body) {
    const std::string header = "\x00\x53\x70\xc0\x02\x01\x41"s;
    const std::string notes =
        "\x00\x53\x72\xc1\x29\x04"s
        "\xa3\x12x-opt-jms-msg-type\x51"s +
        wire::byte(type) + "\xa3\x0ex-opt-jms-dest\x51\x00"s;
    const std::string properties =
        wire::described(0x73,
                        {wire::str("ID:6ba7b810-9dad-11d1-80b4-00c04fd430c8:1:1:1-1"),
                         wire::null,
                         wire::str("events"),
                         wire::null,
                         wire::null,
                         wire::null,
                         content_type.empty() ? wire::null : wire::sym(content_type),
                         wire::null,
                         wire::null,
                         wire::timestamp(1795435200000)});
    return {std::move(name), header + notes, properties + std::move(body)};
}

// AMQPNetLite: 32-bit lists and maps, binary and string of 32 bits; what is not set is left out.
Shape net_lite(std::string name, const std::string& content_type, std::string body) {
    const std::string header = "\x00\x53\x70\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x41"s;
    const std::string id = "\xa1\x04"s + "sag1";
    const std::string type = content_type.empty() ? "" : wire::sym(content_type);
    const std::string fields = id + (type.empty() ? "" : "\x40\x40\x40\x40\x40"s + type);
    const std::string properties = "\x00\x53\x73\xd0"s + wire::be(fields.size() + 4, 4) +
                                   wire::be(type.empty() ? 1 : 7, 4) + fields;
    return {std::move(name), header, properties + std::move(body)};
}

// The Azure SDKs: no header, or one without durable; annotations of theirs; a delivery-annotation;
// a data section; Diagnostic-Id among the application-properties.
Shape azure(std::string name, const std::string& content_type, std::string body) {
    const std::string header = "\x00\x53\x70\xc0\x01\x00"s;
    const std::string delivery = wire::described(
        0x71, wire::map({wire::sym("x-opt-lock-token"), "\x98"s + std::string(16, '\x11')}));
    const std::string notes =
        wire::described(0x72, wire::map({wire::sym("x-opt-partition-key"), wire::str("0860")}));
    const std::string properties =
        wire::described(0x73,
                        {wire::str("1f9c4b5e2a7d4c3b8a6f0e1d2c3b4a59"),
                         wire::null,
                         wire::null,
                         wire::str("Sag"),
                         wire::null,
                         wire::null,
                         content_type.empty() ? wire::null : wire::sym(content_type)});
    const std::string application = wire::described(
        0x74,
        wire::map({wire::str("Diagnostic-Id"),
                   wire::str("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")}));
    return {std::move(name), header + delivery + notes, properties + application + std::move(body)};
}

// Proton: a header with all five fields, properties as far as they are set; a bytes or binary body
// is a data section if `inferred`, else an amqp-value.
Shape proton(std::string name, const std::string& content_type, std::string body) {
    const std::string header = "\x00\x53\x70\xc0\x07\x05\x41\x50\x04\x40\x42\x43"s;
    const std::string properties =
        wire::described(0x73,
                        {wire::u64(1),
                         wire::null,
                         wire::null,
                         wire::null,
                         wire::null,
                         wire::null,
                         content_type.empty() ? wire::null : wire::sym(content_type)});
    return {std::move(name), header, properties + std::move(body)};
}

// rhea: no header unless something of it is set, no properties unless something of them is; a
// Buffer is an amqp-value of binary, text one of string.
Shape rhea(std::string name, const std::string& properties, std::string body) {
    return {std::move(name), "", properties + std::move(body)};
}

std::string data_section(std::string_view content) {
    return "\x00\x53\x75"s + bin32(content);
}
std::string amqp_value(const std::string& content) {
    return "\x00\x53\x77"s + content;
}
std::string in_pieces(const std::string& content, std::size_t piece) {
    std::string sections;
    for (std::size_t at = 0; at < content.size(); at += piece)
        sections += data_section(std::string_view(content).substr(at, piece));
    return sections;
}

std::vector<Shape> shapes() {
    const std::string octets = "application/octet-stream";
    return {
        jms("JMS BytesMessage, Protobuf", 3, octets, data_section(protobuf())),
        jms("JMS BytesMessage, JSON", 3, octets, data_section(json())),
        jms("JMS TextMessage", 5, "", amqp_value(str32(json()))),
        jms("JMS BytesMessage with its type named",
            3,
            "application/protobuf",
            data_section(protobuf())),
        net_lite("AMQPNetLite Data, Protobuf", "", data_section(protobuf())),
        net_lite("AMQPNetLite Data, JSON", "application/json", data_section(json())),
        net_lite("AMQPNetLite AmqpValue of byte[]", "", amqp_value(bin32(protobuf()))),
        net_lite("AMQPNetLite AmqpValue of string", "text/plain", amqp_value(str32(json()))),
        net_lite("AMQPNetLite DataList", "application/protobuf", in_pieces(protobuf(), 100)),
        azure("Azure SDK, JSON", "application/json", data_section(json())),
        azure("Azure SDK, JSON with a charset",
              "application/json; charset=utf-8",
              data_section(json())),
        azure("Azure SDK, no content type", "", data_section(protobuf())),
        azure("Azure SDK, a body of several segments", "", in_pieces(json(), 333)),
        proton(
            "Proton inferred binary, Protobuf", "application/protobuf", data_section(protobuf())),
        proton("Proton binary", "", amqp_value(bin32(protobuf()))),
        proton("Proton binary, JSON", octets, amqp_value(bin32(json()))),
        proton("Proton text", "application/json", amqp_value(str32(json()))),
        rhea("rhea text and nothing else", "", amqp_value(str32(json()))),
        rhea("rhea Buffer and nothing else", "", amqp_value(bin32(protobuf()))),
        rhea("rhea data section",
             wire::described(0x73,
                             {wire::null,
                              wire::null,
                              wire::null,
                              wire::null,
                              wire::null,
                              wire::null,
                              wire::sym("application/x-protobuf")}),
             data_section(protobuf())),
        rhea("text with a byte order mark and space before it",
             "",
             amqp_value(str32("\xef\xbb\xbf\r\n  " + json()))),
        {"symbolic descriptors", "", "\x00\xa3\x10"s + "amqp:data:binary" + bin32(protobuf())},
    };
}

flow::Plan plan_of(const std::string& message) {
    event::RawEvent raw;
    raw.message = Block::copy_of(message);
    raw.identity = std::make_shared<const event::Identity>(
        event::Identity{.system = "omsorg", .authority = "29189382", .mechanism = "PLAIN"});
    raw.arrival = Timestamp{1795435200000};
    const auto sections = amqp::scan(raw.message.view());
    REQUIRE(sections.has_value());
    amqp::fill_raw_event(*sections, true, raw);
    auto admitted = flow::admit(*test_snapshot(), raw);
    INFO((admitted.index() == 1 ? std::get<Refusal>(admitted).text : ""s));
    REQUIRE(admitted.index() == 0);
    return std::get<flow::Plan>(std::move(admitted));
}

}  // namespace

TEST_CASE("client shapes: the same kuvert is the same event, whoever wrapped it", "[amqp]") {
    const flow::Plan plain = plan_of(data_message(protobuf()));
    REQUIRE(plain.order_key != 0);
    for (const Shape& shape : shapes()) {
        CAPTURE(shape.name);
        const flow::Plan plan = plan_of(shape.sections + shape.bare);
        CHECK(plan.order_key == plain.order_key);  // subject
        CHECK(plan.id_hash == plain.id_hash);      // dedup
        CHECK(plan.queues == plain.queues);
        CHECK(plan.bytes_hash != plain.bytes_hash);
        audit::v1::Accepted record;
        REQUIRE(record.ParseFromString(plan.audit_record));
        CHECK(record.event_id() == besked_id);
        CHECK(record.type() == "vera.sag.v1.SagOprettet");
    }
}

TEST_CASE("client shapes: each is accepted, recognised when repeated, and leaves as it came",
          "[amqp]") {
    for (const Shape& shape : shapes()) {
        CAPTURE(shape.name);
        LiveBus bus;
        EngineClient client(bus.port());
        pn_link_t* link = client.sender("events");
        CHECK(client.outcome(client.send(link, shape.sections + shape.bare)) == PN_ACCEPTED);
        CHECK(client.outcome(client.send(link, shape.sections + shape.bare)) == PN_ACCEPTED);
        CHECK(bus.counts().duplicates == 1);
        client.receiver("sub/alt");
        REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
        const auto sections = amqp::scan(client.received[0].bytes);
        REQUIRE(sections.has_value());
        CHECK(sections->bare == shape.bare);
        // Annotations that are not the bus's own stay; those of the delivery end at the door.
        if (shape.sections.find("x-opt-jms-msg-type") != std::string::npos)
            CHECK(amqp::property_text(sections->message_annotations, "x-opt-jms-msg-type") ==
                  std::to_string(shape.sections[shape.sections.find("msg-type") + 9]));
        if (shape.sections.find("x-opt-partition-key") != std::string::npos)
            CHECK(amqp::property_text(sections->message_annotations, "x-opt-partition-key") ==
                  "0860");
        CHECK(sections->delivery_annotations.empty());
        // The same id in another wrapping is other bytes.
        pn_delivery_t* other = client.send(link, data_message(protobuf() + ""));
        CHECK(client.outcome(other) == PN_REJECTED);
        CHECK(EngineClient::error_name(other) == "vera:id-reused");
    }
}

TEST_CASE("client shapes: JMS properties are CloudEvents attributes, and must agree", "[amqp]") {
    const auto with = [](const std::string& name, const std::string& text) {
        Shape shape = jms("", 5, "", "");
        return shape.sections + shape.bare +
               wire::described(0x74, wire::map({wire::str(name), wire::str(text)})) +
               amqp_value(str32(json()));
    };
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("events");
    pn_delivery_t* wrong =
        client.send(link, with("cloudEvents_type", "vera.person.v1.PersonFlyttet"));
    CHECK(client.outcome(wrong) == PN_REJECTED);
    CHECK(EngineClient::error_name(wrong) == "vera:attribute-mismatch");
    CHECK(client.outcome(client.send(link, with("cloudEvents_type", "vera.sag.v1.SagOprettet"))) ==
          PN_ACCEPTED);
}

TEST_CASE("client shapes: what is no kuvert in any of these forms is refused by name", "[amqp]") {
    struct Row {
        std::string name, message, part;
    };
    const auto row = GENERATE(values<Row>({
        {"JMS MapMessage",
         jms("", 2, "", amqp_value(wire::map({wire::str("a"), wire::u32(1)}))).bare,
         "body: data sections or an amqp-value of binary or string"},
        {"JMS StreamMessage", wire::described(0x76, {wire::u32(1)}), "body: data sections"},
        {"JMS Message without body", amqp_value(wire::null), "body: data sections"},
        {"empty data section", data_section(""), "body: is empty"},
        {"empty data sections", data_section("") + data_section(""), "body: is empty"},
        {"half a kuvert", in_pieces(protobuf(), 100).substr(0, 108), ""},
    }));
    CAPTURE(row.name);
    LiveBus bus;
    EngineClient client(bus.port());
    pn_delivery_t* delivery = client.send(client.sender("events"), row.message);
    CHECK(client.outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_text(delivery).find(row.part) != std::string::npos);
    CHECK(bus.counts().accepted == 0);
}
