#include "bus/cli/masking.hpp"
#include "bus/cli/routing_trial.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"

#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;

struct ExplainFlags {
    std::string file;
    std::string subscription;
    TrialFlags trial;
    bool is_json = false;
    bool is_unmasked = false;
};

ordered_json to_json(const Routed& one) {
    ordered_json shown = {{"subscription", one.subscription}, {"delivered", one.is_delivered}};
    if (!one.is_delivered) {
        shown["step"] = one.step;
        shown["saw"] = one.saw;
    }
    if (!one.clauses.empty()) shown["explain"] = one.clauses;
    return shown;
}

class Explained {
public:
    Explained(const ExplainFlags& flags, Io& io) : flags_(flags), io_(io) {}

    void refused(const std::string& place, const Refusal& refusal);
    void decided(const std::string& place, const Decision& decision);
    [[nodiscard]] bool has_any() const { return has_any_; }

private:
    [[nodiscard]] bool is_asked_for(const Routed& one) const {
        return flags_.subscription.empty() || flags_.subscription == one.subscription;
    }
    void as_json(const std::string& place, const Decision& decision);

    const ExplainFlags& flags_;
    Io& io_;
    bool has_any_ = false;
};

void Explained::refused(const std::string& place, const Refusal& refusal) {
    has_any_ = true;
    const std::string condition(symbol(refusal.condition));
    const std::string text = mask_text(refusal.text);
    if (flags_.is_json) {
        io_.out << ordered_json{{"version", 1},
                                {"event", place},
                                {"accepted", false},
                                {"step", "check"},
                                {"condition", condition},
                                {"text", text}}
                       .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                << '\n';
        return;
    }
    io_.out << place << ": refused at the door: " << condition << ": " << text << '\n';
}

void Explained::as_json(const std::string& place, const Decision& decision) {
    ordered_json subscriptions = ordered_json::array();
    for (const Routed& one : decision.subscriptions)
        if (is_asked_for(one)) subscriptions.push_back(to_json(one));
    const event::Attributes& event = decision.attributes;
    io_.out << ordered_json{{"version", 1},
                            {"event", place},
                            {"accepted", true},
                            {"id", event.id},
                            {"type", event.type},
                            {"myndighed", event.myndighed},
                            {"subject", event.subject},
                            {"unrouted", decision.deliveries() == 0},
                            {"subscriptions", std::move(subscriptions)}}
                   .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
            << '\n';
}

void Explained::decided(const std::string& place, const Decision& decision) {
    has_any_ = true;
    if (flags_.is_json) return as_json(place, decision);
    const event::Attributes& event = decision.attributes;
    io_.out << place << ": " << event.type;
    if (!event.myndighed.empty()) io_.out << "  " << event.myndighed;
    if (!event.subject.empty()) io_.out << "  " << event.subject;
    io_.out << "\n\n";
    Table table({{"SUBSCRIPTION", false}, {"DELIVERED", false}, {"DECIDED BY", false}});
    for (const Routed& one : decision.subscriptions)
        if (is_asked_for(one))
            table.add({one.subscription,
                       one.is_delivered ? "yes" : "no",
                       one.is_delivered ? "" : one.step + ": " + one.saw});
    io_.out << table.text();
    if (decision.deliveries() == 0) io_.out << "\nNo subscription gets it: it goes to $unrouted.\n";
    if (flags_.subscription.empty()) return;
    for (const Routed& one : decision.subscriptions)
        for (const ordered_json& clause : one.clauses)
            if (is_asked_for(one)) {
                io_.out << "\n  " << clause["clause"].get<std::string>() << "\n    was "
                        << (clause["value"].is_null()
                                ? (clause["evaluated"].get<bool>() ? "an error" : "not asked")
                                : clause["value"].dump())
                        << (clause["decided"].get<bool>() ? ", and decided" : "") << '\n';
                for (const ordered_json& seen : clause["seen"])
                    io_.out << "    saw " << seen["name"].get<std::string>() << " = "
                            << (seen["value"].is_null() ? "(not there)" : seen["value"].dump())
                            << '\n';
            }
}

int explain(const ExplainFlags& flags, Io& io) {
    auto trial = trial_of(flags.trial);
    if (!trial) return report(io, trial.error());
    if (!flags.subscription.empty())
        if (const auto known = trial->find(flags.subscription); !known)
            return report(io, known.error());
    Explained explained(flags, io);
    const auto read = each_event(flags.file, io.in, [&](const FileEvent& event) {
        const auto decision = trial->decide(event.body, event.content_type, flags.is_unmasked);
        const std::string place = flags.file == "-" ? "stdin" : event.place;
        if (const auto* refusal = std::get_if<Refusal>(&decision))
            explained.refused(place, *refusal);
        else
            explained.decided(place, std::get<Decision>(decision));
    });
    if (!read) return report(io, read.error());
    if (!explained.has_any())
        return report(io, {Errc::bad_input, "'" + flags.file + "' holds no event"});
    return exit_ok;
}

}  // namespace

void add_event_explain(CLI::App& event, Session& session) {
    CLI::App* verb = event.add_subcommand(
        "explain", "Say who would get the event of a file, who not, and what decides");
    auto flags = std::make_shared<ExplainFlags>();
    verb->add_option(
            "FILE",
            flags->file,
            "Kuvert in Protobuf or JSON, JSON lines, or a folder of such files; - is stdin")
        ->required();
    verb->add_option("--for", flags->subscription, "This subscription alone, clause by clause");
    add_trial_flags(*verb, flags->trial);
    verb->add_flag("--json", flags->is_json, "One JSON object per event");
    verb->add_flag("--unmasked", flags->is_unmasked, "Show personal data of the event");
    verb->footer(
        "Nothing is sent. The check at the door and the routing table are the bus's own; what only "
        "the bus knows (duplicates,\nqueue limits, value lists, pauses) is not asked.\n\n" +
        footer("  vera event explain flytning.json -c vera.yaml\n"
               "  vera event explain flytning.json --running --for omsorg-hjoerring\n"
               "  vera type example PersonFlyttet | vera event explain - -c vera.yaml --json\n"));
    verb->callback([flags, &session] { session.exit_code = explain(*flags, session.io); });
}

}  // namespace vera::cli
