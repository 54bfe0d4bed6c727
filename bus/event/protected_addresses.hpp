#pragma once
// Which fields hold an address that a person's address protection covers (option
// `beskyttet_adresse`), and a kuvert without them for a receiver who has no right to them. Compiled
// once from descriptors into tables that walk the wire bytes.
#include "bus/base/time.hpp"
#include "bus/event/wire.hpp"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vera::event {

struct MessageMarks;

/// What a field is to address protection.
struct FieldMark {
    enum class Use : std::uint8_t {
        plain,
        withheld,    ///< has the option
        unknown,     ///< vera.oio.v1.LokalUdvidelse: anything a source says beyond the schema
        signature,   ///< of the whole: without the address it is wrong, and it helps to guess it
        protection,  ///< vera.person.v1.Adressebeskyttelse
        flag,        ///< says that protection runs
        message,
        any
    };
    Use use = Use::plain;
    WireType wire_type = WireType::varint;
    bool is_packable = false;
    const MessageMarks* message = nullptr;  ///< of Use::message and Use::protection
};

struct MessageMarks {
    std::vector<std::pair<std::uint32_t, FieldMark>> fields;  ///< ascending by number
    bool says_protection = false;  ///< has a field that says whether protection runs: a person
    bool can_hold = false;         ///< it, or what it contains, has a field that may be withheld
    bool leads_to_any = false;     ///< the same of google.protobuf.Any

    [[nodiscard]] const FieldMark* find(std::uint32_t number) const;
};

/// Immutable once compiled; shared use from any thread.
class ProtectedAddresses {
public:
    /// Of all messages in these files, which are of one pool and have what they import among them.
    void compile(const std::vector<const google::protobuf::FileDescriptor*>& files);

    /// Whether a message of that type can hold such an address.
    [[nodiscard]] bool can_hold(std::string_view type) const;
    /// Whether a kuvert (Haendelsesbesked) has a payload, or anything else, of such a type.
    [[nodiscard]] bool may_be_in(std::string_view kuvert) const;
    /// The same of its JSON form: true also where that cannot be told without reading all of it.
    [[nodiscard]] bool may_be_in_json(std::string_view json) const;

    /// What of the kuvert is for a receiver without the right; nothing: all of it. Marked fields
    /// are left out while the protection of any person in the kuvert runs, and if there is no
    /// person that says whether it does. With them goes what nobody here knows (unknown fields, Any
    /// of an unknown type, LokalUdvidelse), and signatures. `has_unknown`: there was something
    /// unknown that these bytes do not have. What is not Protobuf inside counts as protected and is
    /// left out.
    [[nodiscard]] std::optional<std::string> without(std::string_view kuvert,
                                                     Timestamp now,
                                                     bool has_unknown = false) const;

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Finding;
    struct Packed {
        std::string_view type_url;
        std::string_view value;
        const MessageMarks* message = nullptr;  ///< none: of an unknown type
        bool is_whole = true;                   ///< nothing else is in it
    };

    void add(const google::protobuf::Descriptor& message);
    [[nodiscard]] FieldMark mark_of(const google::protobuf::FieldDescriptor& field);
    [[nodiscard]] Packed unpack(std::string_view any) const;
    [[nodiscard]] bool may_be_in(const MessageMarks& marks,
                                 std::string_view bytes,
                                 std::size_t depth) const;
    void look(const MessageMarks& marks,
              std::string_view bytes,
              std::size_t depth,
              Finding& found) const;
    void look_at_any(std::string_view bytes, std::size_t depth, Finding& found) const;
    void write(const MessageMarks& marks,
               std::string_view bytes,
               std::size_t depth,
               std::string& out) const;
    void write_any(std::string_view bytes, std::size_t depth, std::string& out) const;

    std::unordered_map<std::string, MessageMarks, TextHash, std::equal_to<>> by_name_;
    const MessageMarks* kuvert_ = nullptr;
    std::uint32_t end_field_ = 0;  ///< of Adressebeskyttelse
};

}  // namespace vera::event
