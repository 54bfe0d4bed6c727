#pragma once
// The kinds of options that option_table.cpp is made of: text, boolean, integer, size, duration,
// choice, lists of them, maps and lists of maps. A field may be std::optional: then nothing written
// means none.
#include "bus/ops/option.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace vera::ops {

/// A field of an Owner, or of a part of it.
template <class Owner, class T>
struct Place {
    std::function<T&(Owner&)> in;
    std::function<const T&(const Owner&)> look;
};
template <class Owner, class T>
Place<Owner, T> at(T Owner::*member) {
    return {[member](Owner& owner) -> T& { return owner.*member; },
            [member](const Owner& owner) -> const T& { return owner.*member; }};
}
template <class Owner, class Part, class T>
Place<Owner, T> at(Part Owner::*part, T Part::*member) {
    return {[=](Owner& owner) -> T& { return owner.*part.*member; },
            [=](const Owner& owner) -> const T& { return owner.*part.*member; }};
}
/// For a group of keys that are fields of the map around it.
template <class Owner>
Place<Owner, Owner> itself() {
    return {[](Owner& owner) -> Owner& { return owner; },
            [](const Owner& owner) -> const Owner& { return owner; }};
}

struct About {
    std::string since;
    Takes takes;
    std::string meaning;
};

/// What a text must look like.
struct TextForm {
    std::string range;                                                    ///< for people
    std::function<std::optional<std::string>(const std::string&)> wrong;  ///< the reason
};

struct Range {
    std::uint64_t lowest = 0, highest = 0;
    std::uint64_t multiple_of = 1;
};
struct Span {
    Millis lowest{0}, highest{0};
};
struct Count {
    std::size_t least = 0, most = SIZE_MAX;
    std::string noun{};          ///< what must not be missing: "hashed secret"
    bool refuses_empty = false;  ///< an empty list would mean everything
};

template <class T>
struct Choice {
    std::string text;
    T value;
};

/// Of an optional value: none stands for "not set".
template <class T>
struct Unwrapped {
    using type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using type = T;
};
template <class T>
using unwrapped = typename Unwrapped<T>::type;

template <class T, class Show>
nlohmann::json json_of(const T& value, const Show& show) {
    if constexpr (std::is_same_v<T, unwrapped<T>>)
        return show(value);
    else
        return value ? nlohmann::json(show(*value)) : nlohmann::json(nullptr);
}
/// As it would be written in YAML, one line.
[[nodiscard]] std::string written(const nlohmann::json& value);

namespace kinds {

/// `read` fills a plain value from a section, `show` makes JSON of one.
template <class Owner, class T, class Read, class Show>
Option<Owner> value(OptionFacts facts, Place<Owner, T> place, Read read, Show show) {
    Option<Owner> option;
    facts.default_text = written(json_of(place.look(Owner{}), show));
    option.facts = std::move(facts);
    option.read = [=](const OptionFacts& self, Section& section, Owner& owner, Reading&) {
        T& out = place.in(owner);
        if constexpr (std::is_same_v<T, unwrapped<T>>) {
            read(self, section, out);
        } else {
            unwrapped<T> value{};
            read(self, section, value);
            if (section.has(self.key)) out = std::move(value);
        }
    };
    option.show = [=](const OptionFacts& self,
                      const Owner& owner,
                      const OptionPath& path,
                      const ShowOption& tell) {
        tell(path / self.key, self, json_of(place.look(owner), show));
    };
    option.keep = [=](const OptionFacts& self,
                      Owner& next,
                      const Owner& current,
                      const OptionPath& path,
                      std::vector<std::string>& changed) {
        if (self.takes == Takes::reload || place.look(next) == place.look(current)) return;
        place.in(next) = place.look(current);
        changed.push_back((path / self.key).by_name);
    };
    return option;
}

inline OptionFacts facts(
    std::string key, std::string type, std::string unit, std::string range, About about) {
    OptionFacts made;
    made.key = std::move(key);
    made.type = std::move(type);
    made.unit = std::move(unit);
    made.range = std::move(range);
    made.since = std::move(about.since);
    made.takes = about.takes;
    made.meaning = std::move(about.meaning);
    return made;
}

[[nodiscard]] std::string range_text(const Range& range);
[[nodiscard]] std::string range_text(const Span& span);
[[nodiscard]] std::string size_range_text(const Range& range);
[[nodiscard]] std::string count_text(const Count& count, const std::string& of_each);
/// Reads a list, each item and the count checked.
void read_texts(const OptionFacts& facts,
                const TextForm& form,
                const Count& count,
                Section& section,
                std::vector<std::string>& out);

}  // namespace kinds

