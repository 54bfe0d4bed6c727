// Compiles and evaluates N mutated expressions: expr_runs FOLDER [N [SEED]]. An abort or a
// sanitizer report is a finding; `expr_runs FOLDER 1 SEED` repeats it, and the seed that was
// running is the last one printed or one of the 1024 behind it.
#include "tests/fuzz/expr_run.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

int main(int argc, char** argv) {
    std::vector<std::filesystem::path> paths;
    if (argc > 1)
        for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
            paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> seeds;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
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
