#pragma once
// The forms in which an event can leave the bus.
#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::format {

enum class Form : std::uint8_t {
    protobuf,              ///< the kuvert
    json,                  ///< the kuvert as protobuf-JSON
    cloudevents_json,      ///< a structured CloudEvent around the first payload
    cloudevents_protobuf,  ///< the same in Protobuf
    beskedkuvert_xml       ///< the kuvert as KOMBIT's Beskedfordeler has it
};

/// "cloudevents-json".
[[nodiscard]] std::string_view name_of(Form form);
[[nodiscard]] std::optional<Form> form_called(std::string_view name);
[[nodiscard]] std::string_view content_type_of(Form form);

}  // namespace vera::format
