#pragma once
// Any bytes as a file of LoRa's JSON, and as a file that export reads.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

struct OioTally {
    std::uint64_t imported = 0;
    std::uint64_t refused = 0;
    std::uint64_t kept_aside = 0;
};

/// Imports the bytes. What is taken must come back from export as the same JSON, through both forms
/// of a file; whatever is not must be refused with a text. Aborts otherwise.
void run_oio(std::string_view bytes, OioTally& tally);

/// One of `samples` with a few bytes or parts changed, cut out or doubled.
[[nodiscard]] std::string mutated(const std::vector<std::string>& samples, std::uint64_t seed);

}  // namespace vera::fuzz
