#include "bus/amqp/section_scanner.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/sections.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

std::string outcome(std::string_view message, const ScanLimits& limits = {}) {
    const auto found = scan(message, limits);
    return found ? "scans" : found.error().text;
}

}  // namespace

TEST_CASE("scanner: sections and properties of a whole message are found", "[amqp]") {
    const std::string message = header_section + delivery_annotations + message_annotations +
                                properties_section + application_properties + data_section +
                                footer_section;
    const auto found = scan(message);
    CAPTURE(outcome(message));
    REQUIRE(found.has_value());
    CHECK(found->header == header_section);
    CHECK(found->delivery_annotations == delivery_annotations);
    CHECK(found->message_annotations == message_annotations);
    CHECK(found->properties == properties_section);
    CHECK(found->application_properties == application_properties);
    CHECK(found->body == data_section);
    CHECK(found->footer == footer_section);
    CHECK(found->bare ==
          properties_section + application_properties + data_section + footer_section);
    CHECK(found->is_durable);
    CHECK(found->priority == 9);
    CHECK(found->ttl_ms == 60000);
    CHECK(found->message_id_text == "id-1");
    CHECK(found->message_id_raw == str("id-1"));
    CHECK(found->user_id == "user");
    CHECK(found->to == "events");
    CHECK(found->subject == "subject");
    CHECK(found->reply_to == "reply");
    CHECK(found->correlation_raw == u64(7));
    CHECK(found->content_type == "application/protobuf");
    CHECK(found->content_encoding == "gzip");
    CHECK(found->absolute_expiry == Timestamp{1700000000000});
    CHECK(found->group_id == "group");
    CHECK(found->body_kind == SectionBody::data);
    CHECK(found->body_sections == 1);
    CHECK(found->content == "payload");
}

TEST_CASE("scanner: what is absent stays at its default", "[amqp]") {
    const auto found = scan(data_section);
    REQUIRE(found.has_value());
    CHECK(found->bare == data_section);
    CHECK(found->header.empty());
    CHECK(found->footer.empty());
    CHECK_FALSE(found->is_durable);
    CHECK(found->priority == 4);
    CHECK(found->ttl_ms == 0);
    CHECK_FALSE(static_cast<bool>(found->absolute_expiry));
    const std::string all_null = described(0x70, {null, null, null}) +
                                 described(0x73, {null, null, null, str("s")}) + value_section;
    const auto nulls = scan(all_null);
    REQUIRE(nulls.has_value());
    CHECK(nulls->priority == 4);
    CHECK(nulls->message_id_raw.empty());
    CHECK(nulls->subject == "s");
}

TEST_CASE("scanner: the content is that of one data section or a textual value", "[amqp]") {
    struct Row {
        std::string name, body;
        SectionBody kind;
        std::uint32_t sections;
        std::string content;
    };
    const auto row = GENERATE(values<Row>({
        {"data", data_section, SectionBody::data, 1, "payload"},
        {"wide data", described(0x75, "\xb0\x00\x00\x00\x02hi"s), SectionBody::data, 1, "hi"},
        {"two data sections", data_section + data_section, SectionBody::data, 2, ""},
        {"sequence", sequence_section, SectionBody::sequence, 1, ""},
        {"binary value", described(0x77, bin("b")), SectionBody::value_binary, 0, "b"},
        {"string value", described(0x77, str("s")), SectionBody::value_string, 0, "s"},
        {"symbol value", described(0x77, sym("y")), SectionBody::value_string, 0, "y"},
        {"null value", described(0x77, null), SectionBody::value_other, 0, ""},
        {"number", described(0x77, u32(7)), SectionBody::value_other, 0, ""},
        {"described string",
         described(0x77, described(1, str("s"))),
         SectionBody::value_other,
         0,
         ""},
    }));
    CAPTURE(row.name);
    const auto found = scan(row.body);
    REQUIRE(found.has_value());
    CHECK(found->body_kind == row.kind);
    CHECK(found->body_sections == row.sections);
    CHECK(found->content == row.content);
    CHECK(found->body == row.body);
}

TEST_CASE("scanner: every combination of sections scans", "[amqp]") {
    for (const auto& [name, message] : all_messages()) {
        CAPTURE(name);
        CHECK(outcome(message) == "scans");
    }
}

