#include "bus/host/memory.hpp"

#include <cstdio>
#include <malloc.h>
#include <memory>
#include <unistd.h>

namespace vera::host {
namespace {

// Resident and not of a file; 0: /proc is not there.
std::size_t private_bytes() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                               &std::fclose);
    std::size_t all = 0, resident = 0, shared = 0;
    if (!file || std::fscanf(file.get(), "%zu %zu %zu", &all, &resident, &shared) != 3) return 0;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

// What was given back counts as free still, so resident memory is asked too.
void give_back_memory(std::size_t keep_bytes) {
    const struct mallinfo2 facts = ::mallinfo2();
    if (private_bytes() > facts.uordblks + facts.hblkhd + keep_bytes) ::malloc_trim(0);
}

}  // namespace vera::host
