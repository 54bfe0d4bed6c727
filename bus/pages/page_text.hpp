#pragma once
// What an interface specification says beside the types themselves: how to connect, what is
// promised, how types may change. The same text in HTML and Markdown.
#include "bus/pages/outline.hpp"
#include "bus/pages/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// `code` stands between backticks.
struct TextSection {
    std::string_view id;  ///< of an anchor
    Words title;
    std::vector<Words> paragraphs;
    std::vector<Words> items;  ///< a list behind the paragraphs
};

/// In order.
[[nodiscard]] std::vector<TextSection> text_sections();

/// "1 type of events, 3 objects and parts and 2 sets of values".
[[nodiscard]] std::string counts_in_words(const Outline& outline, Language language);

/// Words of headings, columns and buttons.
namespace label {
inline constexpr Words catalogue{"Typekatalog", "Catalogue of types"};
inline constexpr Words specification{"Snitfladespecifikation", "Interface specification"};
inline constexpr Words events{"Hændelser", "Events"};
inline constexpr Words objects{"Objekter og dele", "Objects and parts"};
inline constexpr Words values{"Værdier", "Values"};
inline constexpr Words title{"Titel", "Title"};
inline constexpr Words type{"Type", "Type"};
inline constexpr Words art{"Art", "Kind"};
inline constexpr Words sensitivity{"Følsomhed", "Sensitivity"};
inline constexpr Words beskedtype{"Beskedtype", "Message type"};
inline constexpr Words of_class{"Klasse", "Class"};
inline constexpr Words objekttype{"Objekttype", "Object type"};
inline constexpr Words handling{"Handling", "Action"};
inline constexpr Words kle{"KLE", "KLE"};
inline constexpr Words reason{"Hvorfor", "Why"};
inline constexpr Words meaning{"Betydning", "Meaning"};
inline constexpr Words source{"Kilde", "Source"};
inline constexpr Words file{"Fil", "File"};
inline constexpr Words replaced_by{"Afløses af", "Replaced by"};
inline constexpr Words deprecated{"udgår", "deprecated"};
inline constexpr Words field{"Felt", "Field"};
inline constexpr Words number{"nr.", "no."};
inline constexpr Words cardinality{"antal", "count"};
inline constexpr Words rules{"Regler", "Rules"};
inline constexpr Words personal{"Personoplysning", "Personal data"};
inline constexpr Words example{"Eksempel", "Example"};
inline constexpr Words no_fields{"Ingen felter.", "No fields."};
inline constexpr Words value{"Værdi", "Value"};
inline constexpr Words source_text{"I kilden", "In the source"};
inline constexpr Words publishers{"Udgives af", "Published by"};
inline constexpr Words receivers{"Modtages af", "Received by"};
inline constexpr Words any_beskedtype{"enhver", "any"};
inline constexpr Words any_system{"ethvert system under Deltagere; der er ingen aftaler",
                                  "any system among the participants; there are no agreements"};
inline constexpr Words nobody{"ingen abonnementer", "no subscription"};
inline constexpr Words only_of{"kun fra ", "only of "};
inline constexpr Words only_where{"kun hvis ", "only if "};
inline constexpr Words only_about{"kun om bestemte objekter: ", "only about certain objects: "};
inline constexpr Words participants{"Deltagere", "Participants"};
inline constexpr Words system{"System", "System"};
inline constexpr Words authority{"Myndighed", "Authority"};
inline constexpr Words subscription{"Abonnement", "Subscription"};
inline constexpr Words kuvert_example{"En hel kuvert", "A whole kuvert"};
inline constexpr Words payload_example{"Eksempel på nyttelast (JSON)",
                                       "Example of a payload (JSON)"};
inline constexpr Words about_class{"Hændelser om ", "Events about "};
inline constexpr Words contents{"Indhold", "Contents"};
inline constexpr Words overview{"Oversigt", "Overview"};
inline constexpr Words search{"Søg type, felt, titel eller beskedtype",
                              "Search type, field, title or message type"};
inline constexpr Words skip{"Spring til indholdet", "Skip to the contents"};
inline constexpr Words theme{"Lys/mørk", "Light/dark"};
inline constexpr Words copy{"Kopiér", "Copy"};
inline constexpr Words copied{"Kopieret", "Copied"};
inline constexpr Words hits{" fundet", " found"};
inline constexpr Words no_hits{"Intet fundet", "Nothing found"};
inline constexpr Words personal_fields{"Felter med personoplysninger", "Fields with personal data"};
inline constexpr Words whole{"Krav til beskeden som helhed", "Asked of the message as a whole"};
}  // namespace label

}  // namespace vera::pages
