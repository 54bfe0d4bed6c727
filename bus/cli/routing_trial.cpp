#include "bus/cli/routing_trial.hpp"

#include "bus/base/edit_distance.hpp"
#include "bus/cli/expr_text.hpp"
#include "bus/cli/input_file.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/running_configuration.hpp"
#include "bus/event/event_properties.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/raw_kuvert.hpp"
#include "bus/expr/explain.hpp"
#include "bus/ops/config.hpp"
#include "bus/route/filter_compiler.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

/// "a, b and 17 more".
std::string some_of(const std::vector<std::string>& values) {
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(values.size(), most); ++i)
        text.append(i == 0 ? "" : ", ").append(values[i]);
    if (values.size() > most) text += " and " + std::to_string(values.size() - most) + " more";
    return text;
}

std::string errors_of(const std::vector<expr::Diagnostic>& diagnostics) {
    std::string text;
    for (const expr::Diagnostic& one : diagnostics)
        if (one.severity == expr::Severity::error)
            text.append(text.empty() ? "" : "; ").append(route::to_text(one));
    return text;
}

/// What a running bus says of one subscription.
struct Told {
    route::Filter filter;
    std::string expression;
};

void take(Told& told, const std::string& option, const json& value) {
    const auto texts = [&value] {
        std::vector<std::string> all;
        for (const json& one : value)
            if (one.is_string()) all.push_back(one.get<std::string>());
        return all;
    };
    if (option == "types") told.filter.types = texts();
    if (option == "authorities") told.filter.authorities = texts();
    if (option == "objects") told.filter.objects = texts();
    if (option == "filter" && value.is_string()) told.expression = value.get<std::string>();
}

std::vector<std::pair<std::string, Told>> told_by(const json& reply) {
    constexpr std::string_view before = "subscriptions[";
    std::vector<std::pair<std::string, Told>> all;
    for (const ops::EffectiveOption& option : options_of(reply)) {
        const std::size_t end = option.key.find("].");
        if (!option.key.starts_with(before) || end == std::string::npos) continue;
        const std::string name = option.key.substr(before.size(), end - before.size());
        if (all.empty() || all.back().first != name) all.emplace_back(name, Told{});
        take(all.back().second, option.key.substr(end + 2), option.value);
    }
    return all;
}

}  // namespace

bool Decision::is_delivered_to(std::string_view subscription) const {
    return std::ranges::any_of(subscriptions, [&](const Routed& one) {
        return one.is_delivered && one.subscription == subscription;
    });
}

std::size_t Decision::deliveries() const {
    return static_cast<std::size_t>(std::ranges::count_if(subscriptions, &Routed::is_delivered));
}

RoutingTrial::RoutingTrial(std::shared_ptr<const event::Catalogue> catalogue,
                           std::vector<route::Subscription> subscriptions)
    : catalogue_(std::move(catalogue)),
      subscriptions_(std::move(subscriptions)),
      table_(std::make_shared<const route::RoutingTable>(subscriptions_)) {}

Result<RoutingTrial> RoutingTrial::of_file(const std::string& config, const SchemaFlags& schemas) {
    ops::LoadOptions options;
    options.allows_beyond_loopback = true;  // nothing is served here
    options.schemas = schemas.folders;
    ops::LoadedConfig loaded = ops::load_config(config, options);
    if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
    std::vector<route::Subscription> subscriptions;
    for (ops::SubscriptionConfig& one : loaded.config.subscriptions) {
        const auto number = static_cast<std::uint32_t>(subscriptions.size() + 1);
        subscriptions.push_back({QueueId{number}, std::move(one.name), std::move(one.filter)});
    }
    return RoutingTrial(loaded.config.catalogue, std::move(subscriptions));
}

Result<RoutingTrial> RoutingTrial::of_bus(const ConnectFlags& connect, const SchemaFlags& schemas) {
    auto catalogue = catalogue_of(schemas);
    if (!catalogue) return fail(catalogue.error().code, catalogue.error().text);
    const auto reply = ask_running(connect, "READ");
    if (!reply) return fail(reply.error().code, reply.error().text);
    const route::FilterCompiler compiler(*catalogue);
    std::vector<route::Subscription> subscriptions;
    for (auto& [name, told] : told_by(*reply)) {
        if (!told.expression.empty()) {
            const std::string errors = errors_of(compiler.compile(told.expression, told.filter));
            if (!errors.empty())
                return fail(Errc::bad_input,
                            "subscription '" + name + "' of the bus: filter: " + errors +
                                " (--schemas has to name what the bus knows)");
        }
        const auto number = static_cast<std::uint32_t>(subscriptions.size() + 1);
        subscriptions.push_back({QueueId{number}, std::move(name), std::move(told.filter)});
    }
    return RoutingTrial(*std::move(catalogue), std::move(subscriptions));
}

std::vector<std::string> RoutingTrial::names() const {
    std::vector<std::string> all;
    for (const route::Subscription& one : subscriptions_)
        all.push_back(one.name);
    return all;
}

