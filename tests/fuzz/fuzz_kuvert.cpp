// libFuzzer: any bytes as a kuvert in Protobuf, in JSON, or in a form that nobody names.
#include "tests/fuzz/kuvert_run.hpp"

#include <google/protobuf/stubs/logging.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::KuvertTally tally;
    google::protobuf::SetLogHandler(nullptr);
    vera::fuzz::run_kuvert({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
