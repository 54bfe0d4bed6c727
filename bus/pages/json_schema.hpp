#pragma once
// JSON Schema (draft 7) of the protobuf-JSON form of the types, with the rules that it can say.
#include "bus/pages/description.hpp"
#include "bus/pages/words.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vera::pages {

/// Where types refer to each other: `place` + full name, "#/components/schemas/".
struct SchemaOptions {
    std::string place;
    Language language = Language::da;
    /// Members that the schema does not know are refused: the kuvert may not have them.
    bool is_closed = false;
};

[[nodiscard]] nlohmann::ordered_json json_schema(const Description& description,
                                                 const Message& message,
                                                 const SchemaOptions& options);
[[nodiscard]] nlohmann::ordered_json json_schema(const Enum& enumeration);

}  // namespace vera::pages
