// N pseudo-random kuverts: addresses_runs [N [SEED]]. A difference ends the process; the last line
// names the seed that repeats it.
#include "tests/fuzz/address_run.hpp"
#include "tests/fuzz/choices.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10000;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    google::protobuf::SetLogHandler(nullptr);  // it tells of every text that is no UTF-8
    AddressTally tally;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 1024 == 1 || runs == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        Dice dice(seed);
        run_addresses(dice.bytes(64 + dice.below(64)), tally);
    }
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("%llu kuverts, %llu parsed; %llu with something withheld, %llu untouched\n",
                u(tally.runs),
                u(tally.parsed),
                u(tally.withheld),
                u(tally.untouched));
    return tally.withheld != 0 && tally.untouched != 0 && tally.parsed > tally.runs / 4 ? 0 : 1;
}
