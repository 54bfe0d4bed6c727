// What a mapping costs per event, on one core: `transform_bench --benchmark_filter=twenty`. The
// figure that counts is of a release build.
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/transform/mapping_tests.hpp"
#include "bus/transform/transformer.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace vera;

namespace {

std::string fields(char prefix) {
    std::string text;
    for (int i = 1; i <= 20; ++i)
        text += std::string("  ") +
                (i == 18   ? "int64 "
                 : i == 19 ? "bool "
                 : i == 20 ? "google.protobuf.Timestamp "
                           : "string ") +
                prefix + std::to_string(i) + " = " + std::to_string(i) + ";\n";
    return text;
}

const std::string schema = R"(syntax = "proto3";
package maal.v1;
import "google/protobuf/timestamp.proto";
import "vera/options/v1/options.proto";
message Fra {
  option (vera.options.v1.besked) = { beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e31" };
)" + fields('a') + R"(}
message Til {
  option (vera.options.v1.besked) = { beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e32" };
)" + fields('b') + "}\n";

void must(bool holds, const std::string& what) {
    if (holds) return;
    std::cerr << what << '\n';
    std::exit(1);
}

std::shared_ptr<const event::Catalogue> catalogue() {
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    const auto problems = parts.schemas.add({"maal", {{"maal.proto", schema}}});
    must(problems.empty(), event::to_text(problems));
    return std::get<0>(event::Catalogue::make(std::move(parts)));
}

transform::FieldSource field(std::string expression) {
    transform::FieldSource source;
    source.line = 1;
    source.value = {std::move(expression), 1};
    return source;
}

/// Twenty fields: ten copied, the others computed, one of them by a code list.
transform::MappingSource twenty() {
    transform::MappingSource source;
    source.file = "maal.yaml";
    source.name = {"maal", 1};
    source.from = {"maal.v1.Fra", 1};
    source.to = {"maal.v1.Til", 1};
    source.map.line = 1;
    const auto put = [&](const std::string& name, transform::FieldSource value) {
        source.map.fields.emplace_back(transform::Text{name, 1}, std::move(value));
    };
    for (int i = 1; i <= 8; ++i)
        put("b" + std::to_string(i), field("data.a" + std::to_string(i)));
    put("b9", field("CONCAT(data.a9, ' ', data.a10)"));
    put("b10", field("UPPER(data.a10)"));
    put("b11", field("READ_DATE(data.a11, 'DD-MM-YYYY')"));
    transform::FieldSource looked_up = field("data.a12");
    looked_up.lookup = {"koder", 1};
    put("b12", std::move(looked_up));
    put("b13", field("IF(data.a18 > 3, 'mange', 'få')"));
    put("b14", field("COALESCE(data.a14, 'ingen')"));
    transform::FieldSource conditional = field("data.a15");
    conditional.when = {"type = 'maal.v1.Fra' AND data.a16 LIKE '27.%'", 1};
    put("b15", std::move(conditional));
    put("b16", field("KLE_LEVEL(data.a16, 2)"));
    put("b17", field("DATE(data.a20)"));
    put("b18", field("data.a18 * 2"));
    put("b19", field("data.a19"));
    put("b20", field("data.a20"));
    transform::TableSource table;
    table.name = {"koder", 1};
    table.columns = {{"kode", 1}, {"tekst", 1}};
    for (int i = 0; i < 200; ++i)
        table.rows.push_back({{"K" + std::to_string(i), 1}, {"Tekst " + std::to_string(i), 1}});
    source.tables.push_back(std::move(table));
    return source;
}

void run(benchmark::State& state, const transform::MappingSource& source) {
    const auto known = catalogue();
    const auto compiled = transform::Mapping::compile(source, known);
    for (const auto& problem : compiled.problems)
        must(!problem.is_error, transform::to_text(problem));
    std::string json = "{";
    for (int i = 1; i <= 17; ++i)
        json += "\"a" + std::to_string(i) + "\": \"" +
                (i == 11   ? "23-11-2026"
                 : i == 12 ? "K77"
                 : i == 16 ? "27.24.06"
                           : "en værdi af feltet") +
                "\", ";
    json += R"("a18": "7", "a19": true, "a20": "2026-11-23T12:00:00Z"})";
    const auto kuvert = transform::kuvert_around(json, "maal.v1.Fra", *known);
    must(kuvert.has_value(), kuvert ? "" : kuvert.error().text);
    event::RawEvent raw;
    raw.body_kind = event::BodyKind::data;
    raw.body = *kuvert;
    raw.content_type = "application/protobuf";
    const auto attributes = std::get<event::Attributes>(known->check(raw));
    transform::Transformer transformer;
    for (auto _ : state) {
        auto made = transformer.apply(*compiled.mapping, *kuvert, attributes);
        must(std::holds_alternative<std::string>(made), "the mapping fails");
        benchmark::DoNotOptimize(made);
    }
}

void twenty_fields(benchmark::State& state) {
    run(state, twenty());
}
BENCHMARK(twenty_fields);

/// All of it copied by name: what a mapping costs without expressions.
void twenty_fields_copied(benchmark::State& state) {
    transform::MappingSource source = twenty();
    source.to = source.from;
    source.map.fields.clear();
    source.map.copies_rest = true;
    run(state, source);
}
BENCHMARK(twenty_fields_copied);

}  // namespace

BENCHMARK_MAIN();
