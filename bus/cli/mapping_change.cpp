#include "bus/cli/mapping_change.hpp"

#include "bus/ops/mapping_file.hpp"
#include "bus/transform/mapping.hpp"
#include "bus/transform/mapping_tests.hpp"
#include "bus/transform/transformer.hpp"

#include <utility>

namespace vera::cli {
namespace {

std::vector<std::string> errors_of(const ops::MappingFile& file,
                                   const std::shared_ptr<const event::Catalogue>& catalogue) {
    std::vector<std::string> errors;
    const auto compiled = transform::Mapping::compile(file.source, catalogue);
    for (const transform::Problem& problem : compiled.problems)
        if (problem.is_error) errors.push_back(to_text(problem));
    if (compiled.mapping == nullptr) return errors;
    transform::Transformer transformer;
    for (const transform::TestResult& result : transform::run_tests(*compiled.mapping, transformer))
        for (const std::string& difference : result.differences)
            errors.push_back(compiled.mapping->file() + ":" + std::to_string(result.line) +
                             ": test '" + result.name + "' fails: " + difference);
    return errors;
}

}  // namespace

std::vector<BrokenMapping> broken_mappings(const std::vector<UsedMapping>& used,
                                           const std::shared_ptr<const event::Catalogue>& old,
                                           const std::shared_ptr<const event::Catalogue>& fresh) {
    std::vector<BrokenMapping> broken;
    for (const UsedMapping& one : used) {
        const ops::MappingFile file = ops::read_mapping(one.file, one.file);
        if (!file.problems.empty() || !errors_of(file, old).empty()) continue;
        if (auto errors = errors_of(file, fresh); !errors.empty())
            broken.push_back({one, std::move(errors)});
    }
    return broken;
}

}  // namespace vera::cli
