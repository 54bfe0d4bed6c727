#include "bus/cli/verbs.hpp"

#include <ostream>

namespace vera::cli {
namespace {

// One case per verb: its verbs and flags.
void put_cases(const CLI::App& app, const std::string& path, std::ostream& out) {
    std::string words;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        words += verb->get_name() + ' ';
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames())
            words += "--" + name + ' ';
    out << "    '" << path << "') words='" << words << "' ;;\n";
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        put_cases(*verb, path.empty() ? verb->get_name() : path + ' ' + verb->get_name(), out);
}

}  // namespace

void add_completion(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("completion", "Print a completion script for the shell");
    verb->require_subcommand(1);
    CLI::App* bash = verb->add_subcommand("bash", "For bash");
    bash->footer(
        footer("  source <(vera completion bash)\n"
               "  vera completion bash > /etc/bash_completion.d/vera\n"));
    bash->callback([&root, &session] {
        std::ostream& out = session.io.out;
        out << "_vera() {\n"
               "  local path='' word words='' i\n"
               "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
               "    word=${COMP_WORDS[i]}\n"
               "    [[ $word == [a-z]* ]] || break\n"
               "    path=\"${path:+$path }$word\"\n"
               "  done\n"
               "  case \"$path\" in\n";
        put_cases(root, "", out);
        out << "  esac\n"
               "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
               "}\n"
               "complete -o default -F _vera vera\n";
    });
}

}  // namespace vera::cli
