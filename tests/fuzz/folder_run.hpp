#pragma once
// A stranger's folder of schemas: whatever stands in it, it is taken or refused with a reason, and
// what is taken can be compiled into rules and catalogues, shown, and compared with what comes
// after it.
#include "tests/fuzz/catalogue_run.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

struct FolderTally {
    std::uint64_t runs = 0;
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;
    CatalogueTally catalogues;
};

/// The first byte says whether the rest is a .proto file or a descriptor set. Ends the process
/// (VERA_CHECK) if a promise is broken.
void run_folder(std::string_view bytes, FolderTally& tally);

/// Good inputs to begin from.
[[nodiscard]] const std::vector<std::string>& good_folders();
/// A good one some changes of its schemas later; most are good as well.
[[nodiscard]] std::string later_folder(Dice& dice);

}  // namespace vera::fuzz
