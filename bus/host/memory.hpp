#pragma once
// Memory that this process holds and does not use.
#include <cstddef>

namespace vera::host {

/// The allocator keeps what is freed for itself, for ever once a burst has been: with jemalloc all
/// that has been unused for a while goes back to the system, with the C library all if it is more
/// than `keep_bytes`. Any thread; others may wait some milliseconds for memory meanwhile.
void give_back_memory(std::size_t keep_bytes);

}  // namespace vera::host
