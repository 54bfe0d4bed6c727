#pragma once
// A random schema and random wire bytes for it: what the tables let pass, Protobuf's own parser
// takes and finds complete; a rule that is kept or broken in the bytes is so in the message it
// parses.
#include <cstdint>
#include <string_view>

namespace vera::fuzz {

struct SchemaTally {
    std::uint64_t runs = 0;
    std::uint64_t refused_schemas = 0;
    std::uint64_t passed = 0;
    std::uint64_t broken = 0;
};

/// Ends the process (VERA_CHECK) at a difference.
void run_schema(std::string_view bytes, SchemaTally& tally);

}  // namespace vera::fuzz