template <class Owner, class T>
Option<Owner> text(std::string key, Place<Owner, T> place, TextForm form, About about) {
    return kinds::value(
        kinds::facts(std::move(key), "text", "", form.range, std::move(about)),
        std::move(place),
        [form](const OptionFacts& self, Section& section, std::string& out) {
            section.text(self.key, out);
            if (!form.wrong || !(self.is_required || section.has(self.key))) return;
            if (auto reason = form.wrong(out)) section.problem(self.key, std::move(*reason));
        },
        [](const std::string& value) { return nlohmann::json(value); });
}

template <class Owner, class T>
Option<Owner> boolean(std::string key, Place<Owner, T> place, About about) {
    OptionFacts facts =
        kinds::facts(std::move(key), "boolean", "", "`true`, `false`", std::move(about));
    facts.is_bare = true;
    return kinds::value(
        std::move(facts),
        std::move(place),
        [](const OptionFacts& self, Section& section, bool& out) {
            section.boolean(self.key, out);
        },
        [](bool value) { return nlohmann::json(value); });
}

template <class Owner, class T>
Option<Owner> integer(
    std::string key, Place<Owner, T> place, Range range, std::string unit, About about) {
    OptionFacts facts = kinds::facts(std::move(key),
                                     "whole number",
                                     std::move(unit),
                                     kinds::range_text(range),
                                     std::move(about));
    facts.is_bare = true;
    return kinds::value(
        std::move(facts),
        std::move(place),
        [range](const OptionFacts& self, Section& section, unwrapped<T>& out) {
            section.integer(self.key, range.lowest, range.highest, out);
        },
        [](unwrapped<T> value) { return nlohmann::json(value); });
}

template <class Owner, class T>
Option<Owner> size(std::string key, Place<Owner, T> place, Range range, About about) {
    return kinds::value(
        kinds::facts(std::move(key),
                     "size",
                     "B, KiB, MiB, GiB",
                     kinds::size_range_text(range),
                     std::move(about)),
        std::move(place),
        [range](const OptionFacts& self, Section& section, unwrapped<T>& out) {
            section.size(self.key, range.lowest, range.highest, out);
            if (out % range.multiple_of != 0)
                section.problem(self.key, "not a multiple of " + size_text(range.multiple_of));
        },
        [](unwrapped<T> value) { return nlohmann::json(size_text(value)); });
}

template <class Owner, class T>
Option<Owner> duration(std::string key, Place<Owner, T> place, Span span, About about) {
    return kinds::value(
        kinds::facts(std::move(key),
                     "duration",
                     "ms, s, m, h, d",
                     kinds::range_text(span),
                     std::move(about)),
        std::move(place),
        [span](const OptionFacts& self, Section& section, Millis& out) {
            section.duration(self.key, span.lowest, span.highest, out);
        },
        [](Millis value) { return nlohmann::json(vera::to_text(value)); });
}

template <class Owner>
Option<Owner> texts(std::string key,
                    Place<Owner, std::vector<std::string>> place,
                    TextForm form,
                    Count count,
                    About about) {
    return kinds::value(
        kinds::facts(std::move(key),
                     "list of text",
                     "",
                     kinds::count_text(count, form.range),
                     std::move(about)),
        std::move(place),
        [form, count](const OptionFacts& self, Section& section, std::vector<std::string>& out) {
            kinds::read_texts(self, form, count, section, out);
        },
        [](const std::vector<std::string>& value) { return nlohmann::json(value); });
}

template <class Owner>
Option<Owner> durations(
    std::string key, Place<Owner, std::vector<Millis>> place, Span span, Count count, About about) {
    return kinds::value(
        kinds::facts(std::move(key),
                     "list of durations",
                     "ms, s, m, h, d",
                     kinds::count_text(count, kinds::range_text(span)),
                     std::move(about)),
        std::move(place),
        [span, count](const OptionFacts& self, Section& section, std::vector<Millis>& out) {
            section.durations(self.key, span.lowest, span.highest, out);
            if (out.size() < count.least || out.size() > count.most)
                section.problem(self.key,
                                "expected " + std::to_string(count.least) + " to " +
                                    std::to_string(count.most) + " durations");
        },
        [](const std::vector<Millis>& value) {
            nlohmann::json list = nlohmann::json::array();
            for (const Millis one : value)
                list.push_back(vera::to_text(one));
            return list;
        });
}

