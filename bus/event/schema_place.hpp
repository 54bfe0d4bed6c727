#pragma once
// Where in a schema something stands, for people.
#include <google/protobuf/descriptor.h>

#include <string>

namespace vera::event {

/// "skole/v1/elev.proto:12:3: skole.v1.Elev.alder", as far as it is known.
template <class Descriptor>
[[nodiscard]] std::string place_of(const Descriptor& descriptor) {
    std::string place(descriptor.file()->name());
    google::protobuf::SourceLocation location;
    if (descriptor.GetSourceLocation(&location))
        place += ':' + std::to_string(location.start_line + 1) + ':' +
                 std::to_string(location.start_column + 1);
    return place.append(": ").append(descriptor.full_name());
}

}  // namespace vera::event
