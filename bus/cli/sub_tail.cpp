#include "bus/cli/looking.hpp"

namespace vera::cli {
namespace {

struct TailFlags {
    LookFlags look;
    std::string name;
    bool takes = false;
    bool is_queue = false;
    bool is_dead_letter = false;
    bool ends = false;
};

int tail(const TailFlags& flags, Io& io) {
    Source source;
    const bool is_address =
        flags.name.find('/') != std::string::npos || flags.name.starts_with('$');
    std::string address = is_address       ? flags.name
                          : flags.is_queue ? "queue/" + flags.name
                                           : "sub/" + flags.name;
    if (flags.is_dead_letter) address += "/$deadletter";
    source.addresses = {std::move(address)};
    source.takes = flags.takes;
    source.follows = !flags.ends;
    return look(flags.look, source, io);
}

}  // namespace

void add_sub_tail(CLI::App& sub, Session& session) {
    CLI::App* verb = sub.add_subcommand(
        "tail", "Print events of a subscription as they come; only looks unless --ack");
    auto flags = std::make_shared<TailFlags>();
    verb->add_option("NAME", flags->name, "The subscription")->required();
    verb->add_flag("--ack", flags->takes, "Consume: each printed event is accepted and gone");
    CLI::Option* queue = verb->add_flag("--queue", flags->is_queue, "NAME is a plain queue");
    verb->add_flag("--deadletter", flags->is_dead_letter, "Its dead letters")->excludes(queue);
    verb->add_flag("--end", flags->ends, "End when there is no more, instead of waiting");
    add_look_flags(*verb, flags->look);
    verb->footer(
        footer("  vera sub tail hjoerring-sager\n"
               "  vera sub tail hjoerring-sager --json | jq .Beskedkuvert.Filtreringsdata\n"
               "  vera sub tail hjoerring-sager --ack -n 10 --end\n"
               "  vera sub tail hjoerring-sager --deadletter --json --meta --end\n"));
    verb->callback([flags, &session] { session.exit_code = tail(*flags, session.io); });
}

}  // namespace vera::cli
