#include "bus/expr/suggestion.hpp"

#include "bus/expr/lexer.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vera::expr {
namespace {

/// Letters changed, put in, left out, or two neighbours swapped, over bytes.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before_last, last);
        std::swap(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view wanted, const std::vector<std::string>& known) {
    constexpr std::size_t longest = 100;  // the distance costs the product of the lengths
    if (wanted.size() > longest) return {};
    const std::string folded = to_lower_ascii(wanted);
    std::size_t least = std::max<std::size_t>(wanted.size() / 3, 1) + 1;
    std::string best;
    for (const std::string& name : known) {
        if (name.size() > longest) continue;
        const std::size_t far = distance(folded, to_lower_ascii(name));
        if (far < least) {
            least = far;
            best = name;
        }
    }
    return best;
}

}  // namespace vera::expr
