// `vera type validate`: the check of the door, at home.
#include "bus/cli/input_file.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/cli/kuvert_filling.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/raw_kuvert.hpp"
#include "bus/event/type_info.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"

#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace vera::cli {
namespace {

using nlohmann::json;

struct ValidateFlags {
    std::string file = "-";
    std::string type;
    SchemaFlags schemas;
    bool is_json = false;
};

struct Verdict {
    std::uint64_t line = 1;
    std::string id;         ///< of what is good
    std::string type;       ///< the same
    std::string condition;  ///< of what is not
    std::string text;
};

class Validation {
public:
    Validation(const ValidateFlags& flags, const event::Catalogue& catalogue, Io& io)
        : flags_(flags),
          catalogue_(catalogue),
          io_(io) {}

    int run(const std::string& text);

private:
    [[nodiscard]] Result<std::string> wrapped(const std::string& payload) const;
    void check(std::uint64_t line, const std::string& body, std::string_view form);
    void tell(const Verdict& verdict);

    const ValidateFlags& flags_;
    const event::Catalogue& catalogue_;
    Io& io_;
    std::uint64_t good_ = 0;
    std::uint64_t bad_ = 0;
    json results_ = json::array();
};

int Validation::run(const std::string& text) {
    if (event::form_of(text, "") == event::KuvertForm::protobuf) {
        check(1, text, "application/protobuf");  // one kuvert is the whole file
    } else {
        std::istringstream in(text);
        JsonDocuments documents(in);
        JsonDocuments::Document document;
        while (documents.next(document)) {
            auto kuvert =
                flags_.type.empty() ? Result<std::string>(document.text) : wrapped(document.text);
            if (kuvert)
                check(document.line, *kuvert, "application/json");
            else
                tell({document.line, {}, {}, "vera:schema-invalid", kuvert.error().text});
        }
    }
    if (good_ + bad_ == 0) return report(io_, {Errc::bad_input, "the input holds no document"});
    if (flags_.is_json)
        io_.out << json{{"version", 1}, {"ok", bad_ == 0}, {"results", std::move(results_)}}.dump()
                << '\n';
    if (bad_ == 0) return exit_ok;
    return good_ > 0 ? exit_partly : exit_failed;
}

/// A bare payload in a kuvert of its own, as `vera event publish --type` sends it.
Result<std::string> Validation::wrapped(const std::string& payload) const {
    json document = json::parse(payload, nullptr, false);
    if (document.is_discarded()) return fail(Errc::bad_input, "no valid JSON");
    KuvertFlags flags;
    flags.type = flags_.type;
    const event::TypeInfo* info = catalogue_.find(flags_.type);
    if (info != nullptr && info->beskedtype.empty())
        flags.beskedtype = to_text(host::random_uuid());
    const auto kuvert = fill_kuvert(
        std::move(document), flags, catalogue_, host::random_uuid(), host::system_clock().wall());
    if (!kuvert) return fail(kuvert.error().code, kuvert.error().text);
    return kuvert->dump();
}

void Validation::check(std::uint64_t line, const std::string& body, std::string_view form) {
    const auto checked = catalogue_.check(event::raw_kuvert(body, form));
    if (const auto* refusal = std::get_if<Refusal>(&checked)) {
        auto [place, text] = place_in_input(line, refusal->text);
        return tell({place, {}, {}, std::string(symbol(refusal->condition)), std::move(text)});
    }
    const auto& attributes = std::get<event::Attributes>(checked);
    tell({line, flags_.type.empty() ? attributes.id : "", attributes.type, {}, {}});
}

void Validation::tell(const Verdict& verdict) {
    const bool is_good = verdict.condition.empty();
    ++(is_good ? good_ : bad_);
    const std::string text = mask_text(verdict.text);
    if (flags_.is_json) {
        json row{{"line", verdict.line}, {"ok", is_good}};
        if (is_good)
            row.update({{"id", mask_text(verdict.id)}, {"type", verdict.type}});
        else
            row.update({{"condition", verdict.condition}, {"text", text}});
        results_.push_back(std::move(row));
    } else if (is_good) {
        io_.out << "line " << verdict.line << ": good: " << verdict.type
                << (verdict.id.empty() ? "" : " " + mask_text(verdict.id)) << '\n';
    } else {
        io_.err << "vera: line " << verdict.line << ": " << verdict.condition << ": " << text
                << '\n';
    }
}

int validate(const ValidateFlags& flags, Io& io) {
    const auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    if (!flags.type.empty() && (*catalogue)->find(flags.type) == nullptr)
        return report(io, {Errc::bad_input, "--type: " + (*catalogue)->unknown_type(flags.type)});
    const auto text = read_input(flags.file, io.in);
    if (!text) return report(io, text.error());
    return Validation(flags, **catalogue, io).run(*text);
}

}  // namespace

void add_type_validate(CLI::App& type, Session& session) {
    CLI::App* verb =
        type.add_subcommand("validate", "Check kuverter as the bus does, without sending them");
    auto flags = std::make_shared<ValidateFlags>();
    verb->add_option("FILE",
                     flags->file,
                     "A kuvert in Protobuf, or as JSON, or JSON lines of kuverts, or with --type "
                     "bare payloads as JSON; - is stdin")
        ->capture_default_str();
    verb->add_option("--type", flags->type, "The input is a payload of this type");
    add_schema_and_config_flags(*verb, flags->schemas);
    verb->add_flag("--json", flags->is_json, "The verdicts as JSON");
    verb->footer(
        footer("  vera type validate sag.json\n"
               "  vera type validate --schemas skemaer/ --type skole.v1.ElevIndmeldt elev.json\n"));
    verb->callback([flags, &session] { session.exit_code = validate(*flags, session.io); });
}

}  // namespace vera::cli
