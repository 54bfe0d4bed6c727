#pragma once
// What there is to know about the types of a set, as plain values: names, fields, rules, comments.
// Everything that shows types (listings, HTML, Markdown, AsyncAPI) is made of this.
#include "bus/pages/type_set.hpp"

#include "vera/options/v1/options.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// A comment as the schemas write them: "0..1 [OIO], Titel: the text", each part of which may be
/// missing.
struct Comment {
    std::string cardinality;  ///< in the source: "0..1", "1..*"
    std::string source;       ///< "OIO", "LoRa", "VeRA" …
    std::string text;         ///< "Titel: the text"
};
[[nodiscard]] Comment parse_comment(std::string_view raw);

/// What the check at the door asks of a field's value.
struct Rules {
    bool is_required = false;
    bool wants_known_value = false;
    bool is_protected_address = false;
    vera::options::v1::Format format = vera::options::v1::FORMAT_UNSPECIFIED;
    std::uint32_t min_length = 0;
    std::uint32_t max_length = 0;  ///< 0: no bound
    std::string pattern;
    std::vector<vera::options::v1::UrnArt> urns;
    std::uint32_t max_at_a_time = 0;  ///< 0: no bound
};

enum class Kind : std::uint8_t { scalar, message, enumeration, map };

struct Field {
    std::string name;
    std::string json_name;
    int number = 0;
    Kind kind = Kind::scalar;
    std::string type;  ///< of a scalar Protobuf's word for it; otherwise the full name of the type,
                       ///< of a map that of its values
    std::string key_type;  ///< of a map
    bool is_repeated = false;
    bool has_presence = false;
    bool is_deprecated = false;
    int choice = -1;  ///< index into Message::choices
    Rules rules;
    vera::options::v1::Personoplysning personal = vera::options::v1::PERSONOPLYSNING_UNSPECIFIED;
    vera::options::v1::Maskering masking = vera::options::v1::MASKERING_UNSPECIFIED;
    std::string source_name;
    std::string example;
    Comment comment;
};
/// "1", "0..1", "1..*" or "0..*", as the check at the door counts it.
[[nodiscard]] std::string_view cardinality_of(const Field& field);

/// Fields of which at most one is there.
struct Choice {
    std::vector<std::string> fields;  ///< JSON names
    bool is_required = false;
};

/// JSON names of the two fields.
struct Period {
    std::string from;
    std::string to;
};

/// What the option `besked` says.
struct Event {
    std::string beskedtype;
    std::string titel_da;
    std::string titel_en;
    int foelsomhed = 0;  ///< 1 to 4; 0: not said
    vera::options::v1::Besked::Art art = vera::options::v1::Besked::ART_FORRETNING;
    std::string objekttype;
    std::string objekthandling;
    std::string kle;
    std::string begrundelse;
    std::string afloeser;
    std::string object_class;  ///< full name of the class it is about: the one with its objekttype,
                               ///< or else that of the object it carries; empty if there is none
};

struct Message {
    std::string full_name;
    std::string package;
    std::string name;       ///< without the package
    std::string byggeblok;  ///< "sag" of vera.sag.v1
    std::string version;    ///< "v1"; empty if the package has none
    std::string file;
    Comment comment;
    bool is_deprecated = false;
    std::optional<Event> event;
    std::string objekttype;  ///< of a class: what events about it have as their objekttype
    std::vector<Field> fields;
    std::vector<Choice> choices;
    std::vector<Period> periods;
};

struct EnumValue {
    std::string name;
    int number = 0;
    std::string source_text;
    std::string comment;
};

struct Enum {
    std::string full_name;
    std::string package;
    std::string name;
    std::string byggeblok;
    std::string version;
    std::string file;
    Comment comment;
    std::vector<EnumValue> values;
};

/// Immutable once made.
struct Description {
    std::vector<Message> messages;  ///< by full name
    std::vector<Enum> enums;        ///< by full name

    [[nodiscard]] const Message* message(std::string_view full_name) const;
    [[nodiscard]] const Enum* enumeration(std::string_view full_name) const;
};
[[nodiscard]] Description describe(const TypeSet& types);

/// By full name, by name without the package in any case (if only one has it), or by beskedtype
/// UUID in any case. Errc::not_found tells the nearest names; Errc::bad_input if a short name
/// stands for several.
[[nodiscard]] Result<const Message*> find_message(const Description& description,
                                                  std::string_view name);

/// The messages and enums that `root` is made of, each once, in the order in which its fields name
/// them; not `root` itself.
struct Parts {
    std::vector<const Message*> messages;
    std::vector<const Enum*> enums;
};
[[nodiscard]] Parts parts_of(const Description& description, const Message& root);

}  // namespace vera::pages
