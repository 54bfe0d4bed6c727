#pragma once
// A kuvert as the XML of Beskedkuvert.xsd (urn:oio:besked:kuvert:1.0). Private to this room.
#include "bus/base/result.hpp"
#include "bus/event/catalogue.hpp"

#include <string>
#include <string_view>

namespace vera::format {

/// Elements in the order of the schema. A payload that is no XML is `Base64` of
/// urn:besked:kuvert:1.0, as KOMBIT's convention has it: its protobuf-JSON. Signatures are left
/// out: they are of other bytes. Errc::bad_input: a text holds what XML cannot.
[[nodiscard]] Result<std::string> kuvert_xml(std::string_view kuvert,
                                             const event::Catalogue& catalogue);

}  // namespace vera::format
