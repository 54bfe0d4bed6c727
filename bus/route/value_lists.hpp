#pragma once
// Value lists (værdilister): named sets of texts that filters ask with IN LIST('name'). They change
// while the configuration stays.
#include "bus/expr/property_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace vera::route {

/// What becomes of one list.
struct ListChange {
    enum class Kind : std::uint8_t {
        add,      ///< the entries are in it afterwards; a list that is not there is made
        remove,   ///< they are not in it afterwards
        replace,  ///< they are all that is in it afterwards; made if it is not there
        drop      ///< there is no such list any more
    };
    Kind kind = Kind::add;
    std::string name;
    std::vector<std::string> entries;
};

/// Immutable; any thread. What a change does not touch is shared.
class ValueLists : public expr::ValueLists {
public:
    [[nodiscard]] std::optional<bool> contains(std::string_view list,
                                               std::string_view value) const override;

    /// How many entries came and went.
    struct Changed {
        std::shared_ptr<const ValueLists> lists;
        std::size_t added = 0;
        std::size_t removed = 0;
    };
    /// None: remove or drop of a list that is not there.
    [[nodiscard]] std::optional<Changed> with(const ListChange& change) const;

    /// Names and sizes, by name.
    [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> sizes() const;
    /// The entries in order; none: there is no such list.
    [[nodiscard]] std::optional<std::vector<std::string>> entries_of(std::string_view list) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;
    std::map<std::string, std::shared_ptr<const Set>, std::less<>> sets_;
};

}  // namespace vera::route
