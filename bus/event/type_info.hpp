#pragma once
// What a catalogue knows of one payload type.
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <string>

namespace vera::event {

struct TypeInfo {
    std::string name;              ///< full Protobuf name
    std::string beskedtype;        ///< UUID, lower case; empty: any
    std::string titel;             ///< Danish title, may be empty
    std::string file;              ///< where it is defined, for people
    options::v1::Besked besked{};  ///< all that its schema says of it as a payload
    const google::protobuf::Descriptor* descriptor = nullptr;  ///< of the catalogue's pool
};

}  // namespace vera::event
