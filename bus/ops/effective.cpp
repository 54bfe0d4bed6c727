#include "bus/ops/effective.hpp"

#include "bus/ops/option_table.hpp"

#include <unordered_map>
#include <utility>

namespace vera::ops {
namespace {

/// Says nothing about a secret but whether it is the same one: what is hashed is itself a salted
/// hash.
nlohmann::json masked(const nlohmann::json& value) {
    if (value.is_array()) {
        nlohmann::json list = nlohmann::json::array();
        for (const nlohmann::json& item : value)
            list.push_back(masked(item));
        return list;
    }
    if (!value.is_string()) return value;
    return "****** (" + digest_of(value.get<std::string>()).substr(0, 8) + ")";
}

}  // namespace

std::vector<EffectiveOption> effective(const Config& config, const Sources& sources) {
    std::vector<EffectiveOption> all;
    show_all(config_options(),
             config,
             {},
             [&](const OptionPath& path, const OptionFacts& facts, const nlohmann::json& value) {
                 EffectiveOption one;
                 one.key = path.by_name;
                 one.value = facts.is_secret ? masked(value) : value;
                 one.needs_restart = facts.takes == Takes::restart;
                 const auto source = sources.find(path.by_index);
                 if (source != sources.end()) one.source = source->second;
                 all.push_back(std::move(one));
             });
    return all;
}

std::vector<std::string> keep_fixed(Config& next, const Config& current) {
    std::vector<std::string> changed;
    keep_all(config_options(), next, current, {}, changed);
    return changed;
}

std::vector<OptionDifference> differences(const std::vector<EffectiveOption>& before,
                                          const std::vector<EffectiveOption>& after) {
    std::unordered_map<std::string, const EffectiveOption*> old;
    for (const EffectiveOption& one : before)
        old.emplace(one.key, &one);
    std::vector<OptionDifference> found;
    for (const EffectiveOption& one : after) {
        const auto at = old.find(one.key);
        const nlohmann::json was = at == old.end() ? nlohmann::json(nullptr) : at->second->value;
        if (at != old.end()) old.erase(at);
        if (was != one.value) found.push_back({one.key, was, one.value, one.needs_restart});
    }
    for (const EffectiveOption& one : before)  // what is gone, in its order
        if (old.contains(one.key) && !one.value.is_null())
            found.push_back({one.key, one.value, nullptr, one.needs_restart});
    return found;
}

}  // namespace vera::ops
