#include "adapters/oio/class_guess.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace vera::oio {
namespace {

using Kind = JsonValue::Kind;

/// How many names a class knows: first those that only it can have, then the rest.
using Score = std::tuple<std::size_t, std::size_t>;

std::size_t count_known(const JsonValue* holder, const std::vector<Member>& known) {
    if (holder == nullptr || !holder->is(Kind::object)) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        known, [&](const Member& member) { return holder->find(member.name) != nullptr; }));
}

std::size_t count_relations(const JsonValue* holder, const ObjectClass& type) {
    if (holder == nullptr || !holder->is(Kind::object) || type.relationer == nullptr) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(holder->names, [&](const auto& name) {
        return field_named(*type.relationer->message_type(), name) != nullptr;
    }));
}

Score score(const JsonValue& body, const ObjectClass& type) {
    return {count_known(body.find("attributter"), type.attributter) +
                count_known(body.find("tilstande"), type.tilstande) +
                count_known(&body, type.others),
            count_relations(body.find("relationer"), type)};
}

}  // namespace

std::vector<const ObjectClass*> possible_classes(const Model& model, const JsonValue& body) {
    std::vector<const ObjectClass*> possible;
    Score best{};
    for (const ObjectClass& type : model.classes()) {
        const Score reached = score(body, type);
        if (reached > best) possible.clear();
        best = std::max(best, reached);
        if (reached == best && reached != Score{}) possible.push_back(&type);
    }
    return possible;
}

std::string names_of(const std::vector<const ObjectClass*>& classes) {
    std::string names;
    for (const ObjectClass* one : classes)
        names += (names.empty() ? "" : ", ") + one->type->name();
    return names;
}

}  // namespace vera::oio
