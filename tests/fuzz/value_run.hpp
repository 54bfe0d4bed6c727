#pragma once
// A stranger's text in one place: as a value of each form, an identity, a pattern, Base64, JSON, a
// name of a type, a table of persons.
#include <cstdint>
#include <string_view>

namespace vera::fuzz {

struct ValueTally {
    std::uint64_t runs = 0;
    std::uint64_t forms = 0;     ///< values that have one
    std::uint64_t patterns = 0;  ///< expressions that compile
    std::uint64_t json = 0;      ///< texts that are
    std::uint64_t persons = 0;   ///< tables that are
};

/// Ends the process (VERA_CHECK) if a promise is broken.
void run_value(std::string_view text, ValueTally& tally);

}  // namespace vera::fuzz
