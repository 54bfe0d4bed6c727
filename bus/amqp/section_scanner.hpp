#pragma once
// The strict scan of a received message (AMQP 1.0 §3.2): header? delivery-annotations?
// message-annotations? properties? application-properties? body footer?, body = one or more data |
// one or more amqp-sequence | one amqp-value. Every section is walked to its end: constructors
// known, sizes and counts agree, UTF-8 valid, map keys as the section demands, nesting and value
// count bounded. No tree is built. What does not scan is `amqp:decode-error`, never stored, never
// passed on. Pure.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::amqp {

struct ScanLimits {
    int nesting = 32;
    std::uint32_t values = 1U << 20U;  ///< in one message
    bool needs_body = true;            ///< a message without a body section does not scan
};

enum class SectionBody : std::uint8_t { data, sequence, value_binary, value_string, value_other };

/// Where things are; views into the scanned bytes. An absent section is an empty view.
struct Sections {
    std::string_view header, delivery_annotations, message_annotations, properties,
        application_properties, body, footer;
    std::string_view bare;  ///< from properties (or application-properties, or body) up to the
                            ///< footer's end: leaves byte for byte

    // header (§3.2.1)
    bool is_durable = false;
    std::uint8_t priority = 4;
    std::uint32_t ttl_ms = 0;  ///< 0: absent

    // properties (§3.2.4) that the bus needs
    std::string_view message_id_text;  ///< if it is a string
    std::string_view user_id, to, subject, reply_to, content_type, content_encoding, group_id;
    std::string_view correlation_raw;  ///< the encoded value with its constructor, empty if absent
    std::string_view message_id_raw;   ///< the encoded value with its constructor, empty if absent
    Timestamp absolute_expiry;

    SectionBody body_kind = SectionBody::data;
    std::uint32_t body_sections = 0;  ///< number of data or amqp-sequence sections
    std::string_view content;  ///< of the only data section, or of an amqp-value that is binary,
                               ///< string or symbol; else empty
};

/// Errc::bad_input; the text names section and byte offset.
[[nodiscard]] Result<Sections> scan(std::string_view message, const ScanLimits& limits = {});

/// What the data sections of `body` hold, one behind the other; `body` comes from scan() and has
/// data sections alone.
[[nodiscard]] std::string joined_data(std::string_view body);

/// The entries of `application_properties` whose key begins with `prefix`, prefix cut off; strings
/// and symbols as they stand, timestamps as RFC 3339, booleans as true/false, integers in decimal;
/// other values are left out. `section` comes from scan().
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> properties_with_prefix(
    std::string_view section, std::string_view prefix);
/// An encoded value, such as message_id_raw, as text: conversions as above, a uuid in its usual
/// form; empty for other types.
[[nodiscard]] std::string value_text(std::string_view encoded);
/// Calls `see(key, the value's constructor)` for each entry of `message_annotations` with a symbol
/// as key, until it says false.
void each_annotation(std::string_view section,
                     const std::function<bool(std::string_view, const unsigned char*)>& see);
/// The value of one application property, or annotation, as text (conversions as above); empty if
/// absent.
[[nodiscard]] std::string property_text(std::string_view section, std::string_view key);

}  // namespace vera::amqp
