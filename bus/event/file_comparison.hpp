#pragma once
// A file, before and after, as programs see it: which code is made of it, and what they have to
// include or import. Bytes and JSON know nothing of files.
#include "bus/event/difference.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::event {

/// What of it has moved to other files, what it passed on of others, and the options that name or
/// shape code. No event is concerned.
void compare_files(const google::protobuf::FileDescriptor& old,
                   const google::protobuf::DescriptorPool& fresh,
                   Differences& found);

}  // namespace vera::event
