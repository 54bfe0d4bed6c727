#pragma once
// What is wrong with a schema, and where: for people.
#include <string>
#include <vector>

namespace vera::event {

struct SchemaProblem {
    std::string file;
    int line = 0;    ///< counted from 1; 0: the file as a whole
    int column = 0;  ///< the same
    std::string what;
};
/// "file:line:column: what", as far as it is known.
[[nodiscard]] std::string to_text(const SchemaProblem& problem);
/// One per line.
[[nodiscard]] std::string to_text(const std::vector<SchemaProblem>& problems);

}  // namespace vera::event
