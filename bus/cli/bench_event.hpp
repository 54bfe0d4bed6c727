#pragma once
// The kuvert that `vera bench --event` sends: a case opened, padded to the wanted size.
#include "adapters/kit/load_generator.hpp"
#include "bus/base/result.hpp"

namespace vera::cli {

/// A valid kuvert of about `bytes` (never less than what a kuvert needs, some 400). Errc::bad_input
/// if the build has no schemas.
[[nodiscard]] Result<kit::EventTemplate> bench_event(std::size_t bytes, std::uint64_t objects);

}  // namespace vera::cli
