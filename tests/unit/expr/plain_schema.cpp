#include "tests/unit/expr/plain_schema.hpp"

namespace vera::expr {
namespace {

FieldShape of_kind(FieldKind kind) {
    FieldShape shape;
    shape.kind = kind;
    return shape;
}

FieldShape of_message(const MessageShape& message) {
    FieldShape shape = of_kind(FieldKind::message);
    shape.message = &message;
    return shape;
}

FieldShape of_enum(const EnumShape& values) {
    FieldShape shape = of_kind(FieldKind::enumeration);
    shape.enumeration = &values;
    return shape;
}

}  // namespace

std::optional<FieldShape> PlainMessage::field(std::string_view name) const {
    const auto found = fields_.find(std::string(name));
    return found == fields_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> PlainMessage::field_names() const {
    std::vector<std::string> names;
    for (const auto& [name, shape] : fields_)
        names.push_back(name);
    return names;
}

PlainSchema::PlainSchema()
    : attributes_({{"id", Type::string},
                   {"type", Type::string},
                   {"kle", Type::string},
                   {"time", Type::string},
                   {"foelsomhed", Type::integer}}),
      lists_({"nord", "syd"}),
      kind_({"UNKNOWN", "OPENED", "CLOSED"}),
      address_("test.Address",
               {{"road", of_kind(FieldKind::text)}, {"number", of_kind(FieldKind::integer)}}),
      moved_("test.Moved",
             {{"address", of_message(address_)},
              {"since", of_kind(FieldKind::timestamp)},
              {"kind", of_enum(kind_)},
              {"shielded", of_kind(FieldKind::boolean)},
              {"share", of_kind(FieldKind::other)},
              {"count", of_kind(FieldKind::integer)}}),
      closed_("test.Closed", {{"reason", of_kind(FieldKind::text)}}),
      actor_("test.Actor", {{"UUIDIdentifikator", of_kind(FieldKind::text)}}),
      filter_("test.Filtreringsdata", {{"BeskedAnsvarligAktoer", of_message(actor_)}}),
      kuvert_("test.Beskedkuvert", {{"Filtreringsdata", of_message(filter_)}}) {}

}  // namespace vera::expr
