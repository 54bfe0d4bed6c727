#pragma once
// Catalogues of strangers' schemas: what they know, events by them in both forms, and what the next
// version of a schema breaks.
#include "bus/event/schema_set.hpp"
#include "tests/fuzz/choices.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vera::fuzz {

struct CatalogueTally {
    std::uint64_t made = 0;      ///< catalogues
    std::uint64_t accepted = 0;  ///< events
    std::uint64_t compared = 0;  ///< sets, with a next version that builds
    std::uint64_t harmless = 0;  ///< of these, nothing broke
};

/// Makes a catalogue of the schemas and holds it to its promises with `events`, kuverter in JSON.
/// Then lets the last file change, compares both, and holds the comparison to its promise: where
/// nothing breaks, the next catalogue takes every event that this one takes. Ends the process
/// (VERA_CHECK) if a promise is broken.
void run_catalogue(const event::SchemaSet& schemas,
                   const event::SchemaSet& base,
                   const std::vector<std::string>& events,
                   Dice& dice,
                   CatalogueTally& tally);

}  // namespace vera::fuzz
