#pragma once
// One object of LoRa's JSON into a message of its class. What has no field, or does not fit it, is
// kept aside in the registration's lokale_udvidelser, so that the object is written again as it
// was.
#include "adapters/oio/json_tree.hpp"
#include "adapters/oio/model.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::oio {

/// A value that no field holds.
struct Aside {
    std::string path;    ///< a JSON pointer into the source
    std::string reason;  ///< never holds anything of the value
};

struct ReadObject {
    std::unique_ptr<google::protobuf::Message> message;
    std::vector<Aside> aside;
};

/// Where an object stood.
struct Source {
    std::string_view text;          ///< that it was read from
    std::string path;               ///< a JSON pointer in it
    const JsonValue* id = nullptr;  ///< of the object, where that stands outside
};

/// Errc::bad_input if a part of the object's frame has the wrong type: line, path and what was
/// expected.
[[nodiscard]] Result<ReadObject> read_object(const Model& model,
                                             const ObjectClass& type,
                                             const Source& source,
                                             const JsonValue& body);

/// Putting a value back costs as much as there are members or elements beside it. Of one object no
/// more than this is kept aside, and put back: a file may be hostile.
inline constexpr std::size_t aside_budget = 100'000'000;

/// Member of LoRa's order to make an object passive, which has no livscykluskode.
inline constexpr std::string_view passive_order = "livscyklus";
[[nodiscard]] bool is_passive_order(const JsonValue& value);

}  // namespace vera::oio
