#include "bus/host/memory.hpp"

#include <cstdio>
#include <malloc.h>
#include <memory>
#include <string>
#include <unistd.h>

// jemalloc's own control; there if the process is linked with it.
extern "C" __attribute__((weak)) int mallctl(
    const char* name, void* old, std::size_t* old_size, void* with, std::size_t size);

namespace vera::host {
namespace {

constexpr const char* decay_all_arenas = "arena.4096.decay";  // MALLCTL_ARENAS_ALL

// Resident and not of a file; 0: /proc is not there.
std::size_t private_bytes() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                               &std::fclose);
    std::size_t all = 0, resident = 0, shared = 0;
    if (!file || std::fscanf(file.get(), "%zu %zu %zu", &all, &resident, &shared) != 3) return 0;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

// jemalloc gives back what is unused for ten seconds, but only looks while it is asked for memory:
// after a burst nobody asks. In the C library what was given back counts as free still, so resident
// memory is asked too.
void give_back_memory(std::size_t keep_bytes) {
    if (mallctl != nullptr) {
        mallctl(decay_all_arenas, nullptr, nullptr, nullptr, 0);
        return;
    }
    const struct mallinfo2 facts = ::mallinfo2();
    if (private_bytes() > facts.uordblks + facts.hblkhd + keep_bytes) ::malloc_trim(0);
}

ApartMemory::ApartMemory() {
    std::size_t size = sizeof arena_;
    has_arena_ = mallctl != nullptr && mallctl("arenas.create", &arena_, &size, nullptr, 0) == 0 &&
                 mallctl("thread.arena", nullptr, nullptr, &arena_, sizeof arena_) == 0;
}

void ApartMemory::give_back() {
    if (!has_arena_) return;
    mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
    mallctl(("arena." + std::to_string(arena_) + ".purge").c_str(), nullptr, nullptr, nullptr, 0);
}

}  // namespace vera::host
