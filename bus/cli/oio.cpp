#include "adapters/oio/object_forms.hpp"
#include "adapters/oio/oio_json.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/verbs.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

constexpr std::size_t largest_file = 64U << 20U;

struct OioFlags {
    std::string file = "-";
    std::string class_name;
    std::string format = "json";
    std::string out = "-";
    bool is_json = false;
};

/// An error about a file: its name, and no CPR number that may stand in a path.
Error in_file(const std::string& file, const Error& error) {
    return {error.code, (file == "-" ? "stdin" : file) + ": " + mask_text(error.text)};
}

Result<std::string> read_all(std::istream& in) {
    std::string bytes;
    constexpr std::size_t piece = 1U << 16U;
    while (in && bytes.size() <= largest_file) {
        const std::size_t before = bytes.size();
        bytes.resize(before + piece);
        in.read(bytes.data() + before, static_cast<std::streamsize>(piece));
        bytes.resize(before + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) return fail(Errc::io, "cannot be read");
    if (bytes.size() > largest_file)
        return fail(Errc::too_large, "more than " + std::to_string(largest_file) + " bytes");
    return bytes;
}

Result<std::string> read_input(const std::string& path, Io& io) {
    if (path == "-") return read_all(io.in);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return fail(Errc::io, "cannot be read: it is a folder");
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Errc::io, "cannot be read: " + std::generic_category().message(errno));
    return read_all(file);
}

Result<void> write_output(const std::string& path, const std::string& bytes, Io& io) {
    if (path == "-") {
        io.out << bytes;
        return {};
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.close();
    if (!file)
        return fail(Errc::io, "cannot be written: " + std::generic_category().message(errno));
    return {};
}

/// "facet_passiv.json" holds a facet, if nothing in it says otherwise.
std::string class_in_name(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    return name.substr(0, name.find_first_of("_-. "));
}

std::string type_of(const google::protobuf::Any& object) {
    return object.type_url().substr(object.type_url().rfind('/') + 1);
}

/// With --json stdout has one line about what was done, and the result in it unless it went to a
/// file.
int finish(const OioFlags& flags, Io& io, const std::string& result, json report) {
    const bool is_in_report = flags.is_json && flags.out == "-";
    if (is_in_report) {
        report["result"] = json::parse(result);
    } else if (const auto written = write_output(flags.out, result, io); !written) {
        return cli::report(io, in_file(flags.out, written.error()));
    }
    if (flags.is_json) io.out << report.dump() << '\n';
    return exit_ok;
}

int import_file(const OioFlags& flags, Io& io) {
    const auto text = read_input(flags.file, io);
    if (!text) return report(io, in_file(flags.file, text.error()));
    const auto model = oio::Model::built_in();
    const auto imported =
        oio::import_json(*model, *text, {flags.class_name, class_in_name(flags.file)});
    if (!imported) {
        Error error = imported.error();
        if (error.code == Errc::not_found) error.text += " (--class)";
        return report(io, in_file(flags.file, error));
    }
    std::string result;
    if (flags.format == "protobuf") {
        imported->object.SerializeToString(&result);
    } else {
        auto form = oio::object_to_json(*model, imported->object);
        if (!form) return report(io, in_file(flags.file, form.error()));
        result = std::move(*form);
    }
    json aside = json::array();
    for (const oio::Aside& one : imported->aside) {
        const std::string path = mask_text(one.path);
        aside.push_back({{"path", path}, {"reason", one.reason}});
        if (!flags.is_json)
            io.err << "vera: " << (flags.file == "-" ? "stdin" : flags.file) << ": " << path << ": "
                   << one.reason << "; kept aside\n";
    }
    return finish(
        flags,
        io,
        result,
        {{"version", 1}, {"type", type_of(imported->object)}, {"aside", std::move(aside)}});
}

int export_file(const OioFlags& flags, Io& io) {
    const auto bytes = read_input(flags.file, io);
    if (!bytes) return report(io, in_file(flags.file, bytes.error()));
    const auto model = oio::Model::built_in();
    const auto object = oio::object_from(*model, *bytes);
    if (!object) return report(io, in_file(flags.file, object.error()));
    const auto text = oio::export_json(*model, *object);
    if (!text) return report(io, in_file(flags.file, text.error()));
    return finish(flags, io, *text, {{"version", 1}, {"type", type_of(*object)}});
}

std::shared_ptr<OioFlags> add_flags(CLI::App& verb, const char* file) {
    auto flags = std::make_shared<OioFlags>();
    verb.add_option("FILE", flags->file, file)->capture_default_str();
    verb.add_option("-o,--output", flags->out, "Where the result goes; - is stdout")
        ->capture_default_str();
    return flags;
}

}  // namespace

void add_oio_import(CLI::App& oio, Session& session) {
    CLI::App* verb = oio.add_subcommand(
        "import",
        "An object of LoRa or OS2mo (JSON) into its message. What has no field is kept aside in "
        "the message and told on stderr");
    const auto flags = add_flags(*verb,
                                 "LoRa's JSON: the body of a create, update or passivate, or the "
                                 "answer of a read or search; - is stdin");
    verb->add_option("--class",
                     flags->class_name,
                     "Class of the object: sag, OrganisationEnhed …; default: by its members, else "
                     "by the file's name (facet_passiv.json)");
    CLI::Option* format =
        verb->add_option("--format",
                         flags->format,
                         "json: protobuf-JSON with @type; protobuf: a google.protobuf.Any")
            ->check(CLI::IsMember({"json", "protobuf"}))
            ->capture_default_str();
    verb->add_flag(
        "--json", flags->is_json, "What was done as JSON: type, what was kept aside, the result");
    verb->footer(
        footer("  vera oio import sag_opret.json\n"
               "  curl -s https://lora.example/klassifikation/klasse?bvn=27.36.04 | \\\n"
               "      vera oio import --class klasse - > klasse.json\n"
               "  vera oio import bruger.json --format protobuf -o bruger.binpb\n"));
    verb->callback([flags, format, &session] {
        if (flags->is_json && flags->format == "protobuf" && flags->out == "-")
            throw CLI::ValidationError(format->get_name(),
                                       "protobuf with --json needs a file for it (--output)");
        session.exit_code = import_file(*flags, session.io);
    });
}

void add_oio_export(CLI::App& oio, Session& session) {
    CLI::App* verb = oio.add_subcommand(
        "export", "The message of an OIO object as JSON of LoRa: the inverse of import");
    const auto flags = add_flags(*verb, "What import gives, protobuf-JSON or protobuf; - is stdin");
    verb->add_flag("--json", flags->is_json, "What was done as JSON: type and the result");
    verb->footer(
        footer("  vera oio export sag.json\n"
               "  vera oio import sag_opret.json | vera oio export -\n"
               "  vera oio export bruger.binpb -o bruger_opret.json\n"));
    verb->callback([flags, &session] { session.exit_code = export_file(*flags, session.io); });
}

}  // namespace vera::cli