Result<void> RoutingTrial::find(const std::string& subscription) const {
    const std::vector<std::string> known = names();
    if (std::ranges::find(known, subscription) != known.end()) return {};
    std::string nearest;
    std::size_t least = std::max<std::size_t>(subscription.size() / 2, 1);
    for (const std::string& name : known) {
        const std::size_t distance = edit_distance(subscription, name, least);
        if (distance > least) continue;
        least = distance;
        nearest = name;
    }
    return fail(Errc::not_found,
                "there is no subscription '" + subscription + "'" +
                    (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

Result<void> RoutingTrial::replace_filter(const std::string& subscription,
                                          const std::string& text) {
    if (auto known = find(subscription); !known) return known;
    for (route::Subscription& one : subscriptions_) {
        if (one.name != subscription) continue;
        one.filter.expression.reset();
        const std::string errors =
            errors_of(route::FilterCompiler(catalogue_).compile(text, one.filter));
        if (!errors.empty()) return fail(Errc::bad_input, "--filter: " + errors);
    }
    table_ = std::make_shared<const route::RoutingTable>(subscriptions_);
    return {};
}

Routed RoutingTrial::explain(const route::Subscription& subscription,
                             const route::Exclusion* exclusion,
                             const event::Attributes& attributes,
                             const event::KuvertView& kuvert,
                             bool is_unmasked) const {
    const route::Filter& filter = subscription.filter;
    Routed routed{subscription.name, exclusion == nullptr, {}, {}};
    if (exclusion != nullptr) routed.step = route::name_of(exclusion->clause);
    const auto none_of = [](const std::string& value, const std::vector<std::string>& wanted) {
        return (value.empty() ? std::string("(none)") : value) + " is none of " + some_of(wanted);
    };
    if (exclusion != nullptr && exclusion->clause == route::Clause::types)
        routed.saw = none_of(attributes.type, filter.types);
    if (exclusion != nullptr && exclusion->clause == route::Clause::authorities)
        routed.saw = none_of(attributes.myndighed, filter.authorities);
    if (exclusion != nullptr && exclusion->clause == route::Clause::objects)
        routed.saw = some_of(attributes.objects) + ": none is wanted";
    // Earlier clauses have said no: the expression was not asked.
    const bool is_asked = exclusion == nullptr || exclusion->clause == route::Clause::filter;
    if (filter.expression && is_asked) {
        const event::EventProperties properties(attributes, kuvert);
        expr::Evaluator evaluator;
        const expr::Explanation explanation =
            expr::explain(evaluator, filter.expression->program, properties);
        routed.clauses = clauses_as_json(explanation, is_unmasked);
        if (exclusion != nullptr) routed.saw = deciding_text(explanation, is_unmasked);
    }
    if (!is_unmasked) routed.saw = mask_text(routed.saw);
    return routed;
}

std::variant<Decision, Refusal> RoutingTrial::decide(std::string_view body,
                                                     std::string_view content_type,
                                                     bool is_unmasked) const {
    event::CheckedKuvert kuvert;
    auto checked = catalogue_->check(event::raw_kuvert(body, content_type), kuvert);
    if (auto* refusal = std::get_if<Refusal>(&checked)) return std::move(*refusal);
    Decision decision;
    decision.attributes = std::get<event::Attributes>(std::move(checked));
    std::map<std::string_view, route::Exclusion> excluded;
    table_->explain(decision.attributes, kuvert.view, [&](const route::Exclusion& one) {
        excluded.emplace(one.subscription, one);
        return true;
    });
    for (const route::Subscription& one : subscriptions_) {
        const auto at = excluded.find(one.name);
        decision.subscriptions.push_back(explain(one,
                                                 at == excluded.end() ? nullptr : &at->second,
                                                 decision.attributes,
                                                 kuvert.view,
                                                 is_unmasked));
    }
    return decision;
}

void add_trial_flags(CLI::App& verb, TrialFlags& flags) {
    CLI::Option* config =
        verb.add_option("-c,--config", flags.config, "The configuration with the subscriptions");
    verb.add_flag("--running",
                  flags.asks_bus,
                  "The subscriptions of the running bus, which tells them to systems with "
                  "`operator: true`")
        ->excludes(config);
    add_schema_flags(verb, flags.schemas);
    flags.connect = add_connect_flags(verb);
}

Result<RoutingTrial> trial_of(const TrialFlags& flags) {
    if (flags.asks_bus) return RoutingTrial::of_bus(*flags.connect, flags.schemas);
    if (flags.config.empty())
        return fail(Errc::bad_input, "whose subscriptions? -c CONFIG or --running");
    return RoutingTrial::of_file(flags.config, flags.schemas);
}

namespace {

void each_of(const std::string& name,
             std::string bytes,
             const std::function<void(const FileEvent&)>& take) {
    if (!bytes.empty() && event::form_of(bytes, "") == event::KuvertForm::protobuf) {
        take({name, std::move(bytes), "application/protobuf"});
        return;
    }
    std::istringstream in(std::move(bytes));
    JsonDocuments documents(in);
    JsonDocuments::Document document;
    while (documents.next(document))
        take({document.line == 1 ? name : name + " line " + std::to_string(document.line),
              std::move(document.text),
              "application/json"});
}

}  // namespace

Result<void> each_event(const std::string& file_or_folder,
                        std::istream& standard_input,
                        const std::function<void(const FileEvent&)>& take) {
    namespace fs = std::filesystem;
    std::error_code error;
    std::vector<std::string> files;
    if (!fs::is_directory(file_or_folder, error)) {
        files.push_back(file_or_folder);
    } else {
        fs::directory_iterator entries(file_or_folder, error);
        for (const fs::directory_entry& entry : entries)
            if (entry.is_regular_file(error)) files.push_back(entry.path().string());
        std::ranges::sort(files);
    }
    if (error && files.empty())
        return fail(Errc::io, "'" + file_or_folder + "': " + error.message());
    for (const std::string& file : files) {
        auto bytes = read_input(file, standard_input);
        if (!bytes) return fail(bytes.error().code, bytes.error().text);
        each_of(file, *std::move(bytes), take);
    }
    return {};
}

}  // namespace vera::cli
