#pragma once
// Time values. All stored and computed times are UTC in whole milliseconds; RFC 3339 text at the
// edges.
#include "bus/base/result.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera {

using Millis = std::chrono::milliseconds;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z (leap seconds ignored, as in POSIX). 0
/// is "none".
struct Timestamp {
    std::int64_t ms = 0;

    explicit operator bool() const noexcept { return ms != 0; }
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
    friend Timestamp operator+(Timestamp t, Millis d) { return Timestamp{t.ms + d.count()}; }
    friend Millis operator-(Timestamp a, Timestamp b) { return Millis{a.ms - b.ms}; }
};

/// "2026-11-23T14:30:05.123Z" (RFC 3339, always UTC and three decimals).
[[nodiscard]] std::string to_rfc3339(Timestamp time);
/// Takes RFC 3339 with `Z` or an offset and up to nine decimals (truncated to milliseconds).
/// Errc::bad_input with the reason.
[[nodiscard]] Result<Timestamp> parse_rfc3339(std::string_view text);
/// "250ms", "30s", "5m", "24h", "30d"; a bare number is refused, units are required.
/// Errc::bad_input otherwise.
[[nodiscard]] Result<Millis> parse_duration(std::string_view text);
/// The shortest exact form that parse_duration takes: "90s", "24h".
[[nodiscard]] std::string to_text(Millis duration);

}  // namespace vera
