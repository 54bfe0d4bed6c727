#pragma once
// The Protobuf side as files hold it: protobuf-JSON with the type in "@type", or the bytes of a
// google.protobuf.Any.
#include "adapters/oio/model.hpp"

#include <google/protobuf/any.pb.h>

#include <string>
#include <string_view>

namespace vera::oio {

/// {"@type": "type.googleapis.com/vera.sag.v1.Sag", …}, indented. The type is a class or
/// vera.oio.v1.Objektsamling, as of import_json().
[[nodiscard]] Result<std::string> object_to_json(const Model& model,
                                                 const google::protobuf::Any& object);

/// Either form. Errc::bad_input or too_large with line and field, not_found: the type is unknown.
[[nodiscard]] Result<google::protobuf::Any> object_from(const Model& model, std::string_view bytes);

}  // namespace vera::oio