TEST_CASE("scanner: every type in every encoding scans wherever any value may stand", "[amqp]") {
    for (const auto& [name, value] : all_values()) {
        CAPTURE(name);
        CHECK(outcome(described(0x77, value)) == "scans");
        CHECK(outcome(described(0x76, {value, value})) == "scans");
        CHECK(outcome(described(0x71, map({sym("k"), value})) + data_section) == "scans");
        CHECK(outcome(described(0x72, map({u64(1), value})) + data_section) == "scans");
        CHECK(outcome(data_section + described(0x78, map({sym("k"), value}))) == "scans");
        const bool is_simple =
            static_cast<unsigned char>(value[0]) < 0xc0 && value[0] != '\0' && value[0] != '\x45';
        CHECK(outcome(described(0x74, map({str("k"), value})) + data_section) ==
              (is_simple ? "scans" : "application-properties at byte 9: value is not simple"));
    }
}

TEST_CASE("scanner: any value cut short does not scan", "[amqp]") {
    for (const auto& [name, value] : all_values()) {
        const std::string message = described(0x77, value);
        for (std::size_t length = 0; length < message.size(); ++length) {
            CAPTURE(name, length);
            CHECK(outcome(message.substr(0, length)) != "scans");
        }
    }
}

TEST_CASE("scanner: messages that are none are refused with section and offset", "[amqp]") {
    struct Row {
        std::string name, message, want;
    };
    const auto row = GENERATE(values<Row>({
        {"no bytes", "", "message at byte 0: no body section"},
        {"no body", properties_section, "message at byte 112: no body section"},
        {"garbage (P6)", "\xff\xff\xff\xff\xff\xff"s, "message at byte 0: no section descriptor"},
        {"truncated section (P6)",
         "\x00\x53\x75\xb0\x00\x00\xff\xff\x41"s,
         "data at byte 3: truncated value"},
        {"descriptor alone", "\x00"s, "message at byte 0: truncated descriptor"},
        {"wide descriptor cut", "\x00\x80\x00\x00"s, "message at byte 0: truncated descriptor"},
        {"descriptor of no section",
         described(0x79, map({})),
         "message at byte 0: unknown section"},
        {"descriptor 0x6f", described(0x6f, map({})), "message at byte 0: unknown section"},
        {"descriptor 2^63", described(1ULL << 63U, map({})), "message at byte 0: unknown section"},
        {"unknown symbol",
         "\x00"s + sym("amqp:nothing:list") + list({}),
         "message at byte 0: unknown section"},
        {"descriptor is a string",
         "\x00"s + str("amqp:data:binary") + bin("x"),
         "message at byte 0: descriptor is neither ulong nor symbol"},
        {"nothing behind the descriptor", "\x00\x53\x75"s, "data at byte 3: truncated value"},
        {"header twice",
         header_section + header_section + data_section,
         "header at byte 17: section stands twice"},
        {"annotations before header",
         message_annotations + header_section + data_section,
         "header at byte 24: section out of order"},
        {"properties behind application properties",
         application_properties + properties_section + data_section,
         "properties at byte 50: section out of order"},
        {"header behind body",
         data_section + header_section,
         "header at byte 12: section out of order"},
        {"data behind sequence",
         sequence_section + data_section,
         "data at byte 13: a second kind of body"},
        {"two values",
         value_section + value_section,
         "amqp-value at byte 10: a second kind of body"},
        {"value behind data",
         data_section + value_section,
         "amqp-value at byte 12: a second kind of body"},
        {"footer without body", footer_section, "footer at byte 0: footer before the body"},
        {"footer twice",
         data_section + footer_section + footer_section,
         "footer at byte 34: section stands twice"},
        {"data behind footer",
         data_section + footer_section + data_section,
         "data at byte 34: section out of order"},
        {"bytes behind the message",
         data_section + "x",
         "message at byte 12: no section descriptor"},
        {"data is a string", described(0x75, str("x")), "data at byte 3: is not binary"},
        {"data is null", described(0x75, null), "data at byte 3: is not binary"},
        {"sequence is a map", described(0x76, map({})), "amqp-sequence at byte 3: is not a list"},
        {"header is a map",
         described(0x70, map({})) + data_section,
         "header at byte 3: is not a list"},
        {"six header fields",
         described(0x70, {yes, null, null, null, null, null}) + data_section,
         "header at byte 3: has too many fields"},
        {"durable is a number",
         described(0x70, {u32(1)}) + data_section,
         "header at byte 6: durable is not a boolean"},
        {"priority is a uint",
         described(0x70, {yes, u32(1)}) + data_section,
         "header at byte 7: priority is not a ubyte"},
        {"ttl is a ulong",
         described(0x70, {yes, null, u64(1)}) + data_section,
         "header at byte 8: ttl is not a uint"},
        {"boolean 2 in header",
         described(0x70, {"\x56\x02"s}) + data_section,
         "header at byte 6: boolean is neither 0 nor 1"},
        {"header longer than its fields",
         "\x00\x53\x70\xc0\x03\x01\x41\x41"s + data_section,
         "header at byte 7: size and count disagree"},
        {"header shorter than its fields",
         "\x00\x53\x70\xc0\x02\x02\x41"s + data_section,
         "header at byte 7: size and count disagree"},
        {"fourteen properties",
         "\x00\x53\x73\xc0\x0f\x0e"s + std::string(14, '\x40') + data_section,
         "properties at byte 3: has too many fields"},
        {"message-id is a uint",
         described(0x73, {u32(1)}) + data_section,
         "properties at byte 6: message-id is neither ulong, uuid, binary nor string"},
        {"user-id is a string",
         described(0x73, {null, str("u")}) + data_section,
         "properties at byte 7: user-id is not binary"},
        {"content-type is a string",
         described(0x73, {null, null, null, null, null, null, str("t")}) + data_section,
         "properties at byte 12: content-type is not a symbol"},
        {"content-type is not ASCII",
         described(0x73, {null, null, null, null, null, null, sym("\xe6")}) + data_section,
         "properties at byte 12: symbol is not ASCII"},
        {"expiry is a ulong",
         described(0x73, {null, null, null, null, null, null, null, null, u64(300)}) + data_section,
         "properties at byte 14: absolute-expiry-time is not a timestamp"},
        {"subject is not UTF-8",
         described(0x73, {null, null, null, str("\xff")}) + data_section,
         "properties at byte 9: string is not UTF-8"},
        {"application property with a symbol key",
         described(0x74, map({sym("k"), null})) + data_section,
         "application-properties at byte 6: key is not a string"},
        {"application property that is a list",
         described(0x74, map({str("k"), list({})})) + data_section,
         "application-properties at byte 9: value is not simple"},
        {"annotation with a string key",
         described(0x72, map({str("k"), null})) + data_section,
         "message-annotations at byte 6: key is not a symbol"},
        {"annotations are a list",
         described(0x71, {}) + data_section,
         "delivery-annotations at byte 3: is not a map"},
        {"a key without a value",
         described(0x72, "\xc1\x04\x01\xa3\x01k"s) + data_section,
         "message-annotations at byte 3: map has a key without a value"},
        {"map size above its pairs",
         described(0x74, "\xc1\x06\x02\xa1\x01k\x40\x40"s) + data_section,
         "application-properties at byte 3: size and count disagree"},
        {"map count above its pairs",
         described(0x74, "\xc1\x05\x04\xa1\x01k\x40"s) + data_section,
         "application-properties at byte 3: size and count disagree"},
        {"count 4294967295",
         described(0x77, "\xd0\x00\x00\x00\x05\xff\xff\xff\xff\x40"s),
         "amqp-value at byte 3: size and count disagree"},
        {"array of 4294967295 nulls",
         described(0x77, "\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"s),
         "amqp-value at byte 3: too many values"},
        {"array larger than its bytes",
         described(0x77, "\xe0\x03\x02\x50\x01"s),
         "amqp-value at byte 3: size and count disagree"},
        {"array of an unknown type",
         described(0x77, "\xe0\x02\x00\x46"s),
         "amqp-value at byte 6: unknown constructor"},
        {"unknown constructor",
         described(0x77, "\x57"s),
         "amqp-value at byte 3: unknown constructor"},
        {"char above U+10FFFF",
         described(0x77, "\x73\x00\x11\x00\x00"s),
         "amqp-value at byte 3: char is no Unicode scalar value"},
        {"char that is a surrogate",
         described(0x77, "\x73\x00\x00\xd8\x00"s),
         "amqp-value at byte 3: char is no Unicode scalar value"},
        {"overlong UTF-8",
         described(0x77, str("12345678\xc0\x80")),
         "amqp-value at byte 3: string is not UTF-8"},
        {"UTF-8 surrogate",
         described(0x77, str("\xed\xa0\x80")),
         "amqp-value at byte 3: string is not UTF-8"},
        {"UTF-8 above U+10FFFF",
         described(0x77, str("\xf4\x90\x80\x80")),
         "amqp-value at byte 3: string is not UTF-8"},
        {"UTF-8 cut",
         described(0x77, str("\xe2\x82")),
         "amqp-value at byte 3: string is not UTF-8"},
        {"inner string longer than its list",
         described(0x77, "\xc0\x03\x01\xa1\x09"s + std::string(9, 'x')),
         "amqp-value at byte 6: truncated value"},
    }));
    CAPTURE(row.name);
    CHECK(outcome(row.message) == row.want);
}

