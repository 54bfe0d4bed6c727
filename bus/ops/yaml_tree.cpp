#include "bus/ops/yaml_tree.hpp"

#include <yaml-cpp/yaml.h>

#include <cstddef>

namespace vera::ops {
namespace {

constexpr int max_depth = 32;
constexpr std::size_t max_nodes = 5'000'000;

struct Refused {
    YamlError error;
};

int line_of(const YAML::Mark& mark) {
    return mark.is_null() ? 0 : mark.line + 1;
}

/// Thrown errors end in parse_yaml alone.
YamlNode convert(const YAML::Node& from, int depth, std::size_t& nodes) {
    const int line = line_of(from.Mark());
    if (depth > max_depth) throw Refused{{line, "nested deeper than " + std::to_string(max_depth)}};
    if (++nodes > max_nodes)
        throw Refused{{line, "more than " + std::to_string(max_nodes) + " values"}};
    YamlNode node;
    node.line = line;
    switch (from.Type()) {
        case YAML::NodeType::Undefined:
        case YAML::NodeType::Null:
            break;
        case YAML::NodeType::Scalar:
            node.kind = YamlNode::Kind::scalar;
            node.is_quoted = from.Tag() == "!";
            node.text = from.Scalar();
            break;
        case YAML::NodeType::Sequence:
            node.kind = YamlNode::Kind::list;
            for (const YAML::Node& item : from)
                node.items.push_back(convert(item, depth + 1, nodes));
            break;
        case YAML::NodeType::Map:
            node.kind = YamlNode::Kind::map;
            for (const auto& entry : from) {
                if (!entry.first.IsScalar())
                    throw Refused{{line_of(entry.first.Mark()), "a key is not plain text"}};
                node.entries.push_back({convert(entry.first, depth + 1, nodes),
                                        convert(entry.second, depth + 1, nodes)});
            }
            break;
    }
    return node;
}

}  // namespace

std::variant<YamlNode, YamlError> parse_yaml(const std::string& text) {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1)
            return YamlError{line_of(documents[1].Mark()), "a second document: one file holds one"};
        if (documents.empty()) return YamlNode{};
        std::size_t nodes = 0;
        return convert(documents.front(), 0, nodes);
    } catch (const Refused& refused) {
        return refused.error;
    } catch (const YAML::Exception& error) {
        return YamlError{line_of(error.mark), "not YAML: " + error.msg};
    }
}

}  // namespace vera::ops
