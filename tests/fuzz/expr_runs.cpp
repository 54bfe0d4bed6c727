// Compiles and evaluates N mutated expressions: expr_runs FOLDER [N [SEED]]. An abort or a
// sanitizer report is a finding; `expr_runs FOLDER 1 SEED` repeats it, and the seed that was
// running is the last one printed or one of the 1024 behind it.
#include "tests/fuzz/expr_run.hpp"
#include "tests/fuzz/samples.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const auto seeds = argc > 1 ? vera::fuzz::samples_in(argv[1]) : std::vector<std::string>{};
    if (seeds.empty()) {
        std::fprintf(stderr, "usage: expr_runs FOLDER [N [SEED]]\n");
        return 2;
    }
    const std::uint64_t runs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
    const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    vera::fuzz::ExprTally tally;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 1024 == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        const std::string text = vera::fuzz::mutated_expr(seeds, seed);
        if (runs == 1) std::printf("%s\n", text.c_str());
        vera::fuzz::run_expr(text, tally);
    }
    std::printf("%llu refused, %llu evaluated, %llu passed\n",
                static_cast<unsigned long long>(tally.refused),
                static_cast<unsigned long long>(tally.evaluated),
                static_cast<unsigned long long>(tally.passed));
    const bool is_mixed = tally.refused > 0 && tally.evaluated > runs / 10 && tally.passed > 0;
    return is_mixed || runs < 100 ? 0 : 1;
}
