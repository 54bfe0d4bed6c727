#pragma once
// CPU time and memory of a process, from /proc.
#include "bus/base/result.hpp"

namespace vera::kit {

struct ProcessFacts {
    double user_s = 0, system_s = 0;
    double rss_mib = 0;
};

/// pid 0: zeroes. Errc::not_found if there is no such process.
[[nodiscard]] Result<ProcessFacts> read_process(long pid);
/// CPU seconds of the calling thread.
[[nodiscard]] double thread_cpu_s();

}  // namespace vera::kit
