#pragma once
// Good inputs with bytes changed.
#include "tests/fuzz/choices.hpp"

#include <string>

namespace vera::fuzz {

/// A few bytes replaced, taken out or doubled elsewhere; the first one stays.
[[nodiscard]] std::string changed(std::string bytes, Dice& dice);

}  // namespace vera::fuzz
