#include "bus/event/nearest_names.hpp"

#include "bus/base/edit_distance.hpp"

#include <algorithm>
#include <cstddef>
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

std::string lower(std::string_view text) {
    std::string folded(text);
    for (char& c : folded)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return folded;
}

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
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

    const std::string wanted = lower(name);
    const std::string_view last = last_part(wanted);
    const std::size_t most_of_last = last.size() / 4;
    const std::size_t most = std::max<std::size_t>(2, most_of_last);
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const std::string& one : known) {
        const std::string folded = lower(one);
        const std::size_t whole = edit_distance(wanted, folded, most);
        // The right name in the wrong package is near, however long the packages are.
        const std::size_t own = edit_distance(last, last_part(folded), most_of_last);
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
