#pragma once
// What a subscription's copies become on their way out: a named transformation, and a form. Pure:
// decided anew with each generation, so that a mapping that was mended serves what waits.
#include "bus/event/catalogue.hpp"
#include "bus/format/form.hpp"
#include "bus/transform/transformer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::flow {

/// Two queues that ask for the same have the same one: it is evaluated once for both.
struct Outgoing {
    /// In order: the first that is meant for an event makes it. Events of types that none is for go
    /// as they came; of the others it is a failure if none is meant.
    std::vector<std::shared_ptr<const transform::Mapping>> mappings;
    std::optional<format::Form> form;  ///< none: the form in which the event came
};

struct Reshaped {
    std::string mapping;  ///< its name; empty: only the form is another
    std::string body;
    std::string_view content_type;  ///< empty: as it was
};
/// The event as it came is what the subscription wants.
struct AsItCame {};

using Shape = std::variant<Reshaped, AsItCame, transform::Failure>;

/// `body` is of an accepted event, in either form.
[[nodiscard]] Shape reshape(const Outgoing& outgoing,
                            std::string_view body,
                            std::string_view content_type,
                            const event::Catalogue& catalogue,
                            transform::Transformer& transformer);

/// A kuvert with BeskedId and BeskedVersion alone, in Protobuf: which event it is, and nothing else
/// of it.
[[nodiscard]] std::string name_alone(std::string_view body,
                                     std::string_view content_type,
                                     const event::Catalogue& catalogue);

}  // namespace vera::flow
