#include "bus/event/nearest_names.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace vera::event {
namespace {

constexpr std::size_t max_names = 3;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "v1", "v12", "v1beta2".
bool is_version(std::string_view part) {
    return part.size() >= 2 && part[0] == 'v' && is_digit(part[1]);
}

/// The name with the version of its package left open.
std::string without_version(std::string_view name) {
    std::string rest;
    while (!name.empty()) {
        const auto dot = name.find('.');
        const std::string_view part = name.substr(0, dot);
        rest.append(is_version(part) ? "v" : part).append(1, '.');
        name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
    }
    return rest;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

/// Changes of one character that make one of the other, case apart; `most` + 1 if there are more.
std::size_t distance(std::string_view one, std::string_view other, std::size_t most) {
    const std::size_t gap =
        one.size() > other.size() ? one.size() - other.size() : other.size() - one.size();
    if (gap > most) return most + 1;
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        std::size_t least = row[0];
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t change = diagonal + (lower(one[i]) == lower(other[j]) ? 0U : 1U);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
            least = std::min(least, row[j + 1]);
        }
        if (least > most) return most + 1;
    }
    return std::min(row.back(), most + 1);
}

std::string listed(std::string_view lead, const std::vector<std::string>& names) {
    std::string text(lead);
    for (std::size_t i = 0; i < names.size() && i < max_names; ++i)
        text.append(i == 0 ? "" : ", ").append(names[i]);
    return text;
}

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
    std::vector<std::string> versions;
    const std::string open = without_version(name);
    for (const std::string& one : known)
        if (without_version(one) == open) versions.push_back(one);
    if (!versions.empty()) return listed("; known in other versions: ", versions);

    const std::string_view last = last_part(name);
    const std::size_t most_of_last = last.size() / 4;
    const std::size_t most = std::max<std::size_t>(2, most_of_last);
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const std::string& one : known) {
        const std::size_t whole = distance(name, one, most);
        // The right name in the wrong package is near, however long the packages are.
        const std::size_t own = distance(last, last_part(one), most_of_last);
        if (whole <= most || own <= most_of_last)
            near.emplace_back(own <= most_of_last ? std::min(whole, own + 1) : whole, one);
    }
    std::ranges::sort(near);
    std::vector<std::string> names;
    for (auto& [far, one] : near)
        names.push_back(std::move(one));
    return names.empty() ? "" : listed("; nearest: ", names);
}

}  // namespace vera::event
