#include "bus/event/address_protection.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/wire.hpp"

#include <algorithm>
#include <chrono>

namespace vera::event {
namespace {

/// Of `count` digits that are there.
unsigned number_at(std::string_view text, std::size_t at, std::size_t count) {
    unsigned number = 0;
    for (const char digit : text.substr(at, count))
        number = number * 10 + static_cast<unsigned>(digit - '0');
    return number;
}

}  // namespace

std::optional<Timestamp> end_of_danish_day(std::string_view date) {
    using namespace std::chrono;
    if (date.empty() || !has_format(date, vera::options::v1::FORMAT_DATO)) return std::nullopt;
    const year_month_day day{year{static_cast<int>(number_at(date, 0, 4))},
                             month{number_at(date, 5, 2)},
                             std::chrono::day{number_at(date, 8, 2)}};
    if (!day.ok()) return std::nullopt;
    const sys_seconds next = sys_days{day} + days{1} - hours{1};  // midnight in winter
    // Summer time from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of
    // October (Directive 2000/84/EC): never at a midnight in Denmark.
    const sys_seconds begins = sys_days{day.year() / March / Sunday[last]} + hours{1};
    const sys_seconds ends = sys_days{day.year() / October / Sunday[last]} + hours{1};
    const bool is_summer = next >= begins && next < ends;
    const sys_seconds end = is_summer ? next - hours{1} : next;
    return Timestamp{duration_cast<Millis>(end.time_since_epoch()).count()};
}

bool protection_runs(std::string_view protection, std::uint32_t end_field, Timestamp now) {
    std::optional<Timestamp> last;
    WireReader reader(protection);
    WireField field;
    while (reader.next(field)) {
        if (field.number != end_field) continue;
        if (field.type != WireType::length) return true;
        if (field.bytes.empty()) return true;  // proto3: absent
        const auto end = end_of_danish_day(field.bytes);
        if (!end) return true;
        last = std::max(last.value_or(*end), *end);
    }
    return !reader.at_end() || !last || *last > now;
}

}  // namespace vera::event
