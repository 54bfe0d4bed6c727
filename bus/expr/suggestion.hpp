#pragma once
// The known name that somebody may have meant.
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

/// The nearest of `known`, in any case; empty if none is within a third of the letters.
[[nodiscard]] std::string nearest(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace vera::expr
