#include "bus/event/person_table.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/urn.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace vera::event {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\"";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::uint64_t number_of(std::string_view digits) {
    std::uint64_t number = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace

Result<PersonTable> PersonTable::parse(std::string_view text) {
    PersonTable table;
    std::size_t line = 0;
    const auto wrong = [&line](std::string_view what) {
        return fail(Errc::bad_input, "line " + std::to_string(line) + ": " + std::string(what));
    };
    bool has_begun = false;
    while (!text.empty()) {
        ++line;
        const auto end = text.find('\n');
        const std::string_view row = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (row.empty() || row.starts_with('#')) continue;
        const auto comma = row.find_first_of(",;");
        if (comma == std::string_view::npos) return wrong("is not CPR,UUID");
        const std::string_view cpr = trimmed(row.substr(0, comma));
        const std::string_view uuid = trimmed(row.substr(comma + 1));
        const bool is_heading =
            !std::exchange(has_begun, true) &&
            std::ranges::none_of(row, [](char c) { return c >= '0' && c <= '9'; });
        if (is_heading) continue;
        if (!has_format(cpr, vera::options::v1::FORMAT_CPR))
            return wrong("has no CPR number first");
        if (!is_uuid(uuid)) return wrong("has no UUID second");
        table.persons_.emplace_back(number_of(cpr), canonical_id(uuid));
    }
    std::ranges::sort(table.persons_);
    // Not std::ranges::unique: clang 14 cannot read GCC 12's.
    table.persons_.erase(std::unique(table.persons_.begin(), table.persons_.end()),
                         table.persons_.end());
    const auto twice = std::ranges::adjacent_find(
        table.persons_, {}, &std::pair<std::uint64_t, std::string>::first);
    if (twice != table.persons_.end())
        return fail(Errc::bad_input, "one CPR number has two UUIDs (the lines are not shown)");
    return table;
}

std::string_view PersonTable::uuid_of(std::string_view cpr) const {
    if (!is_digits(cpr, 10)) return {};
    const auto at = std::ranges::lower_bound(
        persons_, number_of(cpr), {}, &std::pair<std::uint64_t, std::string>::first);
    return at == persons_.end() || at->first != number_of(cpr) ? std::string_view{} : at->second;
}

}  // namespace vera::event
