#include "bus/pages/nearest.hpp"

#include "bus/pages/folding.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vera::pages {
namespace {

constexpr std::size_t longest = 200;  // the distance costs the product of the lengths
constexpr std::size_t at_most = 3;

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

/// Levenshtein distance over bytes.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& known) {
    if (wanted.empty() || wanted.size() > longest) return {};
    const std::string whole = folded(wanted);
    const std::string_view part = last_part(whole);
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const std::string& name : known) {
        const std::string known_name = folded(name);
        const std::string_view end = last_part(known_name);
        std::size_t far = std::min(distance(whole, known_name), distance(part, end));
        // What contains it is near, and the nearer the less there is around it.
        const bool contains = part.size() >= 3 && end.find(part) != std::string_view::npos;
        if (contains) far = std::min<std::size_t>(far, 1);
        if (far <= std::max<std::size_t>(part.size() / 3, 1)) found.emplace_back(far, name);
    }
    std::ranges::stable_sort(found, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : a.second.size() < b.second.size();
    });
    std::vector<std::string> names;
    for (auto& [far, name] : found)
        if (names.size() < at_most) names.push_back(std::move(name));
    return names;
}

}  // namespace vera::pages
