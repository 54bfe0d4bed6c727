// The verbs about VeRA time.
#include "bus/cli/ordering.hpp"
#include "bus/cli/table.hpp"

#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct ClockFlags {
    bool is_json = false;
    std::string reason;
    std::shared_ptr<ConnectFlags> connect;
};

std::string step_text(std::int64_t ms) {
    return (ms < 0 ? "-" : "+") + to_text(Millis{ms < 0 ? -ms : ms});
}

int tell(const kit::Reply& reply, bool is_json, Io& io) {
    json clock = reply.body;
    if (!clock.is_object() || !clock.contains("steps") || !clock["steps"].is_array())
        return report(io, {Errc::bad_input, "the bus answered in a form that is not known"});
    if (is_json) {
        clock["version"] = 1;
        io.out << clock.dump() << '\n';
        return exit_ok;
    }
    const auto ahead = clock.value("wallAheadMs", std::int64_t{0});
    io.out << "VeRA time   " << time_text(clock, "time") << "\nwall clock  "
           << (ahead < 0 ? "behind by " : "ahead by ")
           << to_text(Millis{ahead < 0 ? -ahead : ahead}) << "\nstarted from "
           << clock.value("startedFrom", "") << '\n';
    if (clock["steps"].empty()) return exit_ok;
    Table table({{"AT", false}, {"STEP", true}, {"FOLLOWED BY", false}, {"REASON", false}});
    for (const json& step : clock["steps"]) {
        const std::string actor = step.value("adoptedBy", "");
        table.add({time_text(step, "at"),
                   step_text(step.value("stepMs", std::int64_t{0})),
                   actor.empty() ? "nobody" : actor,
                   step.value("reason", "")});
    }
    io.out << table.text();
    return exit_ok;
}

int run(const ClockFlags& flags, bool adopts, Io& io) {
    json properties{{"type", "clock"}, {"name", "self"}};
    if (adopts) properties["reason"] = flags.reason;
    const auto reply = order(*flags.connect, adopts ? "ADOPT" : "READ", std::move(properties));
    if (!reply) return report(io, reply.error());
    return tell(*reply, flags.is_json, io);
}

}  // namespace

void add_clock_show(CLI::App& clock, Session& session) {
    CLI::App* verb = clock.add_subcommand(
        "show", "VeRA time, how far the wall clock is from it, and the steps that were noticed");
    auto flags = std::make_shared<ClockFlags>();
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer("  vera clock show\n  vera clock show --json | jq .wallAheadMs\n"));
    verb->callback([flags, &session] { session.exit_code = run(*flags, false, session.io); });
}

void add_clock_adopt(CLI::App& clock, Session& session) {
    CLI::App* verb = clock.add_subcommand(
        "adopt", "Let VeRA time follow the wall clock forward, once; it never goes back");
    auto flags = std::make_shared<ClockFlags>();
    add_reason_flag(*verb, flags->reason);
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(
        footer("  vera clock adopt --reason 'uret var forkert efter strømsvigt'\n") +
        "\nWhat was to expire or to be ready in the time that is passed over does so at once.");
    verb->callback([flags, &session] { session.exit_code = run(*flags, true, session.io); });
}

}  // namespace vera::cli
