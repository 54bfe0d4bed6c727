#pragma once
// An import and the export of what it gave, compared by a JSON library that the adapter does not
// use.
#include "adapters/oio/oio_json.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vera::oio::test {

[[nodiscard]] const Model& model();

struct Trip {
    std::string error;               ///< empty: there and back
    std::string type;                ///< full name of the message
    nlohmann::json message;          ///< in its protobuf-JSON form
    nlohmann::json back;             ///< LoRa's JSON again
    std::vector<std::string> aside;  ///< "path: reason"
};

/// Through import, the form in a file (protobuf-JSON, or binary) and export.
[[nodiscard]] Trip there_and_back(const std::string& json,
                                  const ImportOptions& options = {},
                                  bool is_binary = false);

/// The text of a refusal, or "taken".
[[nodiscard]] std::string refusal_of(const std::string& json, const std::string& class_name = {});

}  // namespace vera::oio::test
