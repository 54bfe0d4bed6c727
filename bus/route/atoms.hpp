#pragma once
// The single conditions that filters ask of one attribute or field, each known once and by number;
// and which of them an event holds, found by looking its values up.
#include "bus/event/attributes.hpp"
#include "bus/event/event_properties.hpp"
#include "bus/expr/requirements.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::route {

using AtomId = std::uint32_t;

/// What an event holds; reused from one to the next.
struct HeldAtoms {
    std::vector<AtomId> ids;  ///< ascending, each once
    /// A field has more values than an evaluation is sure to look at: what is exact is not.
    bool has_too_many_values = false;
    std::vector<std::string_view> values;  ///< of one field
    const expr::ValueLists* lists = nullptr;
};

/// Filled while a table is built, then immutable; any thread. Borrows the paths it is given.
class AtomTable {
public:
    using Kind = expr::Atom::Kind;

    AtomTable();

    /// Of an attribute that is a text, or an integer by its digits. `present` is not for here.
    AtomId of_attribute(std::string_view name, Kind kind, std::string_view text);
    /// Equality with any of the event's objects.
    AtomId of_object(std::string_view id);
    /// Of a field of texts in the one type of message that `path.resolved[which]` begins in.
    AtomId of_field(const expr::FieldPath& path,
                    std::size_t which,
                    Kind kind,
                    std::string_view text);

    [[nodiscard]] std::size_t size() const { return atoms_.size(); }
    /// `lists` may be nullptr: there are none.
    void find(const event::Attributes& attributes,
              const event::EventProperties& properties,
              const expr::ValueLists* lists,
              HeldAtoms& out) const;

private:
    using KeyId = std::uint32_t;
    /// Where values come from, and how they are looked up.
    struct Key {
        std::string name;  ///< of an attribute without a member
        std::string event::Attributes::*member = nullptr;
        const expr::FieldPath* path = nullptr;
        bool has_equal = false;
        std::vector<std::uint32_t> prefixes;  ///< lengths, each once
        std::vector<std::uint32_t> suffixes;
        std::vector<AtomId> lists;  ///< value lists that it is asked to be in
    };
    struct Atom {
        KeyId key = 0;
        Kind kind = Kind::equal;
        std::uint32_t offset = 0;  ///< of its text in `texts_`
        std::uint32_t length = 0;
    };
    struct Slot {
        std::uint64_t hash = 0;
        AtomId atom = none;
    };
    static constexpr AtomId none = UINT32_MAX;
    static constexpr KeyId objects_key = 0;

    AtomId add(KeyId key, Kind kind, std::string_view text);
    [[nodiscard]] AtomId look_up(KeyId key, Kind kind, std::string_view text) const;
    [[nodiscard]] std::string_view text_of(const Atom& atom) const {
        return std::string_view(texts_).substr(atom.offset, atom.length);
    }
    [[nodiscard]] std::size_t slot_of(std::uint64_t hash,
                                      KeyId key,
                                      Kind kind,
                                      std::string_view text) const;
    void grow();
    void find_value(KeyId key, std::string_view value, HeldAtoms& out) const;
    /// An integer is looked up as it is written.
    void find_made(KeyId key, const expr::Value& value, HeldAtoms& out) const;
    void find_field(KeyId key, const event::EventProperties& properties, HeldAtoms& out) const;

    std::vector<Key> keys_;
    std::map<std::string, KeyId, std::less<>> attributes_;
    /// By the type of message that a path begins in: of an event only those of its own type are
    /// read.
    std::map<std::string, std::vector<KeyId>, std::less<>> fields_;
    std::map<std::pair<std::string, std::string>, KeyId> field_keys_;
    std::vector<KeyId> kuvert_keys_;
    std::vector<Atom> atoms_;
    std::string texts_;
    std::vector<Slot> slots_;  ///< a power of two, at most half full
};

}  // namespace vera::route
