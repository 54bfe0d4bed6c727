// `vera sub test` and `vera sub diff`: filters tried on events of files.
#include "bus/cli/masking.hpp"
#include "bus/cli/routing_trial.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"

#include <algorithm>
#include <ostream>
#include <set>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;

std::string dumped(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

struct TestFlags {
    std::string subscription;
    std::string events;
    std::string filter;
    TrialFlags trial;
    bool is_json = false;
    bool is_unmasked = false;
};

/// One event as one subscription sees it.
struct Tried {
    std::string place;
    std::string type;
    std::string answer;  ///< "yes", "no", "refused"
    std::string why;
};

int answer_test(const TestFlags& flags, const std::vector<Tried>& all, Io& io) {
    const auto count = [&](std::string_view answer) {
        return std::ranges::count(all, answer, &Tried::answer);
    };
    if (flags.is_json) {
        ordered_json events = ordered_json::array();
        for (const Tried& one : all)
            events.push_back({{"event", one.place},
                              {"type", one.type},
                              {"answer", one.answer},
                              {"why", one.why}});
        io.out << dumped({{"version", 1},
                          {"subscription", flags.subscription},
                          {"delivered", count("yes")},
                          {"not_delivered", count("no")},
                          {"refused", count("refused")},
                          {"events", std::move(events)}})
               << '\n';
        return exit_ok;
    }
    Table table({{"EVENT", false}, {"TYPE", false}, {"DELIVERED", false}, {"DECIDED BY", false}});
    for (const Tried& one : all)
        table.add({one.place, one.type, one.answer, one.why});
    io.out << table.text() << '\n'
           << all.size() << (all.size() == 1 ? " event: " : " events: ") << count("yes")
           << " delivered, " << count("no") << " not, " << count("refused")
           << " refused at the door\n";
    return exit_ok;
}

int test(const TestFlags& flags, Io& io) {
    auto trial = trial_of(flags.trial);
    if (!trial) return report(io, trial.error());
    if (const auto known = trial->find(flags.subscription); !known)
        return report(io, known.error());
    if (!flags.filter.empty())
        if (const auto done = trial->replace_filter(flags.subscription, flags.filter); !done)
            return report(io, done.error());
    std::vector<Tried> all;
    const auto read = each_event(flags.events, io.in, [&](const FileEvent& event) {
        const auto decision = trial->decide(event.body, event.content_type, flags.is_unmasked);
        if (const auto* refusal = std::get_if<Refusal>(&decision)) {
            const std::string why =
                std::string(symbol(refusal->condition)) + ": " + mask_text(refusal->text);
            all.push_back({event.place, {}, "refused", why});
            return;
        }
        const auto& decided = std::get<Decision>(decision);
        for (const Routed& one : decided.subscriptions)
            if (one.subscription == flags.subscription)
                all.push_back({event.place,
                               decided.attributes.type,
                               one.is_delivered ? "yes" : "no",
                               one.is_delivered ? "" : one.step + ": " + one.saw});
    });
    if (!read) return report(io, read.error());
    if (all.empty()) return report(io, {Errc::bad_input, "'" + flags.events + "' holds no event"});
    return answer_test(flags, all, io);
}

struct DiffFlags {
    std::string before;
    std::string after;
    std::string events;
    SchemaFlags schemas;
    bool is_json = false;
};

/// One copy that there would be only before, or only after.
struct Change {
    std::string place;
    std::string type;
    std::string subscription;
    bool is_new = false;
};

/// Who gets it; nothing is known of an event that is refused.
std::set<std::string> receivers(const std::variant<Decision, Refusal>& decision) {
    std::set<std::string> names;
    if (const auto* decided = std::get_if<Decision>(&decision))
        for (const Routed& one : decided->subscriptions)
            if (one.is_delivered) names.insert(one.subscription);
    return names;
}

void compare(const FileEvent& event,
             const std::variant<Decision, Refusal>& before,
             const std::variant<Decision, Refusal>& after,
             std::vector<Change>& changes) {
    const auto* known = std::get_if<Decision>(&before);
    if (known == nullptr) known = std::get_if<Decision>(&after);
    const std::string type = known == nullptr ? std::string() : known->attributes.type;
    const std::set<std::string> old = receivers(before);
    const std::set<std::string> fresh = receivers(after);
    for (const std::string& name : old)
        if (!fresh.contains(name)) changes.push_back({event.place, type, name, false});
    for (const std::string& name : fresh)
        if (!old.contains(name)) changes.push_back({event.place, type, name, true});
}

int diff(const DiffFlags& flags, Io& io) {
    const auto before = RoutingTrial::of_file(flags.before, flags.schemas);
    if (!before) return report(io, before.error());
    const auto after = RoutingTrial::of_file(flags.after, flags.schemas);
    if (!after) return report(io, after.error());
    std::vector<Change> changes;
    std::size_t events = 0;
    const auto read = each_event(flags.events, io.in, [&](const FileEvent& event) {
        ++events;
        compare(event,
                before->decide(event.body, event.content_type, false),
                after->decide(event.body, event.content_type, false),
                changes);
    });
    if (!read) return report(io, read.error());
    if (events == 0) return report(io, {Errc::bad_input, "'" + flags.events + "' holds no event"});
    const auto gained = static_cast<std::size_t>(std::ranges::count_if(changes, &Change::is_new));
    if (flags.is_json) {
        ordered_json shown = ordered_json::array();
        for (const Change& one : changes)
            shown.push_back({{"event", one.place},
                             {"type", one.type},
                             {"subscription", one.subscription},
                             {"change", one.is_new ? "gained" : "lost"}});
        io.out << dumped({{"version", 1},
                          {"events", events},
                          {"gained", gained},
                          {"lost", changes.size() - gained},
                          {"changes", std::move(shown)}})
               << '\n';
        return exit_ok;
    }
    if (!changes.empty()) {
        Table table({{"", false}, {"SUBSCRIPTION", false}, {"EVENT", false}, {"TYPE", false}});
        for (const Change& one : changes)
            table.add({one.is_new ? "+" : "-", one.subscription, one.place, one.type});
        io.out << table.text() << '\n';
    }
    io.out << events << (events == 1 ? " event: " : " events: ") << gained
           << (gained == 1 ? " copy" : " copies") << " more, " << changes.size() - gained
           << " fewer\n";
    return exit_ok;
}

}  // namespace

