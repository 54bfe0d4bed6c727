#include "bus/cli/made_files.hpp"
#include "bus/cli/type_verbs.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/pages/html_page.hpp"
#include "bus/pages/markdown_page.hpp"
#include "bus/pages/outline.hpp"
#include "bus/pages/page_text.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

struct DocsFlags {
    std::string output;
    std::string form;
    SchemaFlags schemas;
    std::vector<std::string> only;
    std::shared_ptr<std::string> language;
    bool is_forced = false;
};

constexpr std::string_view html_name = "typer.html";
constexpr std::string_view markdown_name = "snitflade.md";

/// What is to be made, and where.
struct Plan {
    std::string folder;  ///< empty: files of their own
    std::string html;    ///< path; empty: not wanted
    std::string markdown;
};

/// A name with .html or .md at its end is a file, anything else a folder, which gets both unless
/// one is asked for.
Plan plan_of(const DocsFlags& flags) {
    const std::filesystem::path path(flags.output);
    const std::string extension = path.extension().string();
    std::error_code error;
    const bool is_folder = std::filesystem::is_directory(path, error);
    const bool is_html = extension == ".html" || extension == ".htm";
    if (!is_folder && (is_html || extension == ".md")) {
        const bool wants_html = flags.form.empty() ? is_html : flags.form == "html";
        return wants_html ? Plan{{}, flags.output, {}} : Plan{{}, {}, flags.output};
    }
    Plan plan{flags.output, {}, {}};
    if (flags.form != "markdown") plan.html = (path / html_name).string();
    if (flags.form != "html") plan.markdown = (path / markdown_name).string();
    return plan;
}

Result<pages::PageOptions> page_options(const DocsFlags& flags, const Types& types) {
    pages::PageOptions options;
    options.language = language_of_flag(*flags.language);
    options.made_by = "VeRA " VERA_VERSION;
    auto only = only_of_flag(flags.only, types);
    if (!only) return fail(only.error().code, only.error().text);
    options.only = std::move(*only);
    return options;
}

int write(const Plan& plan, std::vector<MadeFile> files, const DocsFlags& flags, Io& io) {
    if (!flags.is_forced)
        if (const auto may = may_be_made(files, plan.folder, pages::made_by_mark); !may)
            return report(io, may.error());
    if (const auto made = make_files(files); !made) return report(io, made.error());
    for (const MadeFile& file : files)
        io.err << "wrote " << file.path << ", " << size_text(file.contents.size()) << '\n';
    return exit_ok;
}

int document(const DocsFlags& flags, Io& io) {
    const auto known = types_of(flags.schemas);
    if (!known) return report(io, known.error());
    const Types& types = *known;
    auto options = page_options(flags, types);
    if (!options) return report(io, options.error());
    std::optional<Uses> uses;
    if (!flags.schemas.config.empty()) {
        auto used = uses_of_flag(flags.schemas.config, types);
        if (!used) return report(io, used.error());
        uses = std::move(*used);
        options->usage = &uses->usage;
    }
    if (flags.output == "-") {
        io.out << (flags.form == "markdown"
                       ? pages::markdown_page(types.set, types.description, *options)
                       : pages::html_page(types.set, types.description, *options));
        return exit_ok;
    }
    const Plan plan = plan_of(flags);
    std::vector<MadeFile> files;
    if (!plan.html.empty())
        files.push_back({plan.html, pages::html_page(types.set, types.description, *options)});
    if (!plan.markdown.empty())
        files.push_back(
            {plan.markdown, pages::markdown_page(types.set, types.description, *options)});
    const pages::Outline outline = pages::outline_of(types.description, options->only);
    const int exit_code = write(plan, std::move(files), flags, io);
    if (exit_code == exit_ok)
        io.err << pages::counts_in_words(outline, pages::Language::en) << '\n';
    return exit_code;
}

}  // namespace

void add_type_docs(CLI::App& type, Session& session) {
    CLI::App* verb = type.add_subcommand(
        "docs", "Write the catalogue of types as HTML, and as a Markdown interface specification");
    auto flags = std::make_shared<DocsFlags>();
    verb->add_option(
            "-o,--output", flags->output, "A file (.html, .md), or a folder for both; - is stdout")
        ->required();
    verb->add_option("--format", flags->form, "Only this one; default: by the name of the file")
        ->check(CLI::IsMember({"html", "markdown"}));
    add_only_flag(*verb, flags->only);
    add_schema_flags(*verb, flags->schemas);
    verb->add_option("-c,--config",
                     flags->schemas.config,
                     "Configuration: its schemas too, who publishes and who receives");
    flags->language = add_language_flag(*verb);
    verb->add_flag("--force", flags->is_forced, "Overwrite what this verb did not make");
    verb->footer(
        footer("  vera type docs -o typer.html\n"
               "  vera type docs -o udbud -c /etc/vera/vera.yaml\n"
               "  vera type docs -o snitflade.md --only SagOprettet --only SagAfsluttet\n"));
    verb->callback([flags, &session] { session.exit_code = document(*flags, session.io); });
}

}  // namespace vera::cli
