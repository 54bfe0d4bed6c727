#include "bus/event/uuid_names.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vera::event {
namespace {

using Kind = UuidName::Kind;

struct Known {
    Kind kind;
    std::string_view uuid;
    std::string_view name;
    int level = 0;
};

constexpr Known known[] = {
    // NOLINT(*-avoid-c-arrays): counts itself
    {Kind::beskedtype, "d2bed63c-4853-4008-b6e0-a74c15b15fbf", "PKO_PostStatus"},
    {Kind::beskedtype, "248ce14c-a863-4fb5-9e6f-7df9ea850809", "CPR-hændelse"},
    {Kind::beskedtype, "7654895c-a3f3-4c77-8afd-4c77330f963c", "TestbeskedType1"},
    {Kind::beskedtype, "832d0676-d0a0-4522-8f57-ac126dc8270e", "Testbesked (832d)"},
    {Kind::beskedtype, "b677c97e-aa5e-430e-9f60-9bbbbdb4ea1b", "Testbesked (b677)"},
    {Kind::objekttype, "ce7fcf97-a8a2-447a-8690-d38aa0f6e23c", "Person"},
    {Kind::objekttype, "9a7be69f-b736-4e0e-9d5b-78d4f43e7ad7", "Post"},
    {Kind::objekttype, "91aa31b3-c4b3-499e-8689-93b1ef89f319", "Post, relateret objekt"},
    {Kind::handling, "1e5bb089-5445-44f8-9b65-bc854053f423", "Fødsel"},
    {Kind::handling, "298aa424-0a16-4a5a-956c-2bdab17fd11f", "Dødsfald"},
    {Kind::handling, "e225a75c-4b63-46c4-9423-77f5c8762445", "Fejlet"},
    {Kind::handling, "f7161a89-5068-4023-bc80-d7f4daad2a2e", "Afleveret Digital Post"},
    {Kind::handling, "eb866ca2-b871-4387-b501-12cde577bd58", "Modtaget Digital Post"},
    {Kind::aktoer, "96514e13-afdd-44d6-95a8-adc2ca19b127", "Digital Post"},
    {Kind::aktoer, "afd21f3d-11c7-4f51-b2a6-f31d6480a9fb", "Strålfors"},
    {Kind::aktoer, "ae5b9a93-c923-40d7-a41a-1eec18374e27", "Edora"},
    {Kind::aktoer, "6b12182a-4268-4130-bd3e-159f8862c0a1", "KMD Charlie Tango"},
    {Kind::aktoer, "f9fbbb38-4b2f-11e5-885d-feff819cdc9f", "Beskedfordeler"},
    {Kind::aktoer, "f329f8d3-b334-4dc7-8469-7362d66e2390", "Jammerbugt Kommune"},
    {Kind::aktoer, "f857cf98-fd08-45d3-991e-e90e20f6a5f8", "Brønderslev Kommune"},
    {Kind::aktoer, "6fb02f8f-bf63-4fd2-8f52-23e54aa193c9", "Hjørring Kommune"},
    {Kind::aktoer, "4939b215-defc-4a1a-8bfc-0a5bc0422929", "Frederikshavn Kommune"},
    {Kind::aktoer, "4c605f44-99b7-46c3-bf1f-f76c9e609883", "Læsø Kommune"},
    {Kind::foelsomhed, "1d81c472-0808-44cc-963d-f5ef0170ae1d", "Ikke fortrolige data", 1},
    {Kind::foelsomhed, "292e85a9-8ad4-46df-9e50-f97d6837ad74", "Fortrolige personoplysninger", 2},
    {Kind::foelsomhed, "31c09910-e011-46a5-86fb-254374421fe8", "Følsomme personoplysninger", 3},
    // Called "Fortrolige personoplysninger" in KOMBIT's own sample: of the two the higher level is
    // taken, to err on the side of protection.
    {Kind::foelsomhed, "44f4108b-26d4-46de-a90f-35e35b55b8d8", "Særligt beskyttede oplysninger", 4},
};

}  // namespace

std::string_view name_of(UuidName::Kind kind) {
    switch (kind) {
        case Kind::beskedtype:
            return "beskedtype";
        case Kind::objekttype:
            return "objekttype";
        case Kind::handling:
            return "handling";
        case Kind::foelsomhed:
            return "foelsomhed";
        case Kind::aktoer:
            return "aktoer";
    }
    return "";
}

std::string_view sikkerhedsklassificering_of(int level) {
    for (const Known& one : known)
        if (one.kind == Kind::foelsomhed && one.level == level) return one.uuid;
    return {};
}

UuidNames UuidNames::built_in() {
    UuidNames names;
    for (const Known& one : known)
        names.add({one.kind, std::string(one.uuid), std::string(one.name), one.level});
    return names;
}

void UuidNames::add(UuidName name) {
    std::string uuid = name.uuid;
    by_uuid_.insert_or_assign(std::move(uuid), std::move(name));
}

void UuidNames::add_default(UuidName name) {
    std::string uuid = name.uuid;
    by_uuid_.try_emplace(std::move(uuid), std::move(name));
}

std::vector<const UuidName*> UuidNames::of_kind(Kind kind) const {
    std::vector<const UuidName*> found;
    for (const auto& [uuid, name] : by_uuid_)
        if (name.kind == kind) found.push_back(&name);
    std::ranges::sort(found, [](const UuidName* one, const UuidName* other) {
        return std::tie(one->name, one->uuid) < std::tie(other->name, other->uuid);
    });
    return found;
}

const UuidName* UuidNames::find(std::string_view uuid) const {
    const auto at = by_uuid_.find(uuid);
    return at == by_uuid_.end() ? nullptr : &at->second;
}

}  // namespace vera::event
