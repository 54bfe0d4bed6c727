#pragma once
// Files that a verb makes anew: never in the place of something that somebody else made, unless
// told so.
#include "bus/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vera::cli {

struct MadeFile {
    std::string path;
    std::string contents;
};

/// Whether `files` may be written. A file that is there must have `mark` in its first 4 KiB. The
/// folder that was asked for (none: empty) must be absent, empty, or have one of the files already.
/// Errc::refused names the path.
[[nodiscard]] Result<void> may_be_made(const std::vector<MadeFile>& files,
                                       const std::string& folder,
                                       std::string_view mark);

/// Makes missing folders; every file appears whole or not at all. Errc::io names the path.
[[nodiscard]] Result<void> make_files(const std::vector<MadeFile>& files);

}  // namespace vera::cli
