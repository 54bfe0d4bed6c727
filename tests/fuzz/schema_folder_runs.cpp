// N good schemas with bytes changed: schema_folder_runs [N [SEED]]. A broken promise ends the
// process; the last line names the seed that it began at.
#include "tests/fuzz/changes.hpp"
#include "tests/fuzz/folder_run.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2000;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    google::protobuf::SetLogHandler(nullptr);  // it tells of every schema it refuses
    FolderTally tally;
    for (const std::string& good : good_folders())
        run_folder(good, tally);
    const std::uint64_t good = tally.taken;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        if (seed % 64 == 1 || runs == 1) {
            std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
            (void)std::fflush(stdout);
        }
        Dice dice(seed);
        run_folder(
            dice.once_in(8) ? later_folder(dice) : changed(good_folders()[dice.below(2)], dice),
            tally);
    }
    std::printf("%llu folders: %llu taken, %llu refused\n",
                static_cast<unsigned long long>(tally.runs),
                static_cast<unsigned long long>(tally.taken),
                static_cast<unsigned long long>(tally.refused));
    const CatalogueTally& of = tally.catalogues;
    std::printf(
        "%llu catalogues: %llu events taken; %llu next versions, %llu of them break nothing\n",
        static_cast<unsigned long long>(of.made),
        static_cast<unsigned long long>(of.accepted),
        static_cast<unsigned long long>(of.compared),
        static_cast<unsigned long long>(of.harmless));
    if (of.accepted == 0 || of.harmless == 0 || of.harmless == of.compared) return 1;
    return good == good_folders().size() && tally.refused != 0 ? 0 : 1;
}
