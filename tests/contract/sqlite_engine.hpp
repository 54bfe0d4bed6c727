#pragma once
// An engine on SQLite: one transaction per batch with synchronous=FULL, on a thread of its own.
// Slow and simple: the oracle that the journal is compared with.
#include "bus/flow/engine.hpp"

#include <memory>
#include <string>

namespace vera::flow::test {

/// `file` is made if it is not there.
[[nodiscard]] std::unique_ptr<Engine> make_sqlite_engine(std::string file);

}  // namespace vera::flow::test
