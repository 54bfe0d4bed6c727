#pragma once
// What Protobuf says while a pool is built, as problems of the file's place.
#include "bus/event/schema_problem.hpp"

#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>
#include <vector>

namespace vera::event {

/// Borrows `problems`; for one file.
class PoolErrors final : public google::protobuf::DescriptorPool::ErrorCollector {
public:
    PoolErrors(std::string place, std::vector<SchemaProblem>& problems)
        : place_(std::move(place)),
          problems_(problems) {}
    void AddError(const std::string& /*file*/,
                  const std::string& element,
                  const google::protobuf::Message* /*descriptor*/,
                  ErrorLocation /*location*/,
                  const std::string& message) override {
        problems_.push_back({place_, 0, 0, element + ": " + message});
    }

private:
    std::string place_;
    std::vector<SchemaProblem>& problems_;
};

}  // namespace vera::event
