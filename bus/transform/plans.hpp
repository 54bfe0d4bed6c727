#pragma once
// All that one mapping was compiled to. Private to this room.
#include "bus/event/descriptor_schema.hpp"
#include "bus/transform/plan.hpp"
#include "bus/transform/pseudonym_key.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::transform {

struct Plans {
    std::unique_ptr<const event::DescriptorSchema> schema;  ///< what programs look names up in
    std::vector<std::unique_ptr<const Table>> tables;
    std::optional<PseudonymKey> key;
    std::optional<Expression> when;
    MapPlan payload;
    std::optional<MapPlan> kuvert;  ///< none: the Beskedkuvert is copied as it stands
    bool changes_kuvert = false;    ///< beyond its Beskedtype
    /// The same for events whose first payload is of another type, a correction for example: with
    /// their own Beskedtype.
    std::optional<MapPlan> kuvert_of_others;
    bool keeps_other_payloads = false;
};

}  // namespace vera::transform
