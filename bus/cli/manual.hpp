#pragma once
// `vera manual`: the manual page, made from the help of every verb.
#include "bus/cli/verbs.hpp"

namespace vera::cli {

/// Knows the verbs that the root has when it runs.
void add_manual(CLI::App& root, Session& session);

}  // namespace vera::cli
