// libFuzzer: any bytes as a message. What scans is written as a delivery, which must scan again
// with the same bare message.
#include "bus/amqp/delivery_writer.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/check.hpp"

using namespace vera;
using namespace vera::amqp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto found = scan(message);
    if (!found) return 0;
    VERA_CHECK(!found->body.empty());
    VERA_CHECK(found->header.size() + found->delivery_annotations.size() +
                   found->message_annotations.size() + found->bare.size() ==
               size);
    VERA_CHECK(found->properties.size() + found->application_properties.size() +
                   found->body.size() + found->footer.size() ==
               found->bare.size());
    (void)properties_with_prefix(found->application_properties, "c");
    (void)property_text(found->application_properties, "cloudEvents_type");
    Stamp stamp;
    stamp.subscription = "sub";
    stamp.sequence = EventSeq{size};
    stamp.dead_reason = size % 2 == 0 ? "attempts" : "";
    stamp.dead_queue = "sub";
    std::string out;
    write_head(*found, stamp, out);
    out.append(found->bare);
    ScanLimits limits;
    limits.values += 64;
    const auto again = scan(out, limits);
    VERA_CHECK(again.has_value());
    VERA_CHECK(again->bare == found->bare);
    VERA_CHECK(again->is_durable && again->priority == found->priority);
    VERA_CHECK(again->content == found->content && again->body_sections == found->body_sections);
    return 0;
}
