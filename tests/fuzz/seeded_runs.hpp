#pragma once
// N pseudo-random inputs, each from its seed, for targets that libFuzzer drives otherwise. Any
// abort, assert or sanitizer report is a finding, and so is a run that does not end: the line
// printed before it names the seed that repeats it.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace vera::fuzz {

struct InputSizes {
    std::uint32_t usual = 1200;  ///< 64 bytes to 64 + that
    std::uint32_t large = 6000;  ///< once in eight
};

/// Of the program's arguments [N [SEED]]: calls `run` with each input and its seed, then prints how
/// many there were, how long they took and which was the slowest. `by_default`: N if none is given.
void hold_seeded_runs(int argc,
                      char** argv,
                      std::uint64_t by_default,
                      InputSizes sizes,
                      const std::function<void(std::string_view, std::uint64_t)>& run);

}  // namespace vera::fuzz
