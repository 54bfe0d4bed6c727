#pragma once
// The known message types and the check of one received kuvert against them (design §5 "Body",
// domain.md §2). What needs Protobuf's headers stands beside it, for those who ask for it:
// type_info.hpp, message_types.hpp, catalogue_parts.hpp.
#include "bus/base/refusal.hpp"
#include "bus/base/result.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/schema_problem.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::event {

struct CatalogueParts;
struct CheckedKuvert;
class MessageTypes;
struct TypeInfo;
class UuidNames;

/// Immutable after construction; distinct and shared use from any thread.
class Catalogue {
public:
    using Made = std::variant<std::shared_ptr<const Catalogue>, std::vector<SchemaProblem>>;

    /// The payload types of all schemas: each message with the option `besked`, and of files that
    /// do not import VeRA's options each message at the top level. Or what is wrong with them, by
    /// place.
    [[nodiscard]] static Made make(CatalogueParts parts);
    /// The schemas and names built into VeRA.
    [[nodiscard]] static std::shared_ptr<const Catalogue> built_in();

    /// Parses the kuvert of `raw` (Protobuf, or protobuf-JSON; content-type may be missing or
    /// octet-stream: then sniffed), checks that every Beskeddata is a known type and that all rules
    /// are kept, that CloudEvents attributes agree, and derives the view. Unknown fields are
    /// refused in the kuvert and kept in the payload. Never throws. Refusals: decode_error (no
    /// kuvert could be read), schema_unknown, schema_invalid, attribute_mismatch; the text names
    /// the field.
    [[nodiscard]] std::variant<Attributes, Refusal> check(const RawEvent& raw) const;
    /// As well, and the kuvert in parts, for whoever looks at its fields; of a refused one
    /// anything.
    [[nodiscard]] std::variant<Attributes, Refusal> check(const RawEvent& raw,
                                                          CheckedKuvert& kuvert) const;

    /// When the registration of the first Beskeddata takes effect, see latest_virkning(). For an
    /// event that check() has let through.
    [[nodiscard]] Timestamp virkning(const RawEvent& raw) const;

    /// What the receiver is asked to do and who wants the response. For an event that check() has
    /// let through.
    [[nodiscard]] ReceiverAction receiver_action(const RawEvent& raw) const;

    /// Whether the kuvert, in either form, has anything of a type with fields that a person's
    /// address protection covers. Cheap; true also where only reading all of it would tell.
    [[nodiscard]] bool may_hold_protected_address(std::string_view body,
                                                  std::string_view content_type) const;
    /// The kuvert, in the form it has, for a receiver without the right to protected addresses, see
    /// ProtectedAddresses; nothing: it is the same. Errc::bad_input if it cannot be read.
    [[nodiscard]] Result<std::optional<std::string>> without_protected_addresses(
        std::string_view body, std::string_view content_type, Timestamp now) const;

    /// The kuvert as protobuf-JSON, field names as in the XSD; two-space indent if `pretty`.
    /// Errc::bad_input if `body` is no kuvert.
    [[nodiscard]] Result<std::string> to_json(std::string_view body,
                                              std::string_view content_type,
                                              bool pretty) const;
    /// The kuvert in Protobuf from its JSON form. Errc::bad_input names line and field.
    [[nodiscard]] Result<std::string> from_json(std::string_view json) const;

    /// What is wrong with one message of a known type by itself; nothing: it keeps all rules.
    /// Errc::not_found: no such type (with the nearest names).
    [[nodiscard]] Result<std::optional<std::string>> broken_rule(std::string_view type,
                                                                 std::string_view bytes) const;

    /// In the order of their files.
    [[nodiscard]] const std::vector<TypeInfo>& types() const;
    [[nodiscard]] std::vector<std::string> type_names() const;
    [[nodiscard]] const TypeInfo* find(std::string_view name) const;
    /// "unknown type x; nearest: y".
    [[nodiscard]] std::string unknown_type(std::string_view name) const;

    [[nodiscard]] const UuidNames& names() const;
    /// The form in which events are told apart by object: see canonical_id(); a CPR number of the
    /// table of persons becomes the UUID.
    [[nodiscard]] std::string object_id(std::string_view id) const;
    /// All messages of all files, with comments.
    [[nodiscard]] const MessageTypes& messages() const;

    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;
    ~Catalogue();

private:
    Catalogue();
    struct Contents;
    std::unique_ptr<Contents> contents_;
};

}  // namespace vera::event
