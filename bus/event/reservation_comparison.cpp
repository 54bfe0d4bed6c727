#include "bus/event/reservation_comparison.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using Severity = Difference::Severity;

struct Numbers {
    std::int64_t first = 0;
    std::int64_t last = 0;
};
using Ranges = std::vector<Numbers>;

/// Of messages the end is behind the last, of enums it is the last.
Ranges reserved(const Descriptor& type) {
    Ranges ranges;
    for (int i = 0; i < type.reserved_range_count(); ++i)
        ranges.push_back({type.reserved_range(i)->start, type.reserved_range(i)->end - 1});
    return ranges;
}
Ranges reserved(const EnumDescriptor& type) {
    Ranges ranges;
    for (int i = 0; i < type.reserved_range_count(); ++i)
        ranges.push_back({type.reserved_range(i)->start, type.reserved_range(i)->end});
    return ranges;
}

Ranges in_use(const Descriptor& type) {
    Ranges ranges;
    for (int i = 0; i < type.field_count(); ++i)
        ranges.push_back({type.field(i)->number(), type.field(i)->number()});
    return ranges;
}
Ranges in_use(const EnumDescriptor& type) {
    Ranges ranges;
    for (int i = 0; i < type.value_count(); ++i)
        ranges.push_back({type.value(i)->number(), type.value(i)->number()});
    return ranges;
}

bool uses(const Descriptor& type, const std::string& name) {
    return type.FindFieldByName(name) != nullptr;
}
bool uses(const EnumDescriptor& type, const std::string& name) {
    return type.FindValueByName(name) != nullptr;
}

/// What of `all` is in none of `covered`, which are in order of their first.
Ranges gaps(Numbers all, const Ranges& covered) {
    Ranges left;
    for (const Numbers& one : covered) {
        if (one.last < all.first) continue;
        if (one.first > all.last) break;
        if (one.first > all.first) left.push_back({all.first, one.first - 1});
        all.first = one.last + 1;
    }
    if (all.first <= all.last) left.push_back(all);
    return left;
}

template <class Type>
void compare(const Type& old, const Type& fresh, Differences& found) {
    Ranges covered = reserved(fresh);
    const Ranges used = in_use(fresh);
    covered.insert(covered.end(), used.begin(), used.end());
    std::ranges::sort(covered, {}, &Numbers::first);
    for (const Numbers& range : reserved(old))
        for (const Numbers& gap : gaps(range, covered))
            found.add(Severity::wire,
                      old.full_name(),
                      gap.first == gap.last
                          ? "number " + std::to_string(gap.first) + " is reserved no more"
                          : "numbers " + std::to_string(gap.first) + " to " +
                                std::to_string(gap.last) + " are reserved no more");
    for (int i = 0; i < old.reserved_name_count(); ++i) {
        const std::string& name = old.reserved_name(i);
        if (!fresh.IsReservedName(name) && !uses(fresh, name))
            found.add(Severity::json, old.full_name(), "the name " + name + " is reserved no more");
    }
}

}  // namespace

void compare_reservations(const Descriptor& old, const Descriptor& fresh, Differences& found) {
    compare(old, fresh, found);
}

void compare_reservations(const EnumDescriptor& old,
                          const EnumDescriptor& fresh,
                          Differences& found) {
    compare(old, fresh, found);
}

}  // namespace vera::event
