// N pseudo-random schemas with messages: message_rules_runs [N [SEED]]. A difference to Protobuf
// ends the process; the last line names the seed that repeats it.
#include "tests/fuzz/choices.hpp"
#include "tests/fuzz/schema_run.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10000;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    if (runs != 1) google::protobuf::SetLogHandler(nullptr);  // it tells of every schema it refuses
    SchemaTally tally;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 256 == 1 || runs == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        Dice dice(seed);
        run_schema(dice.bytes(64 + dice.below(800)), tally);
    }
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("%llu schemas, %llu refused; messages: %llu passed, %llu broke a rule\n",
                u(tally.runs),
                u(tally.refused_schemas),
                u(tally.passed),
                u(tally.broken));
    return tally.passed != 0 && tally.broken != 0 && tally.refused_schemas < tally.runs / 2 ? 0 : 1;
}
