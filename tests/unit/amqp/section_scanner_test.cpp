#include "bus/amqp/section_scanner.hpp"

#include "bus/amqp/delivery_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

TEST_CASE("scanner: sections and properties of a whole message are found", "[amqp]") {
    const std::string header = described(0x70, {yes, u8(7), u32(5000)});
    const std::string annotations =
        described(0x72, map({sym("x-opt-vera-leaf"), u32(1), sym("x-opt-kept"), str("v")}));
    const std::string properties = described(0x73,
                                             {str("id-1"),
                                              bin("user"),
                                              str("events"),
                                              str("subject"),
                                              null,
                                              u64(7),
                                              sym("application/protobuf")});
    const std::string application =
        described(0x74, map({str("cloudEvents_type"), str("t"), str("n"), u32(3)}));
    const std::string body = described(0x75, bin("payload"));
    const std::string message = header + annotations + properties + application + body;
    const auto found = scan(message);
    CAPTURE(found.has_value() ? "" : found.error().text);
    REQUIRE(found.has_value());
    CHECK(found->header == header);
    CHECK(found->message_annotations == annotations);
    CHECK(found->properties == properties);
    CHECK(found->application_properties == application);
    CHECK(found->body == body);
    CHECK(found->bare == properties + application + body);
    CHECK(found->is_durable);
    CHECK(found->priority == 7);
    CHECK(found->ttl_ms == 5000);
    CHECK(found->message_id_text == "id-1");
    CHECK(found->subject == "subject");
    CHECK(found->content_type == "application/protobuf");
    CHECK(found->content == "payload");
    CHECK(property_text(found->application_properties, "n") == "3");

    std::string out;
    Stamp stamp;
    stamp.subscription = "a";
    stamp.sequence = EventSeq{9};
    write_delivery(*found, stamp, out);
    const auto again = scan(out);
    REQUIRE(again.has_value());
    CHECK(again->bare == found->bare);
    CHECK(again->message_annotations.find("x-opt-kept") != std::string_view::npos);
    CHECK(again->message_annotations.find("x-opt-vera-leaf") == std::string_view::npos);
}
