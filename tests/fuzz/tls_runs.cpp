// Holds N pseudo-random TLS conversations: tls_runs [N [SEED]]; `tls_runs 1 SEED` repeats one.
// `tls_runs --record FOLDER` writes what real clients say into files there: libFuzzer's first
// inputs.
#include "tests/fuzz/seeded_runs.hpp"
#include "tests/fuzz/tls_conversation.hpp"

#include <cstdio>
#include <fstream>

namespace {

int record(const std::string& folder) {
    for (const bool is_old : {true, false}) {
        for (const bool has_certificate : {true, false}) {
            const std::string name =
                folder + (is_old ? "/tls12" : "/tls13") + (has_certificate ? "-certificate" : "");
            std::ofstream file(name, std::ios::binary);
            file << vera::fuzz::recorded_flights(is_old, has_certificate);
            if (!file.flush()) {
                std::fprintf(stderr, "%s: cannot be written\n", name.c_str());
                return 1;
            }
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    prepare_tls_conversations();
    if (argc == 3 && std::string_view(argv[1]) == "--record") return record(argv[2]);
    TlsTally tally;
    hold_seeded_runs(
        argc,
        argv,
        2000,
        {.usual = 400, .large = 6000},
        [&](std::string_view bytes, std::uint64_t) { run_tls_conversation(bytes, tally); });
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf(
        "%llu raw, %llu left alone, %llu mutated (%llu mutations), %llu bytes; %llu opened, "
        "%llu of them with a certificate, %llu ended in order\n",
        u(tally.raw),
        u(tally.untouched),
        u(tally.mutated),
        u(tally.mutations),
        u(tally.bytes),
        u(tally.opened),
        u(tally.with_certificate),
        u(tally.ended));
    for (const auto& [reason, count] : tally.failures)
        std::printf("  %10llu  %s\n", u(count), reason.c_str());
    return 0;
}
