#include "bus/transform/mapping.hpp"

#include "bus/event/message_types.hpp"
#include "bus/event/type_info.hpp"
#include "bus/transform/map_compiler.hpp"
#include "bus/transform/plans.hpp"

#include <algorithm>
#include <utility>

namespace vera::transform {
namespace {

constexpr const char* kuvert_type = "vera.besked.v1.Beskedkuvert";
constexpr std::string_view beskedtype_path = "Filtreringsdata.Beskedtype";

bool says_beskedtype(const MapSource& kuvert) {
    return std::ranges::any_of(kuvert.fields, [](const auto& field) {
        return field.first.text.starts_with(beskedtype_path) ||
               field.first.text == "Filtreringsdata";
    });
}

bool says_anything(const MapSource& map) {
    return !map.fields.empty() || !map.dropped.empty() || !map.masked.empty();
}

/// The kuvert says of which type its payload is.
MapSource with_beskedtype(const MapSource& kuvert,
                          const event::TypeInfo& from,
                          const event::TypeInfo& to,
                          int line) {
    MapSource made = kuvert;
    made.copies_rest = true;
    if (made.line == 0) made.line = line;
    if (to.beskedtype.empty() || to.beskedtype == from.beskedtype || says_beskedtype(kuvert))
        return made;
    FieldSource beskedtype;
    beskedtype.line = line;
    beskedtype.value = {"'" + to.beskedtype + "'", line};
    made.fields.emplace_back(Text{std::string(beskedtype_path) + ".UUIDIdentifikator", line},
                             std::move(beskedtype));
    return made;
}

}  // namespace

std::string to_text(const Problem& problem) {
    std::string text = problem.file;
    if (problem.line != 0) text += ':' + std::to_string(problem.line);
    if (!text.empty()) text += ": ";
    if (!problem.key.empty()) text += problem.key + ": ";
    return text + problem.text;
}

Mapping::Mapping() = default;
Mapping::~Mapping() = default;

Mapping::Compiled Mapping::compile(const MappingSource& source,
                                   std::shared_ptr<const event::Catalogue> catalogue) {
    Compiled compiled;
    auto& problems = compiled.problems;
    const auto wrong = [&](int line, std::string key, std::string text) {
        problems.push_back({true, source.file, line, std::move(key), std::move(text)});
    };
    const event::TypeInfo* from = catalogue->find(source.from.text);
    const event::TypeInfo* to = catalogue->find(source.to.text);
    if (from == nullptr) wrong(source.from.line, "from", catalogue->unknown_type(source.from.text));
    if (to == nullptr) wrong(source.to.line, "to", catalogue->unknown_type(source.to.text));
    if (!source.key.empty() && source.key.size() < PseudonymKey::least_bytes)
        wrong(source.name.line,
              "pseudonym_key",
              "holds fewer than " + std::to_string(PseudonymKey::least_bytes) + " bytes");
    auto plans = std::make_unique<Plans>();
    for (const TableSource& table : source.tables)
        plans->tables.push_back(std::make_unique<const Table>(table, source.file, problems));
    if (from == nullptr || to == nullptr) return compiled;

    const auto* kuvert = catalogue->messages().find(kuvert_type);
    plans->schema = std::make_unique<const event::DescriptorSchema>(
        kuvert, std::vector<const google::protobuf::Descriptor*>{from->descriptor}, true);
    if (!source.key.empty()) plans->key.emplace(source.key);
    plans->keeps_other_payloads = source.keeps_other_payloads;
    MapCompiler compiler(source.file,
                         *plans->schema,
                         {kuvert, from->descriptor},
                         plans->tables,
                         plans->key.has_value(),
                         problems);
    if (source.when.is_there()) plans->when = compiler.condition(source.when, "when");
    plans->payload = compiler.compile(source.map,
                                      *to->descriptor,
                                      {{SourcePath::Root::data, 0, {}}, from->descriptor},
                                      "map",
                                      false);
    const MapSource outer = with_beskedtype(source.kuvert, *from, *to, source.to.line);
    if (says_anything(outer))
        plans->kuvert = compiler.compile(
            outer, *kuvert, {{SourcePath::Root::kuvert, 0, {}}, kuvert}, "kuvert", true);

    plans->changes_kuvert = says_anything(source.kuvert);
    if (plans->changes_kuvert) {
        std::vector<Problem> told_already;
        MapCompiler again(source.file,
                          *plans->schema,
                          {kuvert, from->descriptor},
                          plans->tables,
                          plans->key.has_value(),
                          told_already);
        MapSource own = source.kuvert;
        own.copies_rest = true;
        plans->kuvert_of_others = again.compile(
            own, *kuvert, {{SourcePath::Root::kuvert, 0, {}}, kuvert}, "kuvert", true);
    }

    std::ranges::stable_sort(problems, {}, &Problem::line);
    if (std::ranges::any_of(problems, &Problem::is_error)) return compiled;
    struct Reachable : Mapping {};  // lets make_shared reach the private constructor
    auto mapping = std::make_shared<Reachable>();
    mapping->name_ = source.name.text;
    mapping->file_ = source.file;
    mapping->from_ = from->name;
    mapping->to_ = to->name;
    mapping->is_bridge_ = source.is_bridge;
    mapping->tests_ = source.tests;
    mapping->catalogue_ = std::move(catalogue);
    mapping->plans_ = std::move(plans);
    compiled.mapping = std::move(mapping);
    return compiled;
}

}  // namespace vera::transform
