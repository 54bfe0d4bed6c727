#pragma once
// A text of which only so much stays as the schema allows (option `maskering`).
#include "vera/options/v1/options.pb.h"

#include <string>
#include <string_view>

namespace vera::transform {

/// Appends "***", "J***", "***4916" or "1948-**-**"; of what is too short for that nothing stays.
void append_masked(std::string& out, std::string_view text, vera::options::v1::Maskering masking);

}  // namespace vera::transform
