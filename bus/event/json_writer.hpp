#pragma once
// A message as protobuf-JSON with the schema's JSON names. Never fails: a payload of an unknown
// type, or one that does not parse, is shown as "@type" and "value" in base64.
#include "bus/event/message_types.hpp"

#include <google/protobuf/message.h>

#include <string>

namespace vera::event {

/// Two-space indent and line breaks if `pretty`; else no space at all.
[[nodiscard]] std::string write_json(const google::protobuf::Message& message,
                                     const MessageTypes& types,
                                     bool pretty);

}  // namespace vera::event