void add_sub_test(CLI::App& sub, Session& session) {
    CLI::App* verb =
        sub.add_subcommand("test", "Try a subscription's filter, or another one, on events");
    auto flags = std::make_shared<TestFlags>();
    verb->add_option("SUBSCRIPTION", flags->subscription, "Its name")->required();
    verb->add_option("--events",
                     flags->events,
                     "File or folder with kuverts in Protobuf, JSON or JSON lines; - is stdin")
        ->required();
    verb->add_option(
        "--filter", flags->filter, "Try this expression instead of the configured one");
    add_trial_flags(*verb, flags->trial);
    verb->add_flag("--json", flags->is_json, "As one JSON object");
    verb->add_flag("--unmasked", flags->is_unmasked, "Show personal data of the events");
    verb->footer(
        footer("  vera sub test omsorg-hjoerring --events haendelser/ -c vera.yaml\n"
               "  vera sub test omsorg-hjoerring --events haendelser/ -c vera.yaml \\\n"
               "      --filter \"kle LIKE '27.%' AND foelsomhed < 3\"\n"));
    verb->callback([flags, &session] { session.exit_code = test(*flags, session.io); });
}

void add_sub_diff(CLI::App& sub, Session& session) {
    CLI::App* verb = sub.add_subcommand(
        "diff", "Say which copies of events a changed configuration adds and takes away");
    auto flags = std::make_shared<DiffFlags>();
    verb->add_option("OLD", flags->before, "The configuration as it is")->required();
    verb->add_option("NEW", flags->after, "As it would be")->required();
    verb->add_option("--events",
                     flags->events,
                     "File or folder with kuverts in Protobuf, JSON or JSON lines; - is stdin")
        ->required();
    add_schema_flags(*verb, flags->schemas);
    verb->add_flag("--json", flags->is_json, "As one JSON object");
    verb->footer(footer("  vera sub diff vera.yaml vera-ny.yaml --events haendelser/\n"));
    verb->callback([flags, &session] { session.exit_code = diff(*flags, session.io); });
}

}  // namespace vera::cli
