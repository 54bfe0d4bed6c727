#include "bus/cli/manual.hpp"

#include <ostream>
#include <string>
#include <string_view>

namespace vera::cli {
namespace {

/// man(7): a backslash begins an escape, a dot or an apostrophe at the start of a line a request,
/// and a bare hyphen is a dash of the typesetter.
std::string escaped(std::string_view text) {
    std::string safe;
    bool is_at_start = true;
    for (const char c : text) {
        if (is_at_start && (c == '.' || c == '\'')) safe += "\\&";
        if (c == '\\')
            safe += "\\e";
        else if (c == '-')
            safe += "\\-";
        else
            safe += c;
        is_at_start = c == '\n';
    }
    return safe;
}

std::string names_of(const CLI::Option& option) {
    std::string names;
    for (const std::string& name : option.get_snames())
        names += (names.empty() ? "-" : ", -") + name;
    for (const std::string& name : option.get_lnames())
        names += (names.empty() ? "--" : ", --") + name;
    return names.empty() ? option.get_name() : names;
}

/// Verbs that do something, depth first: each a heading, its flags, its examples.
void put_verb(const CLI::App& app, const std::string& path, std::ostream& out) {
    const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
    if (verbs.empty()) {
        out << ".SS " << escaped(path) << '\n' << escaped(app.get_description()) << ".\n";
        for (const CLI::Option* option : app.get_options())
            out << ".TP\n.B " << escaped(names_of(*option)) << '\n'
                << escaped(option->get_description()) << '\n';
        out << ".PP\n.nf\n" << escaped(app.get_footer()) << "\n.fi\n";
    }
    for (const CLI::App* verb : verbs)
        put_verb(*verb, path + ' ' + verb->get_name(), out);
}

}  // namespace

void add_manual(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("manual", "Print the manual page");
    verb->footer(footer("  vera manual | man -l -\n"));
    verb->callback([&root, &session] {
        std::ostream& out = session.io.out;
        out << ".TH VERA 1 \"\" \"VeRA " VERA_VERSION
               "\"\n.SH NAME\nvera \\- the service bus of the "
               "rammearkitektur\n.SH SYNOPSIS\n.B vera\nVERB [FLAGS]\n.SH VERBS\n";
        put_verb(root, root.get_name(), out);
        out << ".SH FILES\n.I /etc/vera/vera.yaml\nis the configuration of the packaged service; "
               "\\fBvera config reference\\fR tells every option.\n";
    });
}

}  // namespace vera::cli
