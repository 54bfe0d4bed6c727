// N values with bytes changed: value_runs [N [SEED]]. A broken promise ends the process; the last
// line names the seed that it began at.
#include "tests/fuzz/changes.hpp"
#include "tests/fuzz/value_run.hpp"

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

namespace {

// A space is put before each: changed() keeps the first byte.
constexpr const char* good[] = {
    "96514e13-afdd-44d6-95a8-adc2ca19b127",
    "urn:oio:cvr-nr:29189382",
    "urn:oio:cpr:2512484916",
    "urn:oio:it-system-uuid:96514E13-AFDD-44D6-95A8-ADC2CA19B127",
    "urn:oio:kle:27.24.06",
    "2512484916",
    "29189382",
    "27.24.06",
    "2026-11-23",
    "https://laesoe.dk/sag?nr=1#a",
    "da-DK-x-egen",
    "type.googleapis.com/vera.sag.v1.SagOprettet",
    R"({"a": [1, -2.5e3, true, null, "\u00e6\ud83d\ude00"], "b": {}})",
    "[0-9]{2}(a|b)*ab",
    "# personer\nCPR;UUID\n2512484916,96514e13-afdd-44d6-95a8-adc2ca19b127\n",
    "U2FnZW4gZXIgb3ByZXR0ZXQ="};

}  // namespace

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20000;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    ValueTally tally;
    for (const char* one : good)
        run_value(one, tally);
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 1024 == 1 || runs == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        Dice dice(seed);
        const std::string text =
            changed(std::string(" ") + good[dice.below(std::size(good))], dice);
        if (runs == 1) std::fprintf(stderr, "%s\n", text.c_str());
        run_value(std::string_view(text).substr(1), tally);
    }
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("%llu texts: %llu forms, %llu patterns, %llu of JSON, %llu of persons\n",
                u(tally.runs),
                u(tally.forms),
                u(tally.patterns),
                u(tally.json),
                u(tally.persons));
    const bool saw_all =
        tally.forms != 0 && tally.patterns != 0 && tally.json != 0 && tally.persons != 0;
    return saw_all && tally.json < tally.runs ? 0 : 1;
}
