#pragma once
// LoRa's and OS2mo's JSON of OIO objects to Protobuf and back: bodies that create, update or make
// passive, and what reads and searches answer. Nothing is lost on the way there and back but the
// order of an object's members and the space between them.
#include "adapters/oio/model.hpp"
#include "adapters/oio/object_reader.hpp"

#include <google/protobuf/any.pb.h>

#include <string>
#include <string_view>
#include <vector>

namespace vera::oio {

struct Imported {
    /// A message of the object's class; of several objects or registrations a
    /// vera.oio.v1.Objektsamling.
    google::protobuf::Any object;
    /// What no field holds. It is in `object` all the same.
    std::vector<Aside> aside;
};

struct ImportOptions {
    /// The class: "Bruger", "organisationfunktion", "vera.sag.v1.Sag". Empty: by the names of the
    /// members.
    std::string class_name;
    /// The class of an object whose members do not tell it; empty: that is an error.
    std::string class_hint;
};

/// Errc::bad_input or too_large with line and path: no JSON, a wrong type in the frame of an
/// object, limits of JsonLimits. Errc::not_found: the class cannot be told or is not known; the
/// text names the candidates. No text holds a value. Never throws.
[[nodiscard]] Result<Imported> import_json(const Model& model,
                                           std::string_view json,
                                           const ImportOptions& options = {});

/// The JSON that was imported, indented. Errc::bad_input with the field.
[[nodiscard]] Result<std::string> export_json(const Model& model,
                                              const google::protobuf::Any& object);

}  // namespace vera::oio
