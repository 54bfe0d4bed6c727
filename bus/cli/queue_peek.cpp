#include "bus/cli/looking.hpp"

namespace vera::cli {
namespace {

struct PeekFlags {
    LookFlags look;
    std::string name;
};

int peek(const PeekFlags& flags, Io& io) {
    Source source;
    if (flags.name.find('/') != std::string::npos || flags.name.starts_with('$'))
        source.addresses = {flags.name};
    else
        source.addresses = {"sub/" + flags.name, "queue/" + flags.name};
    return look(flags.look, source, io);
}

}  // namespace

void add_queue_peek(CLI::App& queue, Session& session) {
    CLI::App* verb = queue.add_subcommand(
        "peek", "Print what waits in a queue; changes neither order, counts nor flags");
    auto flags = std::make_shared<PeekFlags>();
    flags->look.count = 10;
    verb->add_option("NAME",
                     flags->name,
                     "A subscription, a plain queue, or an address: sub/x/$deadletter, $unrouted")
        ->required();
    add_look_flags(*verb, flags->look);
    verb->footer(
        footer("  vera queue peek hjoerring-sager -n 3\n"
               "  vera queue peek 'sub/hjoerring-sager/$deadletter' --json --meta -n 0\n"
               "  vera queue peek '$unrouted'\n"));
    verb->callback([flags, &session] { session.exit_code = peek(*flags, session.io); });
}

}  // namespace vera::cli
