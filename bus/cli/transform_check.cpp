// `vera transform check`: what is wrong with mappings, and whether their tests hold.
#include "bus/cli/masking.hpp"
#include "bus/cli/transform_verbs.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/transform/mapping_tests.hpp"

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

using nlohmann::json;

struct CheckFlags {
    std::vector<std::string> files;
    SchemaFlags schemas;
    bool is_json = false;
};

class MappingCheck {
public:
    MappingCheck(const CheckFlags& flags, std::shared_ptr<const event::Catalogue> catalogue, Io& io)
        : flags_(flags),
          catalogue_(std::move(catalogue)),
          io_(io) {}

    int run() {
        for (const std::string& file : flags_.files)
            check(file);
        if (flags_.is_json)
            io_.out << json{{"version", 1}, {"ok", bad_ == 0}, {"mappings", std::move(all_)}}.dump()
                    << '\n';
        if (bad_ == 0) return exit_ok;
        return good_ > 0 ? exit_partly : exit_failed;
    }

private:
    void check(const std::string& file) {
        const LoadedMapping loaded = load_mapping(file, catalogue_);
        json entry{{"file", file}, {"problems", json::array()}, {"tests", json::array()}};
        for (const transform::Problem& problem : loaded.problems)
            entry["problems"].push_back(json{{"severity", problem.is_error ? "error" : "warning"},
                                             {"file", problem.file},
                                             {"line", problem.line},
                                             {"key", problem.key},
                                             {"text", mask_text(problem.text)}});
        if (!flags_.is_json) tell_problems(loaded.problems, io_);
        bool is_good = loaded.mapping != nullptr;
        std::size_t tests = 0;
        if (is_good) {
            const auto results = transform::run_tests(*loaded.mapping, transformer_);
            tests = results.size();
            for (const transform::TestResult& result : results) {
                is_good = is_good && result.is_good;
                tell(file, result, entry);
            }
        }
        ++(is_good ? good_ : bad_);
        entry["ok"] = is_good;
        if (loaded.mapping != nullptr) entry["name"] = loaded.mapping->name();
        all_.push_back(std::move(entry));
        if (is_good && !flags_.is_json)
            io_.out << file << ": good: " << loaded.mapping->from() << " becomes "
                    << loaded.mapping->to() << ", "
                    << (tests == 1 ? "1 test" : std::to_string(tests) + " tests") << '\n';
    }

    void tell(const std::string& file, const transform::TestResult& result, json& entry) {
        json row{{"name", result.name},
                 {"line", result.line},
                 {"ok", result.is_good},
                 {"differences", json::array()}};
        for (const std::string& difference : result.differences) {
            const std::string text = mask_text(difference);
            row["differences"].push_back(text);
            if (flags_.is_json) continue;
            io_.err << "vera: " << file << ':' << result.line << ": test "
                    << (result.name.empty() ? "" : "'" + result.name + "' ") << "fails: " << text
                    << '\n';
        }
        entry["tests"].push_back(std::move(row));
    }

    const CheckFlags& flags_;
    std::shared_ptr<const event::Catalogue> catalogue_;
    Io& io_;
    transform::Transformer transformer_;
    std::uint64_t good_ = 0;
    std::uint64_t bad_ = 0;
    json all_ = json::array();
};

int check_mappings(const CheckFlags& flags, Io& io) {
    auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    return MappingCheck(flags, std::move(*catalogue), io).run();
}

}  // namespace

void add_transform_check(CLI::App& transform, Session& session) {
    CLI::App* verb = transform.add_subcommand(
        "check", "Compile mappings against the schemas and run their tests");
    auto flags = std::make_shared<CheckFlags>();
    verb->add_option("MAPPING", flags->files, "Files of mappings")->required();
    add_schema_and_config_flags(*verb, flags->schemas);
    verb->add_flag("--json", flags->is_json, "Problems and tests as JSON");
    verb->footer(
        footer("  vera transform check mappings/*.yaml\n"
               "  vera transform check --schemas skemaer/ elev-v1.yaml --json\n"));
    verb->callback([flags, &session] { session.exit_code = check_mappings(*flags, session.io); });
}

}  // namespace vera::cli
