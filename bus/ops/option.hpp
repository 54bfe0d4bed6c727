#pragma once
// What is known about one configuration option, and how it is read, shown and kept. An option is
// one entry in option_table.cpp plus the field it fills; errors, reference page, example, `vera
// config show` and what a reload may change all follow from it. The kinds of options are
// option_kinds.hpp.
#include "bus/ops/section.hpp"

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::ops {

class Reading;

/// When a changed value takes effect.
enum class Takes { reload, restart };

/// What is told about an option. A group or list holds others.
struct OptionFacts {
    enum class Shape { value, group, list };
    Shape shape = Shape::value;
    std::string key;           ///< its own: "in_flight"
    std::string type;          ///< "size", "list of text"
    std::string unit;          ///< what a number counts or is written with; may be empty
    std::string range;         ///< may be empty: any
    std::string default_text;  ///< as it would be written; empty: none
    std::string since;         ///< version of VeRA
    std::string meaning;       ///< one phrase, Markdown
    std::string example;       ///< as it would be written; the default if empty
    Takes takes = Takes::reload;
    bool is_required = false;
    bool is_secret = false;  ///< never shown
    bool is_basic = false;   ///< in the short example
    bool is_bare = false;    ///< a number or a truth: written without quotes
    bool is_aside = false;   ///< in the example only as a comment: it needs files that are there
    std::vector<OptionFacts> inside;
};

/// Where options are while they are shown: by index as in errors, and by name as for people.
struct OptionPath {
    std::string by_index;  ///< "subscriptions[2].types"
    std::string by_name;   ///< "subscriptions[omsorg].types"
    [[nodiscard]] OptionPath operator/(std::string_view key) const {
        return {joined(by_index, key), joined(by_name, key)};
    }
};
using ShowOption =
    std::function<void(const OptionPath&, const OptionFacts&, const nlohmann::json&)>;

/// One option of a map that fills an Owner. The functions get the facts of the finished option.
template <class Owner>
struct Option {
    OptionFacts facts;
    std::function<void(const OptionFacts&, Section&, Owner&, Reading&)> read;
    std::function<void(const OptionFacts&, const Owner&, const OptionPath&, const ShowOption&)>
        show;
    /// Puts back what only a restart may change; the paths of what differed.
    std::function<void(
        const OptionFacts&, Owner&, const Owner&, const OptionPath&, std::vector<std::string>&)>
        keep;

    Option required(std::string example) && {
        facts.is_required = true;
        facts.default_text.clear();
        facts.example = std::move(example);
        return std::move(*this);
    }
    /// What the example shows instead of the default.
    Option example(std::string text) && {
        facts.example = std::move(text);
        return std::move(*this);
    }
    Option secret() && {
        facts.is_secret = true;
        return std::move(*this);
    }
    Option aside() && {
        facts.is_aside = true;
        return std::move(*this);
    }
    /// Stands in the short example too.
    Option basic() && {
        facts.is_basic = true;
        return std::move(*this);
    }
};

template <class Owner>
using OptionTable = std::vector<Option<Owner>>;

// -- what is done with a table ----------------------------------------------------------------

template <class Owner>
void read_all(const OptionTable<Owner>& table, Section& section, Owner& owner, Reading& reading) {
    for (const Option<Owner>& option : table)
        option.read(option.facts, section, owner, reading);
}

template <class Owner>
void show_all(const OptionTable<Owner>& table,
              const Owner& owner,
              const OptionPath& path,
              const ShowOption& tell) {
    for (const Option<Owner>& option : table)
        option.show(option.facts, owner, path, tell);
}

template <class Owner>
void keep_all(const OptionTable<Owner>& table,
              Owner& next,
              const Owner& current,
              const OptionPath& path,
              std::vector<std::string>& changed) {
    for (const Option<Owner>& option : table)
        option.keep(option.facts, next, current, path, changed);
}

template <class Owner>
std::vector<OptionFacts> facts_of(const OptionTable<Owner>& table) {
    std::vector<OptionFacts> all;
    for (const Option<Owner>& option : table)
        all.push_back(option.facts);
    return all;
}

}  // namespace vera::ops
