#pragma once
// Names of the UUIDs that kuverter are full of: message types, object types, what was done to an
// object, sensitivity, senders. The built-in table has those that are publicly known; a
// configuration adds to it and overrides it.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::event {

struct UuidName {
    enum class Kind : std::uint8_t { beskedtype, objekttype, handling, foelsomhed, aktoer };
    Kind kind = Kind::beskedtype;
    std::string uuid;  ///< lower case
    std::string name;
    int level = 0;  ///< foelsomhed: 1 to 4
};
[[nodiscard]] std::string_view name_of(UuidName::Kind kind);

/// The UUID that the built-in table has for level 1 to 4; empty for others.
[[nodiscard]] std::string_view sikkerhedsklassificering_of(int level);

/// Immutable once filled.
class UuidNames {
public:
    /// Those of the reference (domain.md §1.9, §4.6).
    [[nodiscard]] static UuidNames built_in();

    /// Replaces what the UUID was called.
    void add(UuidName name);
    /// Only if the UUID has no name yet.
    void add_default(UuidName name);

    /// All of one kind, by name.
    [[nodiscard]] std::vector<const UuidName*> of_kind(UuidName::Kind kind) const;
    /// nullptr: no name is known. `uuid` in lower case.
    [[nodiscard]] const UuidName* find(std::string_view uuid) const;
    /// Level 1 to 4 of a canonical Sikkerhedsklassificering; 0 if unknown.
    [[nodiscard]] int level_of(std::string_view uuid) const {
        const UuidName* known = find(uuid);
        return known == nullptr ? 0 : known->level;
    }

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, UuidName, TextHash, std::equal_to<>> by_uuid_;
};

}  // namespace vera::event
