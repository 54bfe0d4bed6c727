#pragma once
// CPR numbers out of what is printed, wherever they stand. marked_fields.hpp has the fields that
// the schemas mark as personal data.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vera::cli {

/// Every CPR number in `text` with its digits replaced by `*`: after "urn:oio:cpr-nr:" any ten
/// digits; elsewhere ten digits that stand alone and begin with a day and a month, with or without
/// a hyphen before the last four.
[[nodiscard]] std::string mask_text(std::string_view text);
/// The same for every string, key and number of `value`.
void mask(nlohmann::json& value);

}  // namespace vera::cli