TEST_CASE("scanner: nesting and number of values are bounded", "[amqp]") {
    const std::string bomb = std::string(100000, '\0') + null;
    CHECK(outcome(described(0x77, bomb)) == "amqp-value at byte 35: nested too deeply");
    std::string pairs;
    for (int i = 0; i < 31; ++i)
        pairs += "\x00\x53\x01"s;
    CHECK(outcome(described(0x77, pairs + null)) == "scans");
    CHECK(outcome(described(0x77, pairs + "\x00\x53\x01\x00\x53\x01"s + null)) ==
          "amqp-value at byte 99: nested too deeply");
    std::string lists;
    for (int i = 0; i < 40; ++i)
        lists = list({lists.empty() ? null : lists});
    CHECK(outcome(described(0x77, lists)).ends_with("nested too deeply"));
    ScanLimits limits;
    limits.values = 3;
    CHECK(outcome(described(0x76, {null, null}), limits) == "scans");
    CHECK(outcome(described(0x76, {null, null, null}), limits) ==
          "amqp-sequence at byte 8: too many values");
}

TEST_CASE("scanner: sections may be described by symbols", "[amqp]") {
    const std::string message = "\x00"s + sym("amqp:properties:list") + list({str("id")}) +
                                "\x00"s + "\xb3\x00\x00\x00\x10"s + "amqp:data:binary" + bin("x");
    const auto found = scan(message);
    CAPTURE(outcome(message));
    REQUIRE(found.has_value());
    CHECK(found->message_id_text == "id");
    CHECK(found->content == "x");
}

