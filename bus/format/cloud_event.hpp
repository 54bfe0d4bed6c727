#pragma once
// A structured CloudEvent 1.0 around the first payload of a kuvert. The attributes are the derived
// ones, so a CPR number is never its subject; the rest of the kuvert is left out. Private to this
// room.
#include "bus/base/result.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/catalogue.hpp"

#include <string>
#include <string_view>

namespace vera::format {

/// JSON Event Format for CloudEvents §3: `data` is the payload as protobuf-JSON. Errc::bad_input:
/// the kuvert has more than one payload.
[[nodiscard]] Result<std::string> cloud_event_json(std::string_view kuvert,
                                                   const event::Attributes& attributes,
                                                   const event::Catalogue& catalogue);
/// Protobuf Event Format for CloudEvents: io.cloudevents.v1.CloudEvent with the payload as
/// `proto_data`. Errors as above.
[[nodiscard]] Result<std::string> cloud_event_protobuf(std::string_view kuvert,
                                                       const event::Attributes& attributes);

}  // namespace vera::format
