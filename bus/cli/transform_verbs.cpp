#include "bus/cli/transform_verbs.hpp"

#include "bus/cli/masking.hpp"
#include "bus/ops/mapping_file.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace vera::cli {

LoadedMapping load_mapping(const std::string& file,
                           const std::shared_ptr<const event::Catalogue>& catalogue) {
    ops::MappingFile read = ops::read_mapping(file, file);
    LoadedMapping loaded;
    loaded.problems = std::move(read.problems);
    if (std::ranges::any_of(loaded.problems, &transform::Problem::is_error)) return loaded;
    auto compiled = transform::Mapping::compile(read.source, catalogue);
    loaded.mapping = std::move(compiled.mapping);
    std::ranges::move(compiled.problems, std::back_inserter(loaded.problems));
    return loaded;
}

void tell_problems(const std::vector<transform::Problem>& problems, Io& io) {
    for (const transform::Problem& problem : problems)
        io.err << "vera: " << (problem.is_error ? "" : "warning: ")
               << mask_text(transform::to_text(problem)) << '\n';
}

}  // namespace vera::cli
