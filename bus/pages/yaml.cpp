#include "bus/pages/yaml.hpp"

#include <algorithm>
#include <cstddef>

namespace vera::pages {
namespace {

using nlohmann::ordered_json;

/// A JSON string is a double-quoted scalar of YAML.
std::string quoted(const std::string& text) {
    return ordered_json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string key_of(const std::string& name) {
    const bool is_plain = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
    // YAML 1.1 takes these for something else.
    const bool is_word = name == "y" || name == "n" || name == "yes" || name == "no" ||
                         name == "on" || name == "off" || name == "true" || name == "false" ||
                         name == "null" || name == "-" || name.starts_with('-');
    return is_plain && !is_word ? name : quoted(name);
}

bool is_block(const ordered_json& value) {
    return value.is_structured() && !value.empty();
}

class Writer {
public:
    std::string take() { return std::move(out_); }

    /// Members or elements, each on lines of its own.
    void block(const ordered_json& value, std::size_t indent) {
        if (value.is_object())
            for (const auto& [name, member] : value.items())
                entry(std::string(indent, ' ') + key_of(name) + ":", member, indent);
        else
            for (const ordered_json& element : value)
                element_of(element, indent);
    }

    void scalar(const ordered_json& value) {
        out_ += value.is_string() ? quoted(value.get<std::string>()) : value.dump();
        out_ += '\n';
    }

private:
    void entry(const std::string& begin, const ordered_json& value, std::size_t indent) {
        out_ += begin;
        if (is_block(value)) {
            out_ += '\n';
            block(value, indent + 2);
        } else {
            out_ += ' ';
            scalar(value);
        }
    }

    /// "- a: 1" with the other members below the first one.
    void element_of(const ordered_json& value, std::size_t indent) {
        const std::size_t begin = out_.size();
        if (!is_block(value)) return entry(std::string(indent, ' ') + "-", value, indent);
        block(value, indent + 2);
        out_[begin + indent] = '-';
    }

    std::string out_;
};

}  // namespace

std::string to_yaml(const ordered_json& document) {
    Writer writer;
    if (is_block(document))
        writer.block(document, 0);
    else
        writer.scalar(document);
    return writer.take();
}

}  // namespace vera::pages
