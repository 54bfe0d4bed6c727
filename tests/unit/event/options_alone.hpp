#pragma once
// VeRA's options without the rest of the schemas: quickly built, for tests that build much.
#include "bus/event/schema_set.hpp"
#include "tests/support/catch.hpp"

namespace vera::test {

inline const event::SchemaSet& options_alone() {
    static const event::SchemaSet set = [] {
        google::protobuf::FileDescriptorSet only;
        *only.add_file() = *event::SchemaSet::built_in().find("vera/options/v1/options.proto");
        event::SchemaSet small;
        REQUIRE(small.add({"options", {{"options.binpb", only.SerializeAsString()}}}).empty());
        return small;
    }();
    return set;
}

}  // namespace vera::test
