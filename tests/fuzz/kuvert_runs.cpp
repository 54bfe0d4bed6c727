// N samples with bytes changed: kuvert_runs FOLDER [N [SEED]]. A broken promise ends the process;
// the last line names the seed that it began at.
#include "tests/fuzz/changes.hpp"
#include "tests/fuzz/kuvert_run.hpp"
#include "tests/fuzz/samples.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    const auto good =
        good_kuverter(argc > 1 ? samples_in(argv[1], ".json") : std::vector<std::string>{});
    if (good.empty()) {
        std::fprintf(stderr, "usage: kuvert_runs FOLDER [N [SEED]]\n");
        return 2;
    }
    const std::uint64_t runs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5000;
    const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    google::protobuf::SetLogHandler(nullptr);  // it tells of text that is no UTF-8
    KuvertTally tally;
    for (const std::string& one : good)
        run_kuvert(one, tally);
    const bool are_good = tally.taken == good.size();
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 64 == 1 || runs == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        Dice dice(seed);
        run_kuvert(changed(good[dice.below(static_cast<std::uint32_t>(good.size()))], dice), tally);
    }
    std::printf("%llu messages: %llu taken, %llu refused\n",
                static_cast<unsigned long long>(tally.runs),
                static_cast<unsigned long long>(tally.taken),
                static_cast<unsigned long long>(tally.refused));
    return are_good && tally.refused != 0 ? 0 : 1;
}
