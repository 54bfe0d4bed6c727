#include "tests/fuzz/seeded_runs.hpp"

#include "tests/fuzz/choices.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/time.h>
#include <unistd.h>

namespace vera::fuzz {
namespace {

volatile std::uint64_t current_seed = 0;

// Async-signal-safe: says which seed was running, then lets the default action end the process.
void on_abort(int number) {
    char text[64];
    int at = sizeof text;
    text[--at] = '\n';
    for (std::uint64_t seed = current_seed; seed != 0 || at == sizeof text - 1; seed /= 10)
        text[--at] = static_cast<char>('0' + seed % 10);
    constexpr char prefix[] = "FINDING at seed ";
    (void)!write(2, prefix, sizeof prefix - 1);
    (void)!write(2, text + at, sizeof text - static_cast<std::size_t>(at));
    (void)std::signal(number, SIG_DFL);
    (void)std::raise(number);
}

// SIGPROF after so many seconds of processor time; 0: never.
void watch(int seconds) {
    itimerval timer{};
    timer.it_value.tv_sec = seconds;
    (void)setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

void hold_seeded_runs(int argc,
                      char** argv,
                      std::uint64_t by_default,
                      InputSizes sizes,
                      const std::function<void(std::string_view, std::uint64_t)>& run) {
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : by_default;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    for (const int number : {SIGABRT, SIGPROF})
        (void)std::signal(number, on_abort);
    double slowest = 0;
    std::uint64_t slowest_seed = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        current_seed = seed;
        if (seed % 64 == 0 || runs == 1) watch(20);  // a run that hangs is a finding
        Dice dice(seed);
        const std::string bytes =
            dice.bytes(64 + dice.below(dice.once_in(8) ? sizes.large : sizes.usual));
        const std::clock_t before = std::clock();  // processor time: other load must not count
        run(bytes, seed);
        const double took = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
        if (took > slowest) {
            slowest = took;
            slowest_seed = seed;
        }
    }
    watch(0);
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto u = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("%llu conversations (seeds %llu to %llu) in %.1f s; slowest %.1f ms (seed %llu)\n",
                u(runs),
                u(first),
                u(first + runs - 1),
                took,
                slowest * 1000,
                u(slowest_seed));
}

}  // namespace vera::fuzz
