#include "bus/cli/expr_text.hpp"

#include "bus/cli/masking.hpp"
#include "bus/cli/table.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;
using Result = expr::ClauseReport::Result;

ordered_json value_of(const expr::Value& value,
                      std::string text,
                      bool is_personal,
                      bool is_unmasked) {
    using expr::Type;
    if (value.type == Type::null) return nullptr;
    if (is_personal && !is_unmasked) return "***";
    switch (value.type) {
        case Type::boolean:
            return value.number != 0;
        case Type::integer:
        case Type::int64:
            return value.number;
        case Type::timestamp:
            return to_rfc3339(Timestamp{value.number});
        case Type::enumeration:
            if (text.empty()) return value.number;
            return text;
        case Type::string:
        case Type::text:
        case Type::null:
        case Type::many:
            break;
    }
    return is_unmasked ? std::move(text) : mask_text(text);
}

ordered_json values_of(const expr::Seen& seen, bool is_unmasked) {
    ordered_json all = ordered_json::array();
    for (std::size_t i = 0; i < seen.values.size(); ++i)
        all.push_back(value_of(seen.values[i], seen.texts[i], seen.is_personal, is_unmasked));
    return all;
}

/// `kle = "27.20.04"; data.antal = (not there)`.
std::string seen_text(const expr::ClauseReport& report, bool is_unmasked) {
    std::string text;
    for (const expr::Seen& one : report.seen) {
        const ordered_json shown = values_of(one, is_unmasked);
        text += (text.empty() ? "" : "; ") + one.name + " = " +
                (shown.empty() ? "(not there)" : (shown.size() == 1 ? shown[0] : shown).dump());
    }
    return text;
}

std::string_view name_of(Result result) {
    static constexpr std::array<std::string_view, 4> names = {
        "true", "false", "error", "not evaluated"};
    static_assert(static_cast<std::size_t>(Result::not_evaluated) == 3);
    return names[static_cast<std::size_t>(result)];
}

}  // namespace

ordered_json value_as_json(const expr::Explanation& explanation, bool is_unmasked) {
    // What was computed from marked fields is hidden if it is a text; true and false tell no more
    // than the clauses do.
    const bool is_hidden =
        explanation.reads_personal && explanation.value.type != expr::Type::boolean;
    if (explanation.value.type == expr::Type::many) {
        expr::Seen seen = explanation.elements;
        seen.is_personal = is_hidden;
        return values_of(seen, is_unmasked);
    }
    return value_of(explanation.value, explanation.value_text, is_hidden, is_unmasked);
}

ordered_json clauses_as_json(const expr::Explanation& explanation, bool is_unmasked) {
    ordered_json clauses = ordered_json::array();
    for (const expr::ClauseReport& report : explanation.clauses) {
        ordered_json seen = ordered_json::array();
        for (const expr::Seen& one : report.seen) {
            ordered_json shown = values_of(one, is_unmasked);
            seen.push_back({{"name", one.name},
                            {"value",
                             shown.empty()       ? ordered_json()
                             : shown.size() == 1 ? shown[0]
                                                 : shown}});
        }
        const bool is_known = report.result == Result::is_true || report.result == Result::is_false;
        clauses.push_back(
            {{"clause", report.text},
             {"offset", report.offset},
             {"value", is_known ? ordered_json(report.result == Result::is_true) : ordered_json()},
             {"evaluated", report.result != Result::not_evaluated},
             {"decided", report.decided},
             {"seen", std::move(seen)}});
    }
    return clauses;
}

std::string clauses_as_text(const expr::Explanation& explanation, bool is_unmasked) {
    if (explanation.clauses.empty()) return {};
    Table table({{"CLAUSE", false}, {"WAS", false}, {"DECIDED", false}, {"SAW", false}});
    for (const expr::ClauseReport& report : explanation.clauses)
        table.add({report.text,
                   std::string(name_of(report.result)),
                   report.decided ? "yes" : "",
                   seen_text(report, is_unmasked)});
    return table.text();
}

std::string deciding_text(const expr::Explanation& explanation, bool is_unmasked) {
    std::string text;
    for (const expr::ClauseReport& report : explanation.clauses) {
        if (!report.decided) continue;
        const std::string saw = seen_text(report, is_unmasked);
        text.append(text.empty() ? "" : "; ").append(report.text);
        text.append(report.result == Result::error ? " gave an " : " was ");
        text.append(name_of(report.result));
        if (!saw.empty()) text.append(" (").append(saw).append(")");
    }
    for (const expr::Problem& problem : explanation.problems)
        text.append(text.empty() ? "" : "; ").append("error: ").append(problem.text());
    return text;
}

}  // namespace vera::cli
