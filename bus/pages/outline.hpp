#pragma once
// In which order pages show the types: by byggeblok, events first.
#include "bus/pages/description.hpp"
#include "bus/pages/words.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

struct Chapter {
    std::string byggeblok;
    std::vector<const Message*> events;   ///< business events, corrections, life cycle
    std::vector<const Message*> objects;  ///< classes first, then what they are made of
    std::vector<const Enum*> enums;
};

/// Points into the description.
struct Outline {
    std::vector<Chapter> chapters;  ///< by byggeblok; kuvert and base types last
    std::size_t events = 0;
    std::size_t objects = 0;
    std::size_t enums = 0;

    /// Whether a page made of this has a place for the type.
    [[nodiscard]] bool has(std::string_view full_name) const { return names.contains(full_name); }
    std::set<std::string_view> names;  ///< of all the types above
};
/// Events, classes and kuvert, with what they are made of; if `only` is not empty, of these events
/// (full names) and the kuvert.
[[nodiscard]] Outline outline_of(const Description& description,
                                 const std::set<std::string, std::less<>>& only);

/// "Måling" of maaling.
[[nodiscard]] std::string title_of(const Chapter& chapter, Language language);
/// The event by which a whole kuvert is shown; none if there are no events.
[[nodiscard]] const Message* example_event(const Outline& outline);
/// The events about a class, in the order of the outline.
[[nodiscard]] std::vector<const Message*> events_about(const Outline& outline,
                                                       const Message& of_class);

}  // namespace vera::pages
