// libFuzzer: any bytes as a .proto file or as a descriptor set.
#include "tests/fuzz/folder_run.hpp"

#include <google/protobuf/stubs/logging.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::FolderTally tally;
    google::protobuf::SetLogHandler(nullptr);
    vera::fuzz::run_folder({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
