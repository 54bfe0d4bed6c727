#include "bus/pages/nearest.hpp"

#include "bus/base/edit_distance.hpp"
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

}  // namespace

std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& known) {
    if (wanted.empty() || wanted.size() > longest) return {};
    const std::string whole = folded(wanted);
    const std::string_view part = last_part(whole);
    const std::size_t most = std::max<std::size_t>(part.size() / 3, 1);
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const std::string& name : known) {
        const std::string known_name = folded(name);
        const std::string_view end = last_part(known_name);
        std::size_t far =
            std::min(edit_distance(whole, known_name, most), edit_distance(part, end, most));
        // What contains it is near, and the nearer the less there is around it.
        const bool contains = part.size() >= 3 && end.find(part) != std::string_view::npos;
        if (contains) far = std::min<std::size_t>(far, 1);
        if (far <= most) found.emplace_back(far, name);
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
