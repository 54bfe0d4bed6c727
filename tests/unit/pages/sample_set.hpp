#pragma once
// A small set of types made in the test, with comments, next to the built-in one.
#include "bus/pages/type_set.hpp"

#include <string>

namespace vera::pages::test {

/// What VeRA is built with; made once.
[[nodiscard]] const TypeSet& built_in();

/// A serialized FileDescriptorSet of one file `name` with these definitions and no imports but
/// VeRA's own. `proto` is what stands in the file.
[[nodiscard]] std::string descriptor_set_of(const std::string& name, const std::string& proto);
/// The same, read; fails the test if it is not good.
[[nodiscard]] TypeSet set_of(const std::string& proto);

}  // namespace vera::pages::test
