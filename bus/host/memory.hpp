#pragma once
// Memory that this process holds and does not use.
#include <cstddef>

namespace vera::host {

/// The allocator keeps what is freed for itself, for ever once a burst has been: with jemalloc all
/// that has been unused for a while goes back to the system, with the C library all if it is more
/// than `keep_bytes`. Any thread; others may wait some milliseconds for memory meanwhile.
void give_back_memory(std::size_t keep_bytes);

/// While it lives, what the thread that made it allocates lies apart from what other threads do.
/// For one that takes much for a while: no page of it is kept by a small thing of somebody else.
/// One thread; with the C library it does nothing.
class ApartMemory {
public:
    ApartMemory();
    /// What was freed of it goes back to the system at once.
    void give_back();

private:
    unsigned arena_ = 0;
    bool has_arena_ = false;
};

}  // namespace vera::host
