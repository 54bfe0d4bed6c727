#include "bus/route/value_lists.hpp"

#include <algorithm>

namespace vera::route {

std::optional<bool> ValueLists::contains(std::string_view list, std::string_view value) const {
    const auto found = sets_.find(list);
    if (found == sets_.end()) return std::nullopt;
    return found->second->contains(value);
}

std::optional<ValueLists::Changed> ValueLists::with(const ListChange& change) const {
    const auto known = sets_.find(change.name);
    const bool is_there = known != sets_.end();
    using Kind = ListChange::Kind;
    if (!is_there && (change.kind == Kind::remove || change.kind == Kind::drop))
        return std::nullopt;
    auto made = std::make_shared<ValueLists>(*this);
    Changed changed;
    const std::size_t before = is_there ? known->second->size() : 0;
    if (change.kind == Kind::drop) {
        made->sets_.erase(change.name);
        changed.removed = before;
    } else {
        auto set = std::make_shared<Set>();
        if (is_there && change.kind != Kind::replace) *set = *known->second;
        for (const std::string& entry : change.entries) {
            if (change.kind == Kind::remove)
                changed.removed += set->erase(entry);
            else if (set->insert(entry).second)
                ++changed.added;
        }
        if (change.kind == Kind::replace) {
            std::size_t kept = 0;
            if (is_there)
                for (const std::string& entry : *known->second)
                    kept += set->contains(entry) ? 1U : 0U;
            changed.added -= kept;
            changed.removed = before - kept;
        }
        made->sets_[change.name] = std::move(set);
    }
    changed.lists = std::move(made);
    return changed;
}

std::vector<std::pair<std::string, std::size_t>> ValueLists::sizes() const {
    std::vector<std::pair<std::string, std::size_t>> all;
    for (const auto& [name, set] : sets_)
        all.emplace_back(name, set->size());
    return all;
}

std::optional<std::vector<std::string>> ValueLists::entries_of(std::string_view list) const {
    const auto found = sets_.find(list);
    if (found == sets_.end()) return std::nullopt;
    std::vector<std::string> entries(found->second->begin(), found->second->end());
    std::ranges::sort(entries);
    return entries;
}

}  // namespace vera::route
