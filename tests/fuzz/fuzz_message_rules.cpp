// libFuzzer: any bytes as a schema and as messages of it.
#include "tests/fuzz/schema_run.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::SchemaTally tally;
    vera::fuzz::run_schema({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
