#pragma once
// Where in a schema something stands.
#include "bus/event/schema_problem.hpp"

#include <google/protobuf/descriptor.h>

#include <string>

namespace vera::event {

/// Something wrong with what a descriptor tells; the file by the name it is imported by.
template <class Descriptor>
[[nodiscard]] SchemaProblem problem_at(const Descriptor& descriptor, const std::string& what) {
    SchemaProblem problem;
    problem.file = descriptor.file()->name();
    problem.what = descriptor.full_name() + ": " + what;
    google::protobuf::SourceLocation location;
    if (descriptor.GetSourceLocation(&location)) {
        problem.line = location.start_line + 1;
        problem.column = location.start_column + 1;
    }
    return problem;
}

}  // namespace vera::event
