#pragma once
// A kuvert that did not come in at a door (a file, a test of a mapping), as the check wants it.
#include "bus/event/raw_event.hpp"

#include <string_view>

namespace vera::event {

/// Looks at both, which must outlive it. Nobody sent it, and it is nobody's message.
[[nodiscard]] inline RawEvent raw_kuvert(std::string_view body,
                                         std::string_view content_type = "application/protobuf") {
    RawEvent raw;
    raw.body_kind = BodyKind::data;
    raw.body = body;
    raw.content_type = content_type;
    return raw;
}

}  // namespace vera::event
