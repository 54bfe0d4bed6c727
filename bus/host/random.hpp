#pragma once
// Randomness of the operating system. Any thread.
#include "bus/base/uuid.hpp"

#include <cstddef>
#include <cstdint>

namespace vera::host {

/// Fills from getrandom(2); ends the process if the kernel has none (it always has after boot).
void fill_random(void* bytes, std::size_t size);
[[nodiscard]] std::uint64_t random_u64();
/// RFC 4122 version 4.
[[nodiscard]] Uuid random_uuid();

}  // namespace vera::host
