// `vera transform run`: what a mapping makes of events.
#include "bus/cli/input_file.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/transform_verbs.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/raw_kuvert.hpp"
#include "bus/format/conversion.hpp"
#include "bus/transform/mapping_tests.hpp"

#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace vera::cli {
namespace {

using nlohmann::json;

struct RunFlags {
    std::string mapping;
    std::string file = "-";
    std::string format = "json";
    format::Form form = format::Form::json;
    SchemaFlags schemas;
    bool is_json = false;
};

class MappingRun {
public:
    MappingRun(const RunFlags& flags, const transform::Mapping& mapping, Io& io)
        : flags_(flags),
          mapping_(mapping),
          catalogue_(mapping.catalogue()),
          io_(io) {}

    int run(const std::string& text) {
        if (event::form_of(text, "") == event::KuvertForm::protobuf) {
            transform(1, text, false);  // one kuvert is the whole file
        } else {
            std::istringstream in(text);
            JsonDocuments documents(in);
            JsonDocuments::Document document;
            while (documents.next(document))
                from_json(document);
        }
        if (good_ + bad_ == 0) return report(io_, {Errc::bad_input, "the input holds no document"});
        if (flags_.is_json)
            io_.out
                << json{{"version", 1}, {"ok", bad_ == 0}, {"results", std::move(results_)}}.dump()
                << '\n';
        if (bad_ == 0) return exit_ok;
        return good_ > 0 ? exit_partly : exit_failed;
    }

private:
    void from_json(const JsonDocuments::Document& document) {
        const json parsed = json::parse(document.text, nullptr, false);
        const bool is_payload = parsed.is_object() && !parsed.contains("BeskedId");
        const auto kuvert =
            is_payload ? transform::kuvert_around(document.text, mapping_.from(), catalogue_)
                       : catalogue_.from_json(document.text);
        if (kuvert)
            transform(document.line, *kuvert, is_payload);
        else
            refused(document.line, {}, kuvert.error().text);
    }

    void transform(std::uint64_t line, const std::string& kuvert, bool is_payload) {
        const auto checked = catalogue_.check(event::raw_kuvert(kuvert));
        if (const auto* refusal = std::get_if<Refusal>(&checked))
            return refused(line, {}, refusal->text);
        const auto& attributes = std::get<event::Attributes>(checked);
        const auto made = transformer_.apply(mapping_, kuvert, attributes);
        if (const auto* failure = std::get_if<transform::Failure>(&made))
            return refused(line, failure->path, transform::to_text(*failure));
        if (std::holds_alternative<transform::NotMeant>(made))
            return refused(line,
                           {},
                           attributes.type == mapping_.from()
                               ? "not meant: the mapping's `when` does not hold"
                               : "not meant: it is a " + attributes.type + ", the mapping is for " +
                                     mapping_.from());
        tell(line, std::get<std::string>(made), is_payload);
    }

    void tell(std::uint64_t line, const std::string& kuvert, bool is_payload) {
        if (flags_.form != format::Form::json && !flags_.is_json) return tell_form(line, kuvert);
        json document = json::parse(*catalogue_.to_json(kuvert, "application/protobuf", false));
        if (is_payload) {
            document = document["Beskeddata"][0];
            document.erase("@type");
        }
        ++good_;
        if (flags_.is_json)
            results_.push_back({{"line", line}, {"ok", true}, {"event", std::move(document)}});
        else
            io_.out << document.dump() << '\n';
    }

    void tell_form(std::uint64_t line, const std::string& kuvert) {
        const auto checked = catalogue_.check(event::raw_kuvert(kuvert));
        if (const auto* refusal = std::get_if<Refusal>(&checked))
            return refused(line, {}, refusal->text);
        const auto made =
            format::convert(flags_.form, kuvert, std::get<event::Attributes>(checked), catalogue_);
        if (!made) return refused(line, {}, made.error().text);
        ++good_;
        io_.out << *made;
        if (flags_.form == format::Form::cloudevents_json) io_.out << '\n';
    }

    void refused(std::uint64_t line, const std::string& path, const std::string& why) {
        ++bad_;
        const std::string text = mask_text(why);
        if (flags_.is_json)
            results_.push_back({{"line", line}, {"ok", false}, {"path", path}, {"text", text}});
        else
            io_.err << "vera: line " << line << ": " << text << '\n';
    }

    const RunFlags& flags_;
    const transform::Mapping& mapping_;
    const event::Catalogue& catalogue_;
    Io& io_;
    transform::Transformer transformer_;
    std::uint64_t good_ = 0;
    std::uint64_t bad_ = 0;
    json results_ = json::array();
};

int run_mapping(const RunFlags& flags, Io& io) {
    const auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    const LoadedMapping loaded = load_mapping(flags.mapping, *catalogue);
    tell_problems(loaded.problems, io);
    if (loaded.mapping == nullptr) return exit_failed;
    const auto text = read_input(flags.file, io.in);
    if (!text) return report(io, text.error());
    return MappingRun(flags, *loaded.mapping, io).run(*text);
}

}  // namespace

void add_transform_run(CLI::App& transform, Session& session) {
    CLI::App* verb = transform.add_subcommand("run", "Show what a mapping makes of events");
    auto flags = std::make_shared<RunFlags>();
    verb->add_option("MAPPING", flags->mapping, "File of the mapping")->required();
    verb->add_option("FILE",
                     flags->file,
                     "A kuvert in Protobuf, or as JSON, or JSON lines of kuverts or of bare "
                     "payloads; - is stdin")
        ->capture_default_str();
    verb->add_option("--format",
                     flags->format,
                     "The form of what is made: json, protobuf, cloudevents-json, "
                     "cloudevents-protobuf, beskedkuvert-xml")
        ->check(CLI::IsMember(
            {"json", "protobuf", "cloudevents-json", "cloudevents-protobuf", "beskedkuvert-xml"}))
        ->capture_default_str();
    add_schema_and_config_flags(*verb, flags->schemas);
    verb->add_flag("--json", flags->is_json, "Results and errors in one JSON document");
    verb->footer(
        footer("  vera transform run elev-v1.yaml elev.json\n"
               "  vera transform run elev-v1.yaml --format protobuf < kuvert.bin > ny.bin\n"));
    verb->callback([flags, &session] {
        flags->form = *format::form_called(flags->format);
        session.exit_code = run_mapping(*flags, session.io);
    });
}

}  // namespace vera::cli