TEST_CASE("scanner: application properties are read as text", "[amqp]") {
    const std::string section = described(0x74,
                                          map({str("cloudEvents_type"),
                                               str("dk.vera"),
                                               str("cloudEvents_n"),
                                               u32(300),
                                               str("cloudEvents_time"),
                                               timestamp(1700000000123),
                                               str("cloudEvents_b"),
                                               yes,
                                               str("cloudEvents_x"),
                                               bin("no text"),
                                               str("y"),
                                               "\x55\xfe"s,
                                               str("symbol"),
                                               sym("s"),
                                               str("nothing"),
                                               null}));
    const std::string message = section + data_section;
    const auto found = scan(message);
    REQUIRE(found.has_value());
    const auto attributes = properties_with_prefix(found->application_properties, "cloudEvents_");
    REQUIRE(attributes.size() == 4);
    CHECK(attributes[0] == std::pair<std::string_view, std::string>("type", "dk.vera"));
    CHECK(attributes[1] == std::pair<std::string_view, std::string>("n", "300"));
    CHECK(attributes[2] ==
          std::pair<std::string_view, std::string>("time", "2023-11-14T22:13:20.123Z"));
    CHECK(attributes[3] == std::pair<std::string_view, std::string>("b", "true"));
    CHECK(property_text(found->application_properties, "y") == "-2");
    CHECK(property_text(found->application_properties, "symbol") == "s");
    CHECK(property_text(found->application_properties, "nothing").empty());
    CHECK(property_text(found->application_properties, "absent").empty());
    CHECK(property_text({}, "absent").empty());
    CHECK(properties_with_prefix({}, "x").empty());
}
