#include "bus/base/time.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace vera {
namespace {

/// Reads exactly `count` digits at `at`; -1 if they are not there.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

Failure bad_time(std::string_view what) {
    return fail(Errc::bad_input, "not an RFC 3339 time: " + std::string(what));
}

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<Unit, 5> units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

}  // namespace

std::string to_rfc3339(Timestamp time) {
    const std::chrono::sys_time<Millis> point{Millis{time.ms}};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss<Millis> clock{point - day};
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(),
                  buffer.size(),
                  "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return buffer.data();
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (year < 0 || month < 0 || day < 0 || text[4] != '-' || text[7] != '-')
        return bad_time("no date");
    if (hour < 0 || minute < 0 || second < 0 || (text[10] != 'T' && text[10] != 't') ||
        text[13] != ':' || text[16] != ':')
        return bad_time("no time of day");
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60)
        return bad_time("field out of range");
    std::size_t at = 19;
    std::int64_t milliseconds = 0;
    if (at < text.size() && text[at] == '.') {
        std::size_t decimals = 0;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++decimals)
            if (decimals < 3) milliseconds = milliseconds * 10 + (text[at] - '0');
        if (decimals == 0 || decimals > 9) return bad_time("decimals");
        for (; decimals < 3; ++decimals)
            milliseconds *= 10;
    }
    std::int64_t offset_minutes = 0;
    if (at == text.size()) return bad_time("no zone");
    if (text[at] == 'Z' || text[at] == 'z') {
        ++at;
    } else if (text[at] == '+' || text[at] == '-') {
        const int offset_hour = digits(text, at + 1, 2);
        const int offset_minute = digits(text, at + 4, 2);
        if (offset_hour < 0 || offset_minute < 0 || text[at + 3] != ':' || offset_hour > 23 ||
            offset_minute > 59)
            return bad_time("offset");
        offset_minutes = (text[at] == '-' ? -1 : 1) * (offset_hour * 60 + offset_minute);
        at += 6;
    } else {
        return bad_time("no zone");
    }
    if (at != text.size()) return bad_time("text behind it");
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t minutes =
        static_cast<std::int64_t>(days) * 1440 + hour * 60 + minute - offset_minutes;
    return Timestamp{(minutes * 60 + second) * 1000 + milliseconds};
}

Result<Millis> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    if (error == std::errc{} && number >= 0) {
        for (const Unit& known : units)
            if (unit == known.name && number <= std::numeric_limits<std::int64_t>::max() / known.ms)
                return Millis{number * known.ms};
    }
    return fail(Errc::bad_input,
                "not a duration (a number and one of ms, s, m, h, d, such as 30s)");
}

std::string to_text(Millis duration) {
    const std::int64_t ms = duration.count();
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit)
        if (ms != 0 && ms % unit->ms == 0)
            return std::to_string(ms / unit->ms) + std::string(unit->name);
    return std::to_string(ms) + "ms";
}

}  // namespace vera
