#pragma once
// A stranger's message at the door: taken or refused with a reason, and what is taken has the same
// attributes in its other form.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

struct KuvertTally {
    std::uint64_t runs = 0;
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;
};

/// The first byte says how the rest is sent: as Protobuf, as JSON, or without a word about it. Ends
/// the process (VERA_CHECK) if a promise is broken.
void run_kuvert(std::string_view bytes, KuvertTally& tally);

/// `samples`, which are kuverter in JSON, in both forms: good inputs to begin from.
[[nodiscard]] std::vector<std::string> good_kuverter(const std::vector<std::string>& samples);

}  // namespace vera::fuzz