/// One of a few words.
template <class Owner, class T>
Option<Owner> choice(std::string key,
                     Place<Owner, T> place,
                     std::vector<Choice<unwrapped<T>>> choices,
                     About about) {
    std::string range;
    std::string words;
    for (const auto& one : choices) {
        range += (range.empty() ? "`" : ", `") + one.text + "`";
        words += (words.empty() ? "" : ", ") + one.text;
    }
    return kinds::value(
        kinds::facts(std::move(key), "choice", "", range, std::move(about)),
        std::move(place),
        [choices, words](const OptionFacts& self, Section& section, unwrapped<T>& out) {
            std::string found;
            section.text(self.key, found);
            for (const auto& one : choices)
                if (one.text == found) {
                    out = one.value;
                    return;
                }
            if (section.has(self.key)) section.problem(self.key, "expected one of " + words);
        },
        [choices](const unwrapped<T>& value) {
            for (const auto& one : choices)
                if (one.value == value) return nlohmann::json(one.text);
            return nlohmann::json(nullptr);
        });
}

/// A map inside a map.
template <class Owner, class Part>
Option<Owner> group(std::string key,
                    Place<Owner, Part> place,
                    OptionTable<Part> table,
                    About about) {
    Option<Owner> option;
    option.facts = kinds::facts(std::move(key), "map", "", "", std::move(about));
    option.facts.shape = OptionFacts::Shape::group;
    option.facts.inside = facts_of(table);
    for (const OptionFacts& inner : option.facts.inside)
        option.facts.is_basic = option.facts.is_basic || inner.is_basic;
    option.read = [=](const OptionFacts& self, Section& section, Owner& owner, Reading& reading) {
        section.map(self.key,
                    [&](Section& inner) { read_all(table, inner, place.in(owner), reading); });
    };
    option.show = [=](const OptionFacts& self,
                      const Owner& owner,
                      const OptionPath& path,
                      const ShowOption& tell) {
        show_all(table, place.look(owner), path / self.key, tell);
    };
    option.keep = [=](const OptionFacts& self,
                      Owner& next,
                      const Owner& current,
                      const OptionPath& path,
                      std::vector<std::string>& changed) {
        keep_all(table, place.in(next), place.look(current), path / self.key, changed);
    };
    return option;
}

/// What is particular to a list of maps.
template <class Item>
struct ItemRules {
    /// What people call an item; none: its index.
    std::function<std::string(const Item&)> name;
    /// What the table alone cannot say about an item that was read.
    std::function<void(Reading&, Section&, const Item&)> check;
    std::string empty_reason;  ///< why there must be one; empty: there need not
};

/// A list of maps. One that takes a restart needs comparable items.
template <class Owner, class Item>
Option<Owner> list(std::string key,
                   Place<Owner, std::vector<Item>> place,
                   OptionTable<Item> table,
                   ItemRules<Item> rules,
                   About about) {
    Option<Owner> option;
    option.facts = kinds::facts(std::move(key), "list of maps", "", "", std::move(about));
    option.facts.shape = OptionFacts::Shape::list;
    option.facts.inside = facts_of(table);
    for (OptionFacts& inner : option.facts.inside) {
        option.facts.is_basic = option.facts.is_basic || inner.is_basic;
        const bool is_group = inner.shape == OptionFacts::Shape::group;
        if (option.facts.takes == Takes::restart && !is_group) inner.takes = Takes::restart;
    }
    option.read = [=](const OptionFacts& self, Section& section, Owner& owner, Reading& reading) {
        std::vector<Item>& out = place.in(owner);
        std::vector<Item> defaults = std::exchange(out, {});
        if (!section.maps(self.key, [&](Section& inner) {
                Item item;
                read_all(table, inner, item, reading);
                if (rules.check) rules.check(reading, inner, item);
                out.push_back(std::move(item));
            }))
            out = std::move(defaults);
        else if (out.empty() && !rules.empty_reason.empty())
            section.problem(self.key, rules.empty_reason);
    };
    option.show = [=](const OptionFacts& self,
                      const Owner& owner,
                      const OptionPath& path,
                      const ShowOption& tell) {
        const std::vector<Item>& items = place.look(owner);
        const OptionPath here = path / self.key;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::string index = "[" + std::to_string(i) + "]";
            show_all(table,
                     items[i],
                     {here.by_index + index,
                      here.by_name + (rules.name ? "[" + rules.name(items[i]) + "]" : index)},
                     tell);
        }
    };
    option.keep = [=](const OptionFacts& self,
                      Owner& next,
                      const Owner& current,
                      const OptionPath& path,
                      std::vector<std::string>& changed) {
        if constexpr (std::equality_comparable<Item>) {
            if (self.takes == Takes::reload || place.look(next) == place.look(current)) return;
            place.in(next) = place.look(current);
            changed.push_back((path / self.key).by_name);
        }
    };
    return option;
}

}  // namespace vera::ops
