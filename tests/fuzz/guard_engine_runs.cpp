// Holds N pseudo-random conversations with guard and engine: guard_engine_runs [N [SEED]].
// `guard_engine_runs 1 SEED` repeats one conversation.
#include "tests/fuzz/engine_server.hpp"
#include "tests/fuzz/seeded_runs.hpp"

#include <cstdio>

namespace {

void print(const char* what, const std::map<std::string, std::uint64_t, std::less<>>& counts) {
    std::printf("%s\n", what);
    for (const auto& [name, count] : counts)
        std::printf("  %10llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    using namespace vera::fuzz;
    Tally tally;
    hold_seeded_runs(argc, argv, 10000, {}, [&](std::string_view bytes, std::uint64_t seed) {
        run_conversation(bytes, seed, tally);
    });
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf(
        "%llu frames passed, %llu consumed, %llu bytes, %llu deliveries in, %llu out, %llu closed "
        "in order, %llu ended by the session window\n",
        u(tally.frames),
        u(tally.consumed),
        u(tally.bytes),
        u(tally.deliveries_in),
        u(tally.deliveries_out),
        u(tally.closed),
        u(tally.window_violations));
    print("refused by the guard:", tally.refusals);
    print("refused by the engine (the guard let it pass):", tally.engine_refusals);
    return tally.engine_refusals.empty() ? 0 : 1;
}
