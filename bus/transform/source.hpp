#pragma once
// A mapping as it was written, with the line of each thing. Whoever reads files fills it (bus/ops);
// what it means is compiled in mapping.hpp.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vera::transform {

/// `line` 0: it is not there.
struct Text {
    std::string text;
    int line = 0;
    [[nodiscard]] bool is_there() const { return line != 0; }
};

struct FieldSource;

/// What becomes of the fields of one message.
struct MapSource {
    int line = 0;
    int copy_line = 0;
    bool copies_rest = false;  ///< what is of the same name and type in both
    std::vector<std::pair<Text, FieldSource>> fields;  ///< by the target's name or path
    std::vector<Text> dropped;                         ///< paths that are not copied
    std::vector<Text> masked;                          ///< paths whose copied texts are masked
};

/// One field of the target.
struct FieldSource {
    int line = 0;
    Text when;      ///< condition; otherwise the field is left out
    Text value;     ///< expression
    Text fallback;  ///< expression, if there is no value
    Text lookup;    ///< name of a table
    Text column;    ///< of the table; not there: its second one
    bool is_masked = false;
    Text each;                         ///< path of a repeated field: one element each
    Text item;                         ///< name of the element in expressions
    std::vector<MapSource> map;        ///< none or one: the fields of a message
    std::vector<FieldSource> choices;  ///< the first whose `when` is true; then all else is empty
};

struct TableSource {
    Text name;
    /// What becomes of a code that is not in it.
    enum class Missing : std::uint8_t { error, leave_out, use };
    Missing missing = Missing::error;
    Text substitute;            ///< for use
    std::string file;           ///< where the rows stand, for people; empty: in the mapping
    std::vector<Text> columns;  ///< the first one is the code
    std::vector<std::vector<Text>> rows;
};

/// An example of an event and what becomes of it.
struct TestSource {
    Text name;
    int line = 0;
    std::string event;   ///< JSON: a payload, or a whole kuvert
    std::string output;  ///< JSON of the same kind; empty: `error` is wanted
    Text error;          ///< part of the error's text
};

struct MappingSource {
    std::string file;  ///< as it is called in errors
    Text name;
    Text from;
    Text to;
    Text when;
    bool is_bridge = false;  ///< subscriptions to `to` get events of `from` too, made by this
    bool keeps_other_payloads = false;
    MapSource map;
    MapSource kuvert;  ///< what changes in the Beskedkuvert; the rest is copied
    std::vector<TableSource> tables;
    std::string key;  ///< of pseudonyms, secret; empty: none
    std::vector<TestSource> tests;
};

/// What is wrong, or may be.
struct Problem {
    bool is_error = true;
    std::string file;
    int line = 0;
    std::string key;   ///< "map.adresse.vejnavn"
    std::string text;  ///< with the offset in the expression, and what may have been meant
};
/// "file:line: key: text".
[[nodiscard]] std::string to_text(const Problem& problem);

}  // namespace vera::transform
