#include "bus/amqp/schedule_annotations.hpp"

#include "bus/amqp/amqp_codec.hpp"

#include <limits>
#include <string>
#include <variant>

namespace vera::amqp {
namespace {

constexpr std::string_view time_key = "x-opt-delivery-time";
constexpr std::string_view delay_key = "x-opt-delivery-delay";

Refusal wrong(std::string_view key, const std::string& what) {
    return {Condition::invalid_field, "message annotation " + std::string(key) + ": " + what};
}

/// The value of an integer; one that does not fit is as far away as can be.
std::optional<std::int64_t> integer_of(const Byte* at) {
    switch (*at) {
        case code::uint0:
        case code::ulong0:
            return 0;
        case code::ubyte:
        case code::smalluint:
        case code::smallulong:
            return at[1];
        case code::byte:
        case code::smallint:
        case code::smalllong:
            return static_cast<std::int8_t>(at[1]);
        case code::ushort:
            return read16(at + 1);
        case code::short_:
            return static_cast<std::int16_t>(read16(at + 1));
        case code::uint:
            return read32(at + 1);
        case code::int_:
            return static_cast<std::int32_t>(read32(at + 1));
        case code::long_:
            return static_cast<std::int64_t>(read64(at + 1));
        case code::ulong: {
            constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
            const std::uint64_t value = read64(at + 1);
            return static_cast<std::int64_t>(value < most ? value : most);
        }
        default:
            return std::nullopt;
    }
}

std::variant<Timestamp, Refusal> moment_of(std::string_view key,
                                           const Byte* value,
                                           Timestamp arrival,
                                           Millis longest) {
    const bool is_time = key == time_key;
    std::optional<std::int64_t> number = integer_of(value);
    if (is_time && *value == code::timestamp) number = static_cast<std::int64_t>(read64(value + 1));
    if (!number)
        return wrong(key, is_time ? "is neither an integer nor a timestamp" : "is not an integer");
    if (!is_time && *number < 0) return wrong(key, "is negative");
    const std::int64_t from = is_time ? arrival.ms : 0;
    if (*number > from && *number - from > longest.count())
        return wrong(key, "is more than " + to_text(longest) + " ahead");
    return is_time ? Timestamp{*number} : arrival + Millis{*number};
}

bool expires_before(Timestamp ready_at, const event::RawEvent& raw) {
    if (raw.ttl_ms != 0 && raw.arrival + Millis{raw.ttl_ms} <= ready_at) return true;
    return raw.absolute_expiry && raw.absolute_expiry <= ready_at;
}

}  // namespace

std::optional<Refusal> read_schedule(const Sections& sections,
                                     Millis longest,
                                     event::RawEvent& raw) {
    if (sections.message_annotations.empty()) return std::nullopt;
    std::optional<Refusal> refusal;
    std::string_view found;
    each_annotation(sections.message_annotations, [&](std::string_view key, const Byte* value) {
        if (key != time_key && key != delay_key) return true;
        if (!found.empty()) {
            refusal = wrong(key, "comes beside " + std::string(found) + "; only one is taken");
            return false;
        }
        found = key;
        auto moment = moment_of(key, value, raw.arrival, longest);
        if (auto* why = std::get_if<Refusal>(&moment)) {
            refusal = std::move(*why);
            return false;
        }
        const Timestamp ready_at = std::get<Timestamp>(moment);
        if (ready_at <= raw.arrival) return true;
        raw.ready_at = ready_at;
        if (expires_before(ready_at, raw))
            refusal = wrong(key, "the message has expired by then (ttl, absolute-expiry-time)");
        return !refusal;
    });
    return refusal;
}

}  // namespace vera::amqp
