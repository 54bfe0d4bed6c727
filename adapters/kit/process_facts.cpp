#include "adapters/kit/process_facts.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace vera::kit {

Result<ProcessFacts> read_process(long pid) {
    ProcessFacts facts;
    if (pid == 0) return facts;
    const std::string folder = "/proc/" + std::to_string(pid);
    std::ifstream stat(folder + "/stat");
    std::string line;
    if (!stat || !std::getline(stat, line))
        return fail(Errc::not_found, "no process " + std::to_string(pid));
    // The name in parentheses may hold anything; fields are counted from behind it (proc(5): utime
    // is the 14th, stime the 15th).
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i)
        fields >> skipped;
    double user_ticks = 0, system_ticks = 0;
    fields >> user_ticks >> system_ticks;
    const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    facts.user_s = user_ticks / per_second;
    facts.system_s = system_ticks / per_second;
    std::ifstream statm(folder + "/statm");
    double pages = 0, resident = 0;
    statm >> pages >> resident;
    facts.rss_mib = resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
    return facts;
}

double thread_cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace vera::kit
