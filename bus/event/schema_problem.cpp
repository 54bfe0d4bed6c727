#include "bus/event/schema_problem.hpp"

namespace vera::event {

std::string to_text(const SchemaProblem& problem) {
    std::string text = problem.file;
    if (problem.line > 0) text += ':' + std::to_string(problem.line);
    if (problem.line > 0 && problem.column > 0) text += ':' + std::to_string(problem.column);
    return text + (text.empty() ? "" : ": ") + problem.what;
}

std::string to_text(const std::vector<SchemaProblem>& problems) {
    std::string text;
    for (const SchemaProblem& problem : problems)
        text += (text.empty() ? "" : "\n") + to_text(problem);
    return text;
}

}  // namespace vera::event
