#pragma once
// What a catalogue is made of.
#include "bus/event/person_table.hpp"
#include "bus/event/schema_set.hpp"
#include "bus/event/uuid_names.hpp"

namespace vera::event {

/// Names that the schemas themselves give are added to `names`.
struct CatalogueParts {
    SchemaSet schemas;
    UuidNames names;
    PersonTable persons{};
};

}  // namespace vera::event
