#include "bus/route/filter.hpp"

#include "bus/event/descriptor_schema.hpp"
#include "bus/route/type_pattern.hpp"

#include <algorithm>

namespace vera::route {
namespace {

bool may_hold_of_type(const expr::Atom& atom, std::string_view type) {
    if (atom.path != nullptr)
        return atom.path->root == expr::Root::kuvert || atom.path->resolved.empty() ||
               std::ranges::any_of(atom.path->resolved, [type](const expr::ResolvedPath& one) {
                   return one.message == type;
               });
    if (atom.key != "type") return true;
    switch (atom.kind) {
        case expr::Atom::Kind::equal:
            return type == atom.text;
        case expr::Atom::Kind::prefix:
            return type.starts_with(atom.text);
        case expr::Atom::Kind::suffix:
            return type.ends_with(atom.text);
        case expr::Atom::Kind::present:
        case expr::Atom::Kind::listed:
            return !type.empty();
    }
    return true;
}

template <class Holds>
bool may_hold(const Filter& filter, Holds holds) {
    if (!filter.expression) return true;
    const auto required = expr::requirements_of(filter.expression->program, indexable());
    return std::ranges::all_of(required.all, [&](const expr::Requirement& one) {
        return std::ranges::any_of(one.any_of, holds);
    });
}

}  // namespace

bool holds_type(const Filter& filter, std::string_view type) {
    return filter.types.empty() || covers(filter.types, type);
}

bool holds_authority(const Filter& filter, std::string_view authority) {
    return filter.authorities.empty() ||
           std::ranges::find(filter.authorities, authority) != filter.authorities.end();
}

bool lets_pass_type(const Filter& filter, std::string_view type) {
    return holds_type(filter, type) && may_hold(filter, [type](const expr::Atom& atom) {
               return atom.path != nullptr || may_hold_of_type(atom, type);
           });
}

bool may_match_type(const Filter& filter, std::string_view type) {
    return holds_type(filter, type) && may_hold(filter, [type](const expr::Atom& atom) {
               return may_hold_of_type(atom, type);
           });
}

const expr::Indexable& indexable() {
    static const auto attributes = [] {
        expr::Indexable found;
        for (const auto& [name, type] : event::attribute_types())
            if (type == expr::Type::string) found.texts.emplace_back(name);
        found.small = {"foelsomhed", {"1", "2", "3", "4"}};
        return found;
    }();
    return attributes;
}

}  // namespace vera::route
