// `vera type check`: what a change of schemas breaks, and whom.
#include "bus/cli/mapping_change.hpp"
#include "bus/cli/running_configuration.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/compatibility.hpp"
#include "bus/event/schema_set.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/schema_folder.hpp"
#include "bus/route/filter_compiler.hpp"
#include "bus/route/type_pattern.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vera::cli {
namespace {

using event::Difference;
using event::SchemaSet;
using nlohmann::json;

struct CheckFlags {
    std::string old;
    std::string fresh = "built-in";
    std::string config;
    bool asks_bus = false;
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

/// One side, as it was given.
struct Side {
    event::SchemaFolder folder;
    std::optional<SchemaSet> alone;  ///< if it is all of VeRA's schemas, or more
};

/// "built-in", a folder, or a file.
Result<Side> side_of(const std::string& given) {
    Side side;
    if (given == "built-in") {
        side.alone = SchemaSet::built_in();
        return side;
    }
    auto read = ops::read_schemas(given, given);
    if (const auto* problem = std::get_if<event::SchemaProblem>(&read))
        return fail(Errc::bad_input, to_text(*problem));
    side.folder = std::get<event::SchemaFolder>(std::move(read));
    SchemaSet alone;
    if (alone.add(side.folder).empty() &&
        alone.find("vera/besked/v1/haendelsesbesked.proto") != nullptr)
        side.alone = std::move(alone);
    return side;
}

Result<SchemaSet> on_built_in(const Side& side) {
    SchemaSet set = SchemaSet::built_in();
    const auto problems = set.add(side.folder);
    if (!problems.empty()) return fail(Errc::bad_input, to_text(problems));
    return set;
}

/// Both stand alone, or both on the built-in schemas: else what only one of them brings would seem
/// to come or go.
Result<std::pair<SchemaSet, SchemaSet>> sets_of(const CheckFlags& flags) {
    auto old = side_of(flags.old);
    if (!old) return fail(old.error().code, old.error().text);
    auto fresh = side_of(flags.fresh);
    if (!fresh) return fail(fresh.error().code, fresh.error().text);
    if (old->alone && fresh->alone)
        return std::pair(*std::move(old->alone), *std::move(fresh->alone));
    auto one = on_built_in(*old);
    if (!one) return fail(one.error().code, one.error().text);
    auto other = on_built_in(*fresh);
    if (!other) return fail(other.error().code, other.error().text);
    return std::pair(*std::move(one), *std::move(other));
}

/// What a subscription wants of types.
struct Wanting {
    std::string subscription;
    std::vector<std::string> types;  ///< as they are written; none: all
    std::string filter;              ///< an expression; empty: none
};

/// Who uses the schemas.
struct Users {
    std::vector<Wanting> subscriptions;
    std::vector<UsedMapping> mappings;  ///< of a configuration's file: a bus does not tell its own
};

Result<Users> users_of_file(const std::string& config) {
    const ops::LoadedConfig loaded = ops::load_config(config, {true, false});
    if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
    Users users;
    for (const auto& mapping : loaded.config.mappings)
        users.mappings.push_back({mapping->name(), mapping->file(), {}});
    for (const ops::SubscriptionConfig& one : loaded.config.subscriptions) {
        users.subscriptions.push_back({one.name, one.filter.types, one.filter_text});
        for (UsedMapping& mapping : users.mappings)
            if (std::ranges::find(one.transform, mapping.name) != one.transform.end())
                mapping.subscriptions.push_back(one.name);
    }
    return users;
}

Result<Users> users_of_bus(const ConnectFlags& connect) {
    const auto reply = ask_running(connect, "READ");
    if (!reply) return fail(reply.error().code, reply.error().text);
    constexpr std::string_view before = "subscriptions[";
    std::map<std::string, Wanting> found;
    for (const ops::EffectiveOption& option : options_of(*reply)) {
        const std::size_t end = option.key.find(']');
        if (!option.key.starts_with(before) || end == std::string::npos) continue;
        const std::string name = option.key.substr(before.size(), end - before.size());
        const std::string of_it = option.key.substr(end);
        Wanting& one = found[name];
        one.subscription = name;
        if (of_it == "].filter" && option.value.is_string())
            one.filter = option.value.get<std::string>();
        if (of_it != "].types" || !option.value.is_array()) continue;
        for (const json& type : option.value)
            if (type.is_string()) one.types.push_back(type.get<std::string>());
    }
    Users users;
    for (auto& [name, one] : found)
        users.subscriptions.push_back(std::move(one));
    return users;
}

/// Of the configuration's file, or of the running bus, or of nobody.
Result<Users> users_of(const CheckFlags& flags) {
    if (flags.asks_bus) return users_of_bus(*flags.connect);
    if (!flags.config.empty()) return users_of_file(flags.config);
    return Users{};
}

/// A subscription that gets, or got, something that is broken.
struct Touched {
    std::string subscription;
    std::string filter;  ///< as it is written: a type, or a package; empty: it has none
    std::string type;
    bool by_expression = false;  ///< no type is named, and the expression lets it pass
    bool is_gone = false;
};

using Broken = std::map<std::string, std::vector<const Difference*>>;

/// `filters`: one per subscription, compiled against the old schemas.
std::vector<Touched> touched_by(const std::vector<Wanting>& subscriptions,
                                const std::vector<route::Filter>& filters,
                                const Broken& broken,
                                const std::set<std::string>& fresh) {
    std::vector<Touched> touched;
    for (std::size_t i = 0; i < subscriptions.size(); ++i)
        for (const auto& [type, ignored] : broken) {
            const Wanting& one = subscriptions[i];
            if (!route::may_match_type(filters[i], type)) continue;
            const bool is_gone = !fresh.contains(type);
            if (one.types.empty())
                touched.push_back({one.subscription, "", type, !one.filter.empty(), is_gone});
            for (const std::string& wanted : one.types)
                if (route::covers({wanted}, type))
                    touched.push_back({one.subscription, wanted, type, false, is_gone});
        }
    return touched;
}

/// The names of UUIDs do not matter to filters.
Result<std::shared_ptr<const event::Catalogue>> catalogue_of_set(const SchemaSet& set) {
    auto made = event::Catalogue::make({set, event::UuidNames::built_in()});
    if (const auto* problems = std::get_if<1>(&made))
        return fail(Errc::bad_input, to_text(*problems));
    return std::get<0>(std::move(made));
}

/// A subscription whose expression could be compiled and cannot any more.
struct BrokenFilter {
    std::string subscription;
    std::vector<std::string> errors;  ///< "offset 12: vera.sag.v1.SagOprettet has no field x"
};

/// Their filters, and which of them do not compile: `before` against the old schemas, `broken` only
/// against the new ones.
struct Filters {
    std::vector<route::Filter> before;
    std::vector<BrokenFilter> broken;
};

std::vector<std::string> errors_of(const std::vector<expr::Diagnostic>& diagnostics) {
    std::vector<std::string> errors;
    for (const expr::Diagnostic& one : diagnostics)
        if (one.severity == expr::Severity::error) errors.push_back(route::to_text(one));
    return errors;
}

Result<Filters> filters_of(const std::vector<Wanting>& subscriptions,
                           const SchemaSet& old,
                           const SchemaSet& fresh) {
    Filters filters;
    for (const Wanting& one : subscriptions)
        filters.before.push_back({one.types, {}, {}, {}});
    if (std::ranges::all_of(subscriptions, [](const Wanting& one) { return one.filter.empty(); }))
        return filters;
    auto catalogue = catalogue_of_set(old);
    if (!catalogue) return fail(catalogue.error().code, catalogue.error().text);
    const route::FilterCompiler by_old(*std::move(catalogue));
    catalogue = catalogue_of_set(fresh);
    if (!catalogue) return fail(catalogue.error().code, catalogue.error().text);
    const route::FilterCompiler by_fresh(*std::move(catalogue));
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
        const Wanting& one = subscriptions[i];
        if (one.filter.empty()) continue;
        if (!errors_of(by_old.compile(one.filter, filters.before[i])).empty()) continue;
        route::Filter after = {one.types, {}, {}, {}};
        if (auto errors = errors_of(by_fresh.compile(one.filter, after)); !errors.empty())
            filters.broken.push_back({one.subscription, std::move(errors)});
    }
    return filters;
}

Result<std::vector<BrokenMapping>> mappings_of(const std::vector<UsedMapping>& used,
                                               const SchemaSet& old,
                                               const SchemaSet& fresh) {
    if (used.empty()) return std::vector<BrokenMapping>{};
    const auto before = catalogue_of_set(old);
    if (!before) return fail(before.error().code, before.error().text);
    const auto after = catalogue_of_set(fresh);
    if (!after) return fail(after.error().code, after.error().text);
    return broken_mappings(used, *before, *after);
}

json to_json(const std::vector<Difference>& differences,
             const Broken& broken,
             const std::vector<Touched>& touched,
             const std::vector<BrokenFilter>& filters,
             const std::vector<BrokenMapping>& mappings) {
    json out{{"version", 1},
             {"breaks", json::array()},
             {"types", json::array()},
             {"subscriptions", json::array()},
             {"filters", json::array()},
             {"mappings", json::array()}};
    for (const Difference& one : differences)
        out["breaks"].push_back({{"severity", name_of(one.severity)},
                                 {"file", one.file},
                                 {"path", one.path},
                                 {"text", one.what}});
    for (const auto& [type, ignored] : broken)
        out["types"].push_back(type);
    for (const Touched& one : touched)
        out["subscriptions"].push_back({{"subscription", one.subscription},
                                        {"filter", one.filter},
                                        {"type", one.type},
                                        {"gone", one.is_gone}});
    for (const BrokenFilter& one : filters)
        out["filters"].push_back({{"subscription", one.subscription}, {"errors", one.errors}});
    for (const BrokenMapping& one : mappings)
        out["mappings"].push_back({{"mapping", one.used.name},
                                   {"subscriptions", one.used.subscriptions},
                                   {"errors", one.errors}});
    return out;
}

void print(const std::vector<Difference>& differences,
           const Broken& broken,
           const std::vector<Touched>& touched,
           const std::vector<BrokenFilter>& filters,
           const std::vector<BrokenMapping>& mappings,
           Io& io) {
    for (const Difference& one : differences)
        io.out << to_text(one) << '\n';
    for (const auto& [type, ignored] : broken)
        io.out << "event concerned: " << type << '\n';
    for (const Touched& one : touched)
        io.out << "subscription " << one.subscription << ": "
               << (!one.filter.empty() ? "types " + one.filter + " names "
                   : one.by_expression ? "its filter lets pass "
                                       : "takes all types, so ")
               << one.type << (one.is_gone ? ", which is gone" : ", which has changed") << '\n';
    for (const BrokenFilter& one : filters)
        for (const std::string& error : one.errors)
            io.out << "subscription " << one.subscription << ": its filter breaks: " << error
                   << '\n';
    for (const BrokenMapping& one : mappings) {
        for (const std::string& subscription : one.used.subscriptions)
            io.out << "subscription " << subscription << ": its mapping " << one.used.name
                   << " breaks\n";
        for (const std::string& error : one.errors)
            io.out << "mapping " << one.used.name << ": " << error << '\n';
    }
    if (differences.empty() && filters.empty() && mappings.empty())
        io.out << "nothing breaks\n";
    else
        io.out << differences.size() << (differences.size() == 1 ? " break" : " breaks") << '\n';
}

int check(const CheckFlags& flags, Io& io) {
    const auto sets = sets_of(flags);
    if (!sets) return report(io, sets.error());
    const auto& [old, fresh] = *sets;
    const std::vector<Difference> differences = breaks(old, fresh);
    const Broken broken = broken_types(old, differences);
    const auto users = users_of(flags);
    if (!users) return report(io, users.error());
    const auto filters = filters_of(users->subscriptions, old, fresh);
    if (!filters) return report(io, filters.error());
    const auto mappings = mappings_of(users->mappings, old, fresh);
    if (!mappings) return report(io, mappings.error());
    const std::vector<Touched> touched =
        touched_by(users->subscriptions, filters->before, broken, payload_types(fresh));
    if (flags.is_json)
        io.out << to_json(differences, broken, touched, filters->broken, *mappings).dump() << '\n';
    else
        print(differences, broken, touched, filters->broken, *mappings, io);
    return differences.empty() && filters->broken.empty() && mappings->empty() ? exit_ok
                                                                               : exit_failed;
}

}  // namespace

