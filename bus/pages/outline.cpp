#include "bus/pages/outline.hpp"

#include "bus/pages/example.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

namespace vera::pages {
namespace {

struct ChapterName {
    std::string_view byggeblok;
    Words title;
    int place;  ///< behind the byggeblokke, which are 0
};
constexpr std::array<ChapterName, 5> named{
    {{"maaling", {"Måling", "Måling"}, 0},
     {"besked", {"Kuvert og beskeder", "Kuvert and messages"}, 1},
     {"oio", {"OIO-grundtyper", "OIO base types"}, 2},
     {"options", {"Værdier fra skemaernes regler", "Values of the schemas' rules"}, 3},
     {"audit", {"Revisionsspor", "Audit"}, 4}}};

const ChapterName* name_of_chapter(std::string_view byggeblok) {
    const auto* at = std::ranges::find(named, byggeblok, &ChapterName::byggeblok);
    return at == named.end() ? nullptr : at;
}

int place_of(std::string_view byggeblok) {
    const ChapterName* name = name_of_chapter(byggeblok);
    return name == nullptr ? 0 : name->place;
}

int place_of(const Event& event) {
    return event.art == vera::options::v1::Besked::ART_LIVSCYKLUS ? 1 : 0;
}

}  // namespace

Outline outline_of(const Description& description, const std::set<std::string, std::less<>>& only) {
    std::set<const Message*> shown;
    std::set<const Enum*> values;
    for (const Message& message : description.messages) {
        const bool is_root = message.event || !message.objekttype.empty();
        const bool is_wanted = only.empty() ? is_root : only.contains(message.full_name);
        if (!is_wanted && message.full_name != kuvert_type) continue;
        shown.insert(&message);
        const Parts parts = parts_of(description, message);
        shown.insert(parts.messages.begin(), parts.messages.end());
        values.insert(parts.enums.begin(), parts.enums.end());
    }
    std::map<std::string, Chapter> chapters;
    Outline outline;
    for (const Message* message : shown) {
        Chapter& chapter = chapters[message->byggeblok];
        (message->event ? chapter.events : chapter.objects).push_back(message);
        ++(message->event ? outline.events : outline.objects);
        outline.names.insert(message->full_name);
    }
    for (const Enum* one : values) {
        chapters[one->byggeblok].enums.push_back(one);
        outline.names.insert(one->full_name);
    }
    outline.enums = values.size();
    for (auto& [byggeblok, chapter] : chapters) {
        chapter.byggeblok = byggeblok;
        std::ranges::sort(chapter.events, [](const Message* a, const Message* b) {
            return std::tuple(place_of(*a->event), std::string_view(a->full_name)) <
                   std::tuple(place_of(*b->event), std::string_view(b->full_name));
        });
        std::ranges::sort(chapter.objects, [](const Message* a, const Message* b) {
            return std::tuple(a->objekttype.empty(), std::string_view(a->full_name)) <
                   std::tuple(b->objekttype.empty(), std::string_view(b->full_name));
        });
        std::ranges::sort(chapter.enums, {}, &Enum::full_name);
        outline.chapters.push_back(std::move(chapter));
    }
    std::ranges::stable_sort(
        outline.chapters, {}, [](const Chapter& chapter) { return place_of(chapter.byggeblok); });
    return outline;
}

std::string title_of(const Chapter& chapter, Language language) {
    if (const ChapterName* name = name_of_chapter(chapter.byggeblok))
        return std::string(name->title.in(language));
    std::string title = chapter.byggeblok.empty() ? "–" : chapter.byggeblok;
    if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return title;
}

const Message* example_event(const Outline& outline) {
    const Message* first = nullptr;
    for (const Chapter& chapter : outline.chapters)
        for (const Message* event : chapter.events) {
            if (event->full_name == "vera.sag.v1.SagOprettet") return event;  // of the sample kind
            if (first == nullptr) first = event;
        }
    return first;
}

std::vector<const Message*> events_about(const Outline& outline, const Message& of_class) {
    std::vector<const Message*> events;
    for (const Chapter& chapter : outline.chapters)
        for (const Message* event : chapter.events)
            if (event->event->object_class == of_class.full_name) events.push_back(event);
    return events;
}

}  // namespace vera::pages
