#pragma once
// When an address is protected (CPR-loven § 28): what a vera.person.v1.Adressebeskyttelse says. Its
// days are days in Denmark.
#include "bus/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::event {

/// The first moment after that day ("YYYY-MM-DD") in Europe/Copenhagen. Nothing if it is no date.
[[nodiscard]] std::optional<Timestamp> end_of_danish_day(std::string_view date);

/// Whether the protection runs at `now`: it has no end, or one that is later, or one that cannot be
/// read. Its beginning does not matter: what is going to be protected is protected.
/// `end_field`: the number of its last day (`slutdato`).
[[nodiscard]] bool protection_runs(std::string_view protection,
                                   std::uint32_t end_field,
                                   Timestamp now);

}  // namespace vera::event
