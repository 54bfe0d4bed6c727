#pragma once
// How far apart two names are, for "did you mean …?".
#include <cstddef>
#include <string_view>

namespace vera {

/// Bytes changed, put in, left out, or neighbours swapped, that make one of the other; `most` + 1
/// if it takes more. Time: the product of the lengths, so bound them where they come from
/// strangers.
[[nodiscard]] std::size_t edit_distance(std::string_view one,
                                        std::string_view other,
                                        std::size_t most);

}  // namespace vera
