#pragma once
// The known message types and the check of one received kuvert against them (design §5 "Body",
// domain.md §2).
#include "bus/base/refusal.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/raw_event.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::event {

/// One payload type of the catalogue.
struct TypeInfo {
    std::string name;        ///< full Protobuf name
    std::string beskedtype;  ///< UUID, lower case
    std::string titel;       ///< Danish title
};

/// Immutable after construction; distinct and shared use from any thread.
class Catalogue {
public:
    /// The schemas compiled into VeRA.
    [[nodiscard]] static std::shared_ptr<const Catalogue> built_in();

    /// Parses the kuvert of `raw` (Protobuf, or protobuf-JSON; content-type may be missing or
    /// octet-stream: then sniffed), checks that every Beskeddata is a known type and parses, that
    /// required fields are there, that CloudEvents attributes agree, and derives the view. Unknown
    /// fields are refused in the kuvert and kept in the payload. Never throws. Refusals:
    /// decode_error (no kuvert could be read), schema_unknown, schema_invalid, attribute_mismatch;
    /// the text names the field.
    [[nodiscard]] std::variant<Attributes, Refusal> check(const RawEvent& raw) const;

    /// When the registration of the first Beskeddata takes effect, see latest_virkning(). For an
    /// event that check() has let through.
    [[nodiscard]] Timestamp virkning(const RawEvent& raw) const;

    [[nodiscard]] const std::vector<TypeInfo>& types() const;
    [[nodiscard]] const TypeInfo* find(std::string_view name) const;

    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;
    ~Catalogue();

private:
    Catalogue();
    struct Contents;
    std::unique_ptr<const Contents> contents_;
};

/// The kuvert as protobuf-JSON, field names as in the XSD; two-space indent if `pretty`.
/// Errc::bad_input if `body` is no kuvert.
[[nodiscard]] Result<std::string> kuvert_to_json(std::string_view body,
                                                 std::string_view content_type,
                                                 bool pretty);
/// The kuvert in Protobuf from its JSON form. Errc::bad_input names line and field.
[[nodiscard]] Result<std::string> kuvert_from_json(std::string_view json);

}  // namespace vera::event
