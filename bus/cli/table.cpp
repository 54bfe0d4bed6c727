#include "bus/cli/table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace vera::cli {

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void Table::add(std::vector<std::string> row) {
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_)
        widths.push_back(width_of(column.name));
    const auto widen = [&](const std::vector<std::string>& row) {
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    };
    std::ranges::for_each(rows_, widen);
    widen(totals_);

    std::string out;
    const auto put = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string cell = i < row.size() ? row[i] : std::string{};
            const std::string space(widths[i] - width_of(cell), ' ');
            if (i > 0) line += "  ";
            line += columns_[i].is_number ? space + cell : cell + space;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    };
    std::vector<std::string> names;
    for (const Column& column : columns_)
        names.push_back(column.name);
    put(names);
    std::ranges::for_each(rows_, put);
    if (!totals_.empty()) {
        std::size_t full = widths.empty() ? 0 : 2 * (widths.size() - 1);
        for (const std::size_t width : widths)
            full += width;
        out += std::string(full, '-') + '\n';
        put(totals_);
    }
    return out;
}

std::string danish_time(Timestamp time) {
    using namespace std::chrono;
    const sys_time<milliseconds> at{milliseconds{time.ms}};
    const year_month_day day{floor<days>(at)};
    // Summer time from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of
    // October.
    const sys_seconds begins = sys_days{day.year() / March / Sunday[last]} + hours{1};
    const sys_seconds ends = sys_days{day.year() / October / Sunday[last]} + hours{1};
    const bool is_summer = at >= begins && at < ends;
    const Timestamp local = time + duration_cast<Millis>(hours{is_summer ? 2 : 1});
    std::string text = to_rfc3339(local);
    text[10] = ' ';
    text.pop_back();
    return text + (is_summer ? "+02:00" : "+01:00");
}

std::string age_text(Millis age) {
    const std::int64_t seconds = std::max<std::int64_t>(age.count(), 0) / 1000;
    constexpr std::array<std::pair<std::int64_t, char>, 4> units{
        {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
    for (std::size_t i = 0; i < units.size(); ++i) {
        const auto [size, name] = units[i];
        if (seconds < size && i + 1 < units.size()) continue;
        std::string text = std::to_string(seconds / size) + name;
        if (i + 1 < units.size()) {
            const auto [smaller, smaller_name] = units[i + 1];
            const std::int64_t rest = seconds % size / smaller;
            if (rest > 0) text += ' ' + std::to_string(rest) + smaller_name;
        }
        return text;
    }
    return {};
}

}  // namespace vera::cli
