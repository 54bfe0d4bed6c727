#pragma once
// Memory that this process holds and does not use.
#include <cstddef>

namespace vera::host {

/// The allocator keeps what is freed for itself, for ever once a burst has been: if that is more
/// than `keep_bytes`, it goes back to the system. Any thread; others may wait some milliseconds for
/// memory meanwhile.
void give_back_memory(std::size_t keep_bytes);

}  // namespace vera::host
