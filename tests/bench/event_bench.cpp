// What the check at the door costs: a kuvert of about 1 KiB with its payload. Goal: under 2 µs
// (issue 4).
#include "bus/event/catalogue.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <benchmark/benchmark.h>
#include <variant>

namespace {

using namespace vera::event;

/// All that the door asks of an event's meaning: rules of kuvert and payload, attributes derived.
void checked_kuvert(benchmark::State& state) {
    auto besked = test::sample_kuvert();
    auto payload = test::sample_payload();
    payload.mutable_sag()->mutable_egenskaber(0)->set_beskrivelse(
        std::string(static_cast<std::size_t>(state.range(0)), 'x'));
    test::set_payload(besked, payload);
    const RawEvent raw = test::raw_event(besked);
    const Catalogue& catalogue = test::catalogue();
    for (auto _ : state) {
        auto checked = catalogue.check(raw);
        if (!std::holds_alternative<Attributes>(checked)) state.SkipWithError("refused");
        benchmark::DoNotOptimize(checked);
    }
    state.counters["bytes"] = static_cast<double>(raw.body.size());
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * raw.body.size()));
}
BENCHMARK(checked_kuvert)->Arg(180);

}  // namespace

BENCHMARK_MAIN();
