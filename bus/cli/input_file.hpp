#pragma once
// A file that a verb reads.
#include "bus/base/result.hpp"

#include <fstream>
#include <istream>
#include <string>

namespace vera::cli {

/// Errc::io: why it cannot be read; a folder cannot.
[[nodiscard]] Result<std::ifstream> open_input(const std::string& file);
/// All of it; "-" is `standard_input`.
[[nodiscard]] Result<std::string> read_input(const std::string& file, std::istream& standard_input);

}  // namespace vera::cli
