#pragma once
// Applies mappings to events, from the bytes of one kuvert to the bytes of another. No message
// object is built; what an evaluation needs is kept from one event to the next.
#include "bus/event/attributes.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/transform/mapping.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace vera::transform {

/// Why an event could not be transformed. Names fields and places, never a value.
struct Failure {
    std::string path;  ///< in the target: "Beskeddata[0].adresse.vejnavn"
    std::string file;
    int line = 0;      ///< of the mapping
    std::string text;  ///< with the offset in the expression
};
/// "path: file:line: text".
[[nodiscard]] std::string to_text(const Failure& failure);

/// The event has no payload of the mapping's type, or its condition does not hold.
struct NotMeant {};

/// One of the payloads is of the mapping's type: as a rule the first; of a correction it is the
/// second.
[[nodiscard]] bool concerns(const Mapping& mapping, const event::KuvertView& kuvert);

/// Thread: any, one at a time.
class Transformer {
public:
    using Made = std::variant<std::string, Failure, NotMeant>;

    Transformer();
    ~Transformer();
    Transformer(const Transformer&) = delete;
    Transformer& operator=(const Transformer&) = delete;

    /// `kuvert`: a Haendelsesbesked in Protobuf that the catalogue has let through with these
    /// attributes. What comes out keeps the rules of its schemas, or is a failure.
    [[nodiscard]] Made apply(const Mapping& mapping,
                             std::string_view kuvert,
                             const event::Attributes& attributes);

private:
    struct Run;
    std::unique_ptr<Run> run_;
};

}  // namespace vera::transform
