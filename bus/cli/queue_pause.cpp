#include "bus/cli/ordering.hpp"

#include <ostream>

namespace vera::cli {
namespace {

struct PauseFlags {
    std::string name, reason;
    std::shared_ptr<ConnectFlags> connect;
};

int run(const PauseFlags& flags, bool is_pause, Io& io) {
    const auto reply = order(*flags.connect,
                             is_pause ? "PAUSE" : "RESUME",
                             {{"type", "queue"}, {"reason", flags.reason}},
                             "name",
                             addresses_of(flags.name));
    if (!reply) return report(io, reply.error());
    io.out << flags.name << (is_pause ? " is paused\n" : " is resumed\n");
    return exit_ok;
}

void add(CLI::App& queue, Session& session, bool is_pause) {
    CLI::App* verb = queue.add_subcommand(
        is_pause ? "pause" : "resume",
        is_pause ? "Let a queue take copies and deliver none, until it is resumed"
                 : "Let a paused queue deliver again");
    auto flags = std::make_shared<PauseFlags>();
    verb->add_option("NAME", flags->name, "A subscription, a plain queue, or an address: sub/x")
        ->required();
    add_reason_flag(*verb, flags->reason);
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        is_pause ? "  vera queue pause hjoerring-sager --reason 'modtageren bygges om til kl. 15'\n"
                 : "  vera queue resume hjoerring-sager --reason 'modtageren er klar'\n"));
    verb->callback(
        [flags, is_pause, &session] { session.exit_code = run(*flags, is_pause, session.io); });
}

}  // namespace

void add_queue_pause(CLI::App& queue, Session& session) {
    add(queue, session, true);
}

void add_queue_resume(CLI::App& queue, Session& session) {
    add(queue, session, false);
}

}  // namespace vera::cli
