// Imports N mutated samples: oio_runs FOLDER [N [SEED]]. An abort or a sanitizer report is a
// finding; the seed that was running is on stderr before it, and `oio_runs FOLDER 1 SEED` repeats
// it.
#include "tests/fuzz/oio_run.hpp"
#include "tests/fuzz/samples.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

volatile std::uint64_t current_seed = 0;

void on_abort(int number) {
    std::fprintf(stderr, "FINDING at seed %llu\n", static_cast<unsigned long long>(current_seed));
    (void)std::signal(number, SIG_DFL);
    (void)std::raise(number);
}

}  // namespace

int main(int argc, char** argv) {
    const auto samples =
        argc > 1 ? vera::fuzz::samples_in(argv[1], ".json") : std::vector<std::string>{};
    if (samples.empty()) {
        std::fprintf(stderr, "usage: oio_runs FOLDER [N [SEED]]\n");
        return 2;
    }
    const std::uint64_t runs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
    const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    (void)std::signal(SIGABRT, on_abort);
    vera::fuzz::OioTally tally;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        current_seed = seed;
        const std::string text = vera::fuzz::mutated(samples, seed);
        if (runs == 1) std::printf("%s\n", text.c_str());
        vera::fuzz::run_oio(text, tally);
    }
    std::printf("%llu imported, %llu refused, %llu values kept aside\n",
                static_cast<unsigned long long>(tally.imported),
                static_cast<unsigned long long>(tally.refused),
                static_cast<unsigned long long>(tally.kept_aside));
    return tally.imported > runs / 10 && tally.refused > 0 ? 0 : runs < 100 ? 0 : 1;
}
