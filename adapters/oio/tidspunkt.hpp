#pragma once
// Points in time as LoRa's JSON writes them, and as vera.oio.v1.Tidspunkt keeps them: the instant
// in UTC, and beside it whatever the text said that the instant does not.
#include "vera/oio/v1/grundtyper.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace vera::oio {

/// Which end of a period a point in time is: an unbounded beginning is "-infinity".
enum class PeriodEnd : std::uint8_t { beginning, end };

/// Takes "infinity", "-infinity", dates and times of PostgreSQL and ISO 8601 with or without zone
/// (without: Europe/Copenhagen), and "" for a Tidspunkt that says nothing. false: the text is
/// something else and `time` is as it was.
[[nodiscard]] bool read_tidspunkt(std::string_view text, PeriodEnd end, v1::Tidspunkt& time);

/// The text that read_tidspunkt() took; of a Tidspunkt made elsewhere, an xs:dateTime.
[[nodiscard]] std::string tidspunkt_text(const v1::Tidspunkt& time, PeriodEnd end);

}  // namespace vera::oio
