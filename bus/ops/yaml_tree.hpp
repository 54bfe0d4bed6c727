#pragma once
// A YAML file as a plain tree with line numbers. The YAML library and its exceptions stay in the
// .cpp; here are only values.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::ops {

struct YamlEntry;

struct YamlNode {
    enum class Kind { nothing, scalar, list, map };
    Kind kind = Kind::nothing;
    int line = 0;                 ///< from 1
    bool is_quoted = false;       ///< a scalar in quotes
    std::string text;             ///< scalar
    std::vector<YamlNode> items;  ///< list
    /// Map, in the order of the file; keys are scalars; a key may be there twice.
    std::vector<YamlEntry> entries;
};
struct YamlEntry {
    YamlNode key, value;
};

/// What a broken file is refused with.
struct YamlError {
    int line = 0;  ///< 0: not known
    std::string reason;
};

/// One document. Bounded: nesting 32, 5 million nodes, aliases expanded.
[[nodiscard]] std::variant<YamlNode, YamlError> parse_yaml(const std::string& text);

}  // namespace vera::ops
