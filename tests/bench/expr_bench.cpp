// What one filter costs on a parsed event. Goal: type and KLE prefix under 200 ns (issue 5).
#include "bus/event/event_properties.hpp"
#include "bus/expr/compiler.hpp"
#include "bus/expr/evaluator.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace vera;

void filter(benchmark::State& state, const char* expression) {
    event::Attributes attributes;
    attributes.id = "e4631b55-3fde-45b4-a886-904732dce811";
    attributes.source = "urn:oio:cvr-nr:29189498/folkeregister";
    attributes.type = "vera.person.v1.PersonFlyttet";
    attributes.kle = "27.20.04";
    attributes.myndighed = "29189498";
    attributes.foelsomhed = 2;
    const event::KuvertView kuvert;
    const event::EventProperties properties(attributes, kuvert);
    const expr::Compiled compiled = expr::compile(expression, {});
    expr::Evaluator evaluator;
    if (!compiled.program || !evaluator.matches(*compiled.program, properties))
        state.SkipWithError("does not match");
    for (auto _ : state)
        benchmark::DoNotOptimize(evaluator.matches(*compiled.program, properties));
}
BENCHMARK_CAPTURE(filter,
                  type_and_kle,
                  "type = 'vera.person.v1.PersonFlyttet' AND kle LIKE '27.%'");
BENCHMARK_CAPTURE(filter,
                  set_of_ten,
                  "myndighed IN ('29189382', '29189439', '29189440', '29189441', '29189442', "
                  "'29189443', '29189444', '29189445', "
                  "'29189446', '29189498') AND foelsomhed <= 3");
BENCHMARK_CAPTURE(filter, functions, "KLE_UNDER(kle, '27') AND UPPER(LEFT(type, 4)) = 'VERA'");

}  // namespace

BENCHMARK_MAIN();
