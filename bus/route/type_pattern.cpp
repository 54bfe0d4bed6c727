#include "bus/route/type_pattern.hpp"

#include <algorithm>

namespace vera::route {

std::optional<std::string_view> package_of_pattern(std::string_view pattern) {
    if (pattern == "*") return std::string_view{};
    if (pattern.ends_with(".*")) return pattern.substr(0, pattern.size() - 2);
    return std::nullopt;
}

bool is_in_package(std::string_view type, std::string_view package) {
    return package.empty() || (type.size() > package.size() && type.starts_with(package) &&
                               type[package.size()] == '.');
}

bool covers(const std::vector<std::string>& patterns, std::string_view type) {
    return std::ranges::any_of(patterns, [type](const std::string& wanted) {
        const auto package = package_of_pattern(wanted);
        return package ? is_in_package(type, *package) : type == wanted;
    });
}

}  // namespace vera::route
