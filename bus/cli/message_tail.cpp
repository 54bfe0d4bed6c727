#include "bus/cli/looking.hpp"

#include <ostream>

namespace vera::cli {
namespace {

struct MessageTailFlags {
    LookFlags look;
    std::string system;
    bool takes = false;
    bool is_dead_letter = false;
    bool ends = false;
};

int tail(const MessageTailFlags& flags, Io& io) {
    const std::string& system = flags.system.empty() ? flags.look.connect->user : flags.system;
    if (system.empty()) {
        io.err << "vera: whose inbox? A system reads its own: --user SYSTEM --secret-file FILE\n";
        return exit_usage;
    }
    Source source;
    source.addresses = {"inbox/" + system + (flags.is_dead_letter ? "/$deadletter" : "")};
    source.takes = flags.takes;
    source.follows = !flags.ends;
    return look(flags.look, source, io);
}

}  // namespace

void add_message_tail(CLI::App& message, Session& session) {
    CLI::App* verb = message.add_subcommand(
        "tail", "Print messages of a system's inbox as they come; only looks unless --ack");
    auto flags = std::make_shared<MessageTailFlags>();
    verb->add_option("SYSTEM", flags->system, "Whose inbox; default: --user, and nobody else may");
    verb->add_flag("--ack", flags->takes, "Consume: each printed message is accepted and gone");
    verb->add_flag("--deadletter", flags->is_dead_letter, "Its dead letters");
    verb->add_flag("--end", flags->ends, "End when there is no more, instead of waiting");
    add_look_flags(*verb, flags->look);
    verb->footer(
        footer("  vera message tail --user omsorg --secret-file omsorg.secret\n"
               "  vera message tail --user omsorg --secret-file omsorg.secret --ack -n 1 --json "
               "--meta\n"));
    verb->callback([flags, &session] { session.exit_code = tail(*flags, session.io); });
}

}  // namespace vera::cli
