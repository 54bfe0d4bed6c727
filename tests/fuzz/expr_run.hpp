#pragma once
// One expression over one event, as a stranger sends them: whatever the bytes are, it compiles or
// is refused at a place within it, ends within its steps, and the explanation agrees with the
// evaluation.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

struct ExprTally {
    std::uint64_t refused = 0;
    std::uint64_t evaluated = 0;
    std::uint64_t passed = 0;
};

/// Ends the process (VERA_CHECK) when a promise is broken.
void run_expr(std::string_view expression, ExprTally& tally);

/// One of `seeds` with pieces of others put in, taken out and changed, from `seed` alone.
[[nodiscard]] std::string mutated_expr(const std::vector<std::string>& seeds, std::uint64_t seed);

}  // namespace vera::fuzz
