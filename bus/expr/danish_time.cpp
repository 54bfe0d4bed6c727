#include "bus/expr/danish_time.hpp"

#include <algorithm>

namespace vera::expr {
namespace {

using namespace std::chrono;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 86'400'000;

std::int64_t floored_days(std::int64_t ms) {
    return ms / day_ms - (ms % day_ms < 0 ? 1 : 0);
}

std::int64_t change_ms(year year, month month) {
    const sys_days sunday = year / month / Sunday[last];
    return std::int64_t{sunday.time_since_epoch().count()} * day_ms + 60 * minute_ms;
}

void append_number(std::string& text, unsigned number, std::size_t digits) {
    std::string made = std::to_string(number);
    text.append(made.size() < digits ? digits - made.size() : 0, '0').append(made);
}

}  // namespace

int minutes_east(std::int64_t ms) {
    const year_month_day day{sys_days{days{floored_days(ms)}}};
    if (day.year() < year{1996}) return 60;
    const bool is_summer =
        ms >= change_ms(day.year(), March) && ms < change_ms(day.year(), October);
    return is_summer ? 120 : 60;
}

sys_days danish_day(std::int64_t ms) {
    return sys_days{days{floored_days(ms + minutes_east(ms) * minute_ms)}};
}

std::int64_t danish_midnight(sys_days day) {
    const std::int64_t winter =
        std::int64_t{day.time_since_epoch().count()} * day_ms - 60 * minute_ms;
    return minutes_east(winter - 60 * minute_ms) == 120 ? winter - 60 * minute_ms : winter;
}

std::optional<sys_days> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    unsigned numbers[3] = {0, 0, 0};
    std::size_t which = 0;
    for (const char c : text) {
        if (c == '-') {
            ++which;
            continue;
        }
        if (c < '0' || c > '9' || which > 2) return std::nullopt;
        numbers[which] = numbers[which] * 10 + static_cast<unsigned>(c - '0');
    }
    const year_month_day day{
        year{static_cast<int>(numbers[0])}, month{numbers[1]}, std::chrono::day{numbers[2]}};
    if (!day.ok()) return std::nullopt;
    return sys_days{day};
}

std::string date_text(sys_days when) {
    const year_month_day day{when};
    const int year = static_cast<int>(day.year());
    if (year < 0 || year > 9999) return {};
    std::string text;
    append_number(text, static_cast<unsigned>(year), 4);
    text += '-';
    append_number(text, static_cast<unsigned>(day.month()), 2);
    text += '-';
    append_number(text, static_cast<unsigned>(day.day()), 2);
    return text;
}

}  // namespace vera::expr