void add_type_check(CLI::App& type, Session& session) {
    CLI::App* verb =
        type.add_subcommand("check", "What a change of schemas breaks; 1 if anything does");
    auto flags = std::make_shared<CheckFlags>();
    verb->add_option("--against",
                     flags->old,
                     "The old schemas: a folder, a .proto file, a descriptor set, or built-in")
        ->required()
        ->type_name("OLD");
    verb->add_option("NEW", flags->fresh, "The new ones, likewise")->capture_default_str();
    CLI::Option* config = verb->add_option(
        "-c,--config",
        flags->config,
        "Also tell whose subscriptions get what breaks, and which filters and mappings break");
    verb->add_flag("--running", flags->asks_bus, "The same of the running bus")->excludes(config);
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera type check --against schemas/released/vera.binpb\n"
        "  vera type check --against skemaer/ skemaer-next/ -c vera.yaml\n"
        "  vera type check --against skemaer/ skemaer-next/ --running\n"
        "Each break is wire (old bytes mean something else, or one side does not read the "
        "other's),\n"
        "json (the same of JSON), source (programs do not compile) or rule (the door refuses what "
        "it\ntook). bus/event/README.md has them all in a table.\n"
        "--running asks the configuration of the bus: for systems with `operator: true`. A bus "
        "does\nnot tell its mappings: they are looked at with -c.\n"));
    verb->callback([flags, &session] { session.exit_code = check(*flags, session.io); });
}

}  // namespace vera::cli
