#pragma once
// Random kuverts with persons in them, whole and broken: what a receiver without the right to
// protected addresses gets never holds one, parses if the kuvert did, and is the kuvert itself
// where nothing is protected.
#include <cstdint>
#include <string_view>

namespace vera::fuzz {

struct AddressTally {
    std::uint64_t runs = 0;
    std::uint64_t withheld = 0;
    std::uint64_t untouched = 0;
    std::uint64_t parsed = 0;  ///< by Protobuf, as a kuvert
};

/// Ends the process (VERA_CHECK) at a difference.
void run_addresses(std::string_view bytes, AddressTally& tally);

}  // namespace vera::fuzz
