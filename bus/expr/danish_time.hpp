#pragma once
// Time and days in Denmark. The rule of summer time is the European one (Directive 2000/84/EC): it
// holds from 1996; before that, times are winter time.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vera::expr {

/// Minutes east of UTC at a point in time: 60 or 120.
[[nodiscard]] int minutes_east(std::int64_t ms);
/// The day in Denmark.
[[nodiscard]] std::chrono::sys_days danish_day(std::int64_t ms);
/// Midnight in Denmark, at which the day begins.
[[nodiscard]] std::int64_t danish_midnight(std::chrono::sys_days day);

/// "2026-11-23"; none if it is no day of the calendar.
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);
/// Years 0 to 9999; others give an empty text.
[[nodiscard]] std::string date_text(std::chrono::sys_days day);

}  // namespace vera::expr
