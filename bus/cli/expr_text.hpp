#pragma once
// What an expression gave and why, as people and scripts see it. Personal data is masked unless
// `is_unmasked`: fields that the schema marks, and CPR numbers anywhere.
#include "bus/expr/explain.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vera::cli {

[[nodiscard]] nlohmann::ordered_json value_as_json(const expr::Explanation& explanation,
                                                   bool is_unmasked);
/// [{"clause", "offset", "value", "evaluated", "decided", "seen": [{"name", "value"}]}]
[[nodiscard]] nlohmann::ordered_json clauses_as_json(const expr::Explanation& explanation,
                                                     bool is_unmasked);
/// A table; empty without clauses.
[[nodiscard]] std::string clauses_as_text(const expr::Explanation& explanation, bool is_unmasked);
/// "kle LIKE '27.%' was false (kle = "01.02")": the clauses that decided, and errors.
[[nodiscard]] std::string deciding_text(const expr::Explanation& explanation, bool is_unmasked);

}  // namespace vera::cli
