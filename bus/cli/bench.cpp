#include "bus/cli/verbs.hpp"
namespace vera::cli {
void add_bench(CLI::App& root, Session& session) { (void)root; (void)session; }
}
