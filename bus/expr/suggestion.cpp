#include "bus/expr/suggestion.hpp"

#include "bus/base/edit_distance.hpp"
#include "bus/expr/lexer.hpp"

#include <algorithm>
#include <cstddef>

namespace vera::expr {
std::string nearest(std::string_view wanted, const std::vector<std::string>& known) {
    constexpr std::size_t longest = 100;  // the distance costs the product of the lengths
    if (wanted.size() > longest) return {};
    const std::string folded = to_lower_ascii(wanted);
    std::size_t least = std::max<std::size_t>(wanted.size() / 3, 1) + 1;
    std::string best;
    for (const std::string& name : known) {
        if (name.size() > longest) continue;
        const std::size_t far = edit_distance(folded, to_lower_ascii(name), least);
        if (far < least) {
            least = far;
            best = name;
        }
    }
    return best;
}

}  // namespace vera::expr
