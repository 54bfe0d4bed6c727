#pragma once
// What an event must have for an expression to be true: conditions on one attribute or field each,
// as an index can look them up. What is not among them only the evaluator knows.
#include "bus/expr/program.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace vera::expr {

/// One condition on the values of an attribute or a field. Its texts live as long as the program.
struct Atom {
    enum class Kind : std::uint8_t {
        equal,   ///< one value is `text`
        prefix,  ///< one value begins with `text`
        suffix,  ///< one value ends with `text`
        listed,  ///< one value is in the value list `text`
        present  ///< there is a value
    };
    Kind kind = Kind::equal;
    std::string_view key;             ///< name of the attribute, or the path as it stands
    const FieldPath* path = nullptr;  ///< of a field
    std::string_view text;
};

/// At least one of the atoms must hold.
struct Requirement {
    std::vector<Atom> any_of;
    /// If one holds and the values are texts, the part of the expression that it stands for is
    /// true, without an error.
    bool is_exact = false;
};

struct Requirements {
    std::vector<Requirement> all;  ///< each must hold
    /// Nothing else is asked: if all are exact and hold, the expression is true.
    bool is_whole = false;
};

/// An integer of few values; 0 stands for none. Its atoms are equalities with these as texts.
struct SmallAttribute {
    std::string_view name;
    std::vector<std::string_view> values;  ///< "1", "2", …
};

/// What an index can look up of attributes. Others are left out.
struct Indexable {
    std::vector<std::string_view> texts;
    SmallAttribute small;
};

[[nodiscard]] Requirements requirements_of(const Program& program, const Indexable& indexable);

}  // namespace vera::expr
