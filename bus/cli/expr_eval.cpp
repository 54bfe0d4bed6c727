#include "bus/cli/event_file.hpp"
#include "bus/cli/expr_text.hpp"
#include "bus/cli/input_file.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/expr/compiler.hpp"
#include "bus/expr/explain.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;

struct EvalFlags {
    std::string expression;
    std::string event;
    std::vector<std::string> lists;
    SchemaFlags schemas;
    bool is_json = false;
    bool is_unmasked = false;
};

/// Of --list NAME=VALUE,VALUE.
class GivenLists : public expr::ValueLists {
public:
    Result<void> add(const std::string& text) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(Errc::bad_input, "--list takes NAME=VALUE,VALUE");
        auto& values = lists_[text.substr(0, equals)];
        for (std::size_t at = equals + 1; at < text.size();) {
            const std::size_t comma = std::min(text.find(',', at), text.size());
            values.insert(text.substr(at, comma - at));
            at = comma + 1;
        }
        return {};
    }
    std::optional<bool> contains(std::string_view list, std::string_view value) const override {
        const auto found = lists_.find(list);
        if (found == lists_.end()) return std::nullopt;
        return found->second.contains(value);
    }

private:
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> lists_;
};

struct ShownError {
    expr::ErrorKind kind = expr::ErrorKind::generic;
    std::string text;
    std::uint32_t offset = 0;
    std::string suggestion;
};

/// What evaluation gave, or what kept it from happening.
struct Answer {
    expr::Explanation explanation;
    std::vector<ShownError> errors;
    std::vector<ShownError> warnings;
};

class Shown {
public:
    Shown(const EvalFlags& flags, Io& io) : flags_(flags), io_(io) {}

    void as_json(const Answer& answer);
    void as_text(const Answer& answer);

private:
    static ordered_json errors(const std::vector<ShownError>& errors);
    void put_problem(std::string_view what, const ShownError& error);

    const EvalFlags& flags_;
    Io& io_;
};

ordered_json Shown::errors(const std::vector<ShownError>& errors) {
    ordered_json all = ordered_json::array();
    for (const ShownError& error : errors) {
        ordered_json one = {
            {"kind", expr::name_of(error.kind)}, {"text", error.text}, {"offset", error.offset}};
        if (!error.suggestion.empty()) one["suggestion"] = error.suggestion;
        all.push_back(std::move(one));
    }
    return all;
}

void Shown::as_json(const Answer& answer) {
    ordered_json document = {{"version", 1},
                             {"value", value_as_json(answer.explanation, flags_.is_unmasked)},
                             {"errors", errors(answer.errors)},
                             {"explain", clauses_as_json(answer.explanation, flags_.is_unmasked)}};
    if (!answer.warnings.empty()) document["warnings"] = errors(answer.warnings);
    io_.out << document.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

/// The line of the expression with a caret below the place.
void Shown::put_problem(std::string_view what, const ShownError& error) {
    const std::string& text = flags_.expression;
    const std::size_t at = std::min<std::size_t>(error.offset, text.size());
    const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    io_.out << what << expr::name_of(error.kind) << " at " << error.offset << ": " << error.text
            << '\n'
            << "  " << text.substr(begin, end - begin) << '\n'
            << std::string(2 + width_of(std::string_view(text).substr(begin, at - begin)), ' ')
            << "^\n";
    if (!error.suggestion.empty()) io_.out << "  write " << error.suggestion << '\n';
}

void Shown::as_text(const Answer& answer) {
    const ordered_json whole = value_as_json(answer.explanation, flags_.is_unmasked);
    io_.out << (whole.is_string() ? whole.get<std::string>() : whole.dump()) << '\n';
    for (const ShownError& error : answer.errors)
        put_problem("error: ", error);
    for (const ShownError& warning : answer.warnings)
        put_problem("warning: ", warning);
    const std::string clauses = clauses_as_text(answer.explanation, flags_.is_unmasked);
    if (!clauses.empty()) io_.out << '\n' << clauses;
}

Answer answer_of(const EvalFlags& flags, const EventFile& event, const GivenLists& lists) {
    expr::CompileOptions options;
    options.schema = event.schema();
    options.unknown_function_is_error = false;
    const expr::Compiled compiled = expr::compile(flags.expression, options);
    Answer answer;
    for (const expr::Diagnostic& one : compiled.diagnostics)
        (one.severity == expr::Severity::error ? answer.errors : answer.warnings)
            .push_back({one.kind, one.text, one.offset, one.suggestion});
    if (!compiled.program) return answer;
    expr::Evaluator evaluator(&lists);
    answer.explanation = expr::explain(evaluator, *compiled.program, event.properties());
    for (const expr::Problem& problem : answer.explanation.problems)
        answer.errors.push_back({problem.kind, problem.text(), problem.offset, {}});
    return answer;
}

int eval(const EvalFlags& flags, Io& io) {
    GivenLists lists;
    for (const std::string& list : flags.lists) {
        if (const auto added = lists.add(list); !added) {
            report(io, added.error());
            return exit_usage;
        }
    }
    auto bytes = read_input(flags.event, io.in);
    if (!bytes) return report(io, bytes.error());
    const auto event =
        EventFile::make(std::move(*bytes), [&] { return catalogue_of(flags.schemas); });
    if (!event)
        return report(io, {event.error().code, "'" + flags.event + "': " + event.error().text});
    const Answer answer = answer_of(flags, **event, lists);
    Shown shown(flags, io);
    if (flags.is_json) {
        shown.as_json(answer);
    } else {
        shown.as_text(answer);
    }
    return exit_ok;
}

}  // namespace

void add_expr_eval(CLI::App& expr, Session& session) {
    CLI::App* verb = expr.add_subcommand(
        "eval", "Evaluate an expression over an event, and tell why it gave what it gave");
    auto flags = std::make_shared<EvalFlags>();
    verb->add_option(
            "EXPR", flags->expression, "The expression; behind -- it may begin with a minus")
        ->required();
    verb->add_option("--event",
                     flags->event,
                     "File with a kuvert (Protobuf or JSON) or a CloudEvent in JSON; - is stdin")
        ->required();
    verb->add_option("--list",
                     flags->lists,
                     "A value list for LIST('NAME'): NAME=VALUE,VALUE; may be given several times");
    add_schema_and_config_flags(*verb, flags->schemas);
    verb->add_flag("--json", flags->is_json, "As JSON: value, errors and explain");
    verb->add_flag("--unmasked", flags->is_unmasked, "Show personal data of the event");
    verb->footer(
        footer("  vera expr eval \"kle LIKE '27.%'\" --event event.json\n"
               "  vera expr eval --event event.json --json -- '-10 + 2'\n"
               "  vera expr eval \"myndighed IN LIST('nord')\" --list nord=29189382,29189439 "
               "--event kuvert.pb\n"
               "An expression that evaluates with errors, or cannot be read, gives them in the "
               "answer and exit code 0.\n"));
    verb->callback([flags, &session] { session.exit_code = eval(*flags, session.io); });
}

}  // namespace vera::cli
