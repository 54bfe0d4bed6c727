#include "bus/cli/type_verbs.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/pages/example.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

namespace vera::cli {
namespace {

struct ExampleFlags {
    std::string name;
    std::string form = "json";
    SchemaFlags schemas;
    bool is_payload = false;
};

int example(const ExampleFlags& flags, Io& io) {
    const auto known = types_of(flags.schemas);
    if (!known) return report(io, known.error());
    const Types& types = *known;
    const auto found = pages::find_message(types.description, flags.name);
    if (!found) return report(io, found.error());
    const std::string& name = (*found)->full_name;
    if (!flags.is_payload && !(*found)->event)
        return report(io,
                      {Errc::bad_input,
                       name + " is no payload of an event; --payload shows the message alone"});
    const auto* descriptor = types.set.pool().FindMessageTypeByName(name);
    if (descriptor == nullptr) return report(io, {Errc::not_found, "no type '" + name + "'"});
    const nlohmann::ordered_json made =
        flags.is_payload ? pages::example_payload(*descriptor) : pages::example_kuvert(*descriptor);
    if (flags.form == "json") {
        io.out << made.dump(2) << '\n';
        return exit_ok;
    }
    if (io.out_is_terminal)
        return report(io, {Errc::bad_input, "Protobuf is not for a terminal; send it to a file"});
    const auto bytes =
        pages::encoded(types.set, flags.is_payload ? name : pages::kuvert_type, made);
    if (!bytes) return report(io, bytes.error());
    io.out << *bytes;
    return exit_ok;
}

}  // namespace

void add_type_example(CLI::App& type, Session& session) {
    CLI::App* verb =
        type.add_subcommand("example", "Make an event of a type, ready for `vera event publish`");
    auto flags = std::make_shared<ExampleFlags>();
    verb->add_option("NAME", flags->name, "Full or short name, or the beskedtype's UUID")
        ->required();
    verb->add_option("--format", flags->form, "Form of the output")
        ->check(CLI::IsMember({"json", "protobuf"}))
        ->capture_default_str();
    add_schema_and_config_flags(*verb, flags->schemas);
    verb->add_flag("--payload", flags->is_payload, "The payload alone, without its kuvert");
    verb->footer(
        footer("  vera type example SagOprettet > sag.json\n"
               "  vera type example PersonFlyttet | vera event publish --new-ids -\n"
               "  vera type example SagOprettet --payload --format protobuf > sag.bin\n"));
    verb->callback([flags, &session] { session.exit_code = example(*flags, session.io); });
}

}  // namespace vera::cli
