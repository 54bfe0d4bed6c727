#include "bus/expr/danish_time.hpp"
#include "bus/expr/function_parts.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <string_view>

namespace vera::expr {
namespace {

using namespace std::chrono;

constexpr std::string_view no_date = "the argument is no date (2026-11-23)";
constexpr std::string_view no_pattern =
    "a date's pattern has YYYY, MM and DD once each, and separators";
constexpr std::string_view no_match = "the text is no date of that pattern";

Value made_date(sys_days day, Scratch& scratch, Complaint& complaint) {
    const std::string text = date_text(day);
    if (text.empty()) complaint.what = "the date is not within the years 0 to 9999";
    return made_text(text.size(), scratch, complaint, [&](std::string& made) { made = text; });
}

Value date(Arguments a, Scratch& scratch, Complaint& complaint) {
    return made_date(danish_day(a[0].number), scratch, complaint);
}

/// "2026-11-23T14:30:00+01:00".
Value date_time(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::int64_t east = minutes_east(a[0].number);
    const sys_days day = danish_day(a[0].number);
    const std::int64_t ms =
        a[0].number + east * 60'000 - std::int64_t{day.time_since_epoch().count()} * 86'400'000;
    const std::string text = date_text(day);
    if (text.empty()) complaint.what = "the date is not within the years 0 to 9999";
    return made_text(25, scratch, complaint, [&](std::string& made) {
        const auto two = [&](std::int64_t number) {
            made += static_cast<char>('0' + number / 10);
            made += static_cast<char>('0' + number % 10);
        };
        made = text + 'T';
        two(ms / 3'600'000);
        made += ':';
        two(ms / 60'000 % 60);
        made += ':';
        two(ms / 1000 % 60);
        made += east == 120 ? "+02:00" : "+01:00";
    });
}

Value midnight(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const auto day = parse_date(a[0].text);
    if (!day) complaint.what = no_date;
    return Value::of_timestamp(day ? danish_midnight(*day) : 0);
}

Value days_later(Arguments a, Scratch& scratch, Complaint& complaint) {
    const auto day = parse_date(a[0].text);
    if (!day) {
        complaint.what = no_date;
        return Value::of_string({});
    }
    constexpr std::int64_t most = 4'000'000;  // beyond it there is no year of four digits anyway
    if (a[1].number > most || a[1].number < -most) {
        complaint.what = "the date is not within the years 0 to 9999";
        return Value::of_string({});
    }
    return made_date(*day + days{a[1].number}, scratch, complaint);
}

Value days_between(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const auto from = parse_date(a[0].text);
    const auto to = parse_date(a[1].text);
    if (!from || !to) {
        complaint.what = no_date;
        return Value::of_integer(0);
    }
    return Value::of_integer(static_cast<std::int32_t>((*to - *from).count()));
}

/// Whole years: of somebody born on 29 February they are full on 1 March in other years.
Value years_between(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const auto from = parse_date(a[0].text);
    const auto to = parse_date(a[1].text);
    if (!from || !to) {
        complaint.what = no_date;
        return Value::of_integer(0);
    }
    const year_month_day first{*from};
    const year_month_day second{*to};
    int years = static_cast<int>(second.year()) - static_cast<int>(first.year());
    const auto within = [](const year_month_day& day) {
        return static_cast<unsigned>(day.month()) * 32 + static_cast<unsigned>(day.day());
    };
    if (within(second) < within(first)) --years;
    return Value::of_integer(years);
}

struct Pattern {
    std::size_t year = std::string_view::npos, month = year, day = year;
};

std::optional<Pattern> pattern_of(std::string_view text) {
    Pattern pattern{text.find("YYYY"), text.find("MM"), text.find("DD")};
    std::size_t letters = 0;
    for (const char c : text)
        letters +=
            (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? 1U : 0U;
    constexpr auto none = std::string_view::npos;
    if (pattern.year == none || pattern.month == none || pattern.day == none || letters != 8)
        return std::nullopt;
    return pattern;
}

Value format_date(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view date = a[0].text;
    const auto pattern = pattern_of(a[1].text);
    if (!parse_date(date) || !pattern) {
        complaint.what = pattern ? no_date : no_pattern;
        return Value::of_string({});
    }
    return made_text(a[1].text.size(), scratch, complaint, [&](std::string& made) {
        made = a[1].text;
        made.replace(pattern->year, 4, date.substr(0, 4));
        made.replace(pattern->month, 2, date.substr(5, 2));
        made.replace(pattern->day, 2, date.substr(8, 2));
    });
}

Value read_date(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view text = a[0].text;
    const std::string_view form = a[1].text;
    const auto pattern = pattern_of(form);
    if (!pattern || text.size() != form.size()) {
        complaint.what = pattern ? no_match : no_pattern;
        return Value::of_string({});
    }
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool is_digit = form[i] == 'Y' || form[i] == 'M' || form[i] == 'D';
        if (!is_digit && text[i] != form[i]) complaint.what = no_match;
    }
    std::array<char, 10> made{};
    made[4] = made[7] = '-';
    text.copy(made.data(), 4, pattern->year);
    text.copy(made.data() + 5, 2, pattern->month);
    text.copy(made.data() + 8, 2, pattern->day);
    const auto day = parse_date({made.data(), made.size()});
    if (!day) complaint.what = no_match;
    if (!complaint.what.empty()) return Value::of_string({});
    return made_date(*day, scratch, complaint);
}

}  // namespace

std::vector<Function> date_functions() {
    using P = Parameter;
    return {
        {"DATE",
         {P::timestamp},
         1,
         1,
         Type::string,
         false,
         date,
         "DATE(time): the day in Denmark, 2026-11-23"},
        {"DATE_TIME",
         {P::timestamp},
         1,
         1,
         Type::string,
         false,
         date_time,
         "DATE_TIME(time): as in Denmark with offset, 2026-11-23T14:30:00+01:00"},
        {"MIDNIGHT",
         {P::string},
         1,
         1,
         Type::timestamp,
         false,
         midnight,
         "MIDNIGHT(date): the point in time at which the day begins in Denmark"},
        {"DAYS_LATER",
         {P::string, P::integer},
         2,
         2,
         Type::string,
         false,
         days_later,
         "DAYS_LATER(date, n): n days later, earlier if negative"},
        {"DAYS_BETWEEN",
         {P::string},
         2,
         2,
         Type::integer,
         false,
         days_between,
         "DAYS_BETWEEN(from, to): days from one date to the other"},
        {"YEARS_BETWEEN",
         {P::string},
         2,
         2,
         Type::integer,
         false,
         years_between,
         "YEARS_BETWEEN(from, to): whole years, as an age"},
        {"FORMAT_DATE",
         {P::string},
         2,
         2,
         Type::string,
         false,
         format_date,
         "FORMAT_DATE(date, pattern): as DD-MM-YYYY or another order and separators"},
        {"READ_DATE",
         {P::string},
         2,
         2,
         Type::string,
         false,
         read_date,
         "READ_DATE(text, pattern): a date out of such a text"},
    };
}

}  // namespace vera::expr
