#include "bus/ops/section.hpp"

#include "bus/ops/names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace vera::ops {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<Unit, 4> units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}}};

std::optional<std::uint64_t> digits(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view name_of(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::nothing:
            return "nothing";
        case YamlNode::Kind::scalar:
            return "a single value";
        case YamlNode::Kind::list:
            return "a list";
        case YamlNode::Kind::map:
            return "a map";
    }
    return "nothing";
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    for (const Unit& unit : units) {
        if (text.size() <= unit.name.size() ||
            text.substr(text.size() - unit.name.size()) != unit.name)
            continue;
        const auto value = digits(text.substr(0, text.size() - unit.name.size()));
        if (value && *value <= std::numeric_limits<std::uint64_t>::max() / unit.bytes)
            return *value * unit.bytes;
        break;
    }
    return fail(Errc::bad_input,
                "not a size (a number and one of B, KiB, MiB, GiB, such as 64MiB)");
}

std::string size_text(std::uint64_t bytes) {
    for (const Unit& unit : units)
        if (bytes != 0 && bytes % unit.bytes == 0)
            return std::to_string(bytes / unit.bytes) + std::string(unit.name);
    return "0B";
}

std::string joined(std::string_view path, std::string_view key) {
    std::string both(path);
    if (!path.empty() && !key.empty()) both += '.';
    return both += key;
}

Section::Section(
    const YamlNode& node, std::string file, std::string key, std::string place, Findings& findings)
    : node_(node),
      file_(std::move(file)),
      key_(std::move(key)),
      place_(std::move(place)),
      findings_(findings) {
    if (node_.kind != YamlNode::Kind::map)
        problem_at(node_.line,
                   key_,
                   "expected a map of keys and values, found " + std::string(name_of(node_.kind)));
    for (std::size_t i = 0; i < node_.entries.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (node_.entries[i].key.text == node_.entries[j].key.text)
                problem_at(
                    node_.entries[i].key.line,
                    path_of(node_.entries[i].key.text),
                    "given twice, first in line " + std::to_string(node_.entries[j].key.line));
}

const YamlNode* Section::find(std::string_view key) const {
    for (const auto& [name, value] : node_.entries)
        if (name.text == key) return &value;
    return nullptr;
}

bool Section::has(std::string_view key) const {
    return find(key) != nullptr;
}

void Section::problem_at(int line, std::string path, std::string reason) {
    findings_.problems.push_back({file_, line, std::move(path), std::move(reason)});
}

int Section::line_of(std::string_view key) const {
    for (const auto& [name, value] : node_.entries)
        if (name.text == key) return name.line;
    return node_.line;
}

void Section::problem(std::string_view key, std::string reason) {
    problem_at(line_of(key), path_of(key), std::move(reason));
}

const YamlNode* Section::ask(std::string_view key) {
    asked_.emplace_back(key);
    const YamlNode* node = find(key);
    if (node == nullptr) return nullptr;
    if (findings_.keeps_sources)
        findings_.sources.insert_or_assign(place_of(key), Source{file_, line_of(key)});
    // An empty `types:` must not mean "all": what is written has a value.
    if (node->kind == YamlNode::Kind::nothing) {
        problem(key, "has no value: leave the key out for the default");
        return nullptr;
    }
    return node;
}

const YamlNode* Section::scalar(std::string_view key) {
    const YamlNode* node = ask(key);
    if (node == nullptr || node->kind == YamlNode::Kind::scalar) return node;
    problem(key, "expected a single value, found " + std::string(name_of(node->kind)));
    return nullptr;
}

const YamlNode* Section::list(std::string_view key) {
    const YamlNode* node = ask(key);
    if (node == nullptr || node->kind == YamlNode::Kind::list) return node;
    problem(key, "expected a list, found " + std::string(name_of(node->kind)));
    return nullptr;
}

void Section::text(std::string_view key, std::string& out) {
    if (const YamlNode* node = scalar(key)) out = compose(node->text);
}

void Section::boolean(std::string_view key, bool& out) {
    const YamlNode* node = scalar(key);
    if (node == nullptr) return;
    if (node->text == "true")
        out = true;
    else if (node->text == "false")
        out = false;
    else
        problem(key, "expected true or false");
}

void Section::number(std::string_view key,
                     std::uint64_t lowest,
                     std::uint64_t highest,
                     std::uint64_t& out) {
    const YamlNode* node = scalar(key);
    if (node == nullptr) return;
    const auto value = digits(node->text);
    if (!value || *value < lowest || *value > highest)
        return problem(key,
                       "expected a whole number from " + std::to_string(lowest) + " to " +
                           std::to_string(highest));
    out = *value;
}

void Section::duration(std::string_view key, Millis lowest, Millis highest, Millis& out) {
    const YamlNode* node = scalar(key);
    if (node == nullptr) return;
    const auto value = parse_duration(node->text);
    if (!value) return problem(key, value.error().text);
    if (*value < lowest || *value > highest)
        return problem(
            key,
            "expected a duration from " + vera::to_text(lowest) + " to " + vera::to_text(highest));
    out = *value;
}

void Section::bytes(std::string_view key,
                    std::uint64_t lowest,
                    std::uint64_t highest,
                    std::uint64_t& out) {
    const YamlNode* node = scalar(key);
    if (node == nullptr) return;
    const auto value = parse_size(node->text);
    if (!value) return problem(key, value.error().text);
    if (*value < lowest || *value > highest)
        return problem(key,
                       "expected a size from " + size_text(lowest) + " to " + size_text(highest));
    out = *value;
}

void Section::texts(std::string_view key, std::vector<std::string>& out) {
    const YamlNode* node = list(key);
    if (node == nullptr) return;
    std::vector<std::string> read;
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        const YamlNode& item = node->items[i];
        if (item.kind == YamlNode::Kind::scalar && !item.text.empty())
            read.push_back(compose(item.text));
        else
            problem_at(item.line, path_of(key) + "[" + std::to_string(i) + "]", "expected text");
    }
    out = std::move(read);
}

void Section::some_texts(std::string_view key, std::vector<std::string>& out) {
    texts(key, out);
    const YamlNode* node = find(key);
    if (node != nullptr && node->kind == YamlNode::Kind::list && node->items.empty())
        problem(key, "an empty list would mean everything; leave the key out for that");
}

void Section::durations(std::string_view key,
                        Millis lowest,
                        Millis highest,
                        std::vector<Millis>& out) {
    std::vector<std::string> read;
    const std::size_t before = findings_.problems.size();
    const bool is_there = has(key);
    texts(key, read);
    if (!is_there || findings_.problems.size() != before) return;
    std::vector<Millis> values;
    for (std::size_t i = 0; i < read.size(); ++i) {
        const auto value = parse_duration(read[i]);
        if (!value)
            problem(key, "[" + std::to_string(i) + "] is " + value.error().text);
        else if (*value < lowest || *value > highest)
            problem(key,
                    "[" + std::to_string(i) + "] is not from " + vera::to_text(lowest) + " to " +
                        vera::to_text(highest));
        else
            values.push_back(*value);
    }
    if (findings_.problems.size() == before) out = std::move(values);
}

void Section::map(std::string_view key, const std::function<void(Section&)>& read) {
    const YamlNode* node = ask(key);
    if (node == nullptr) return;
    Section section(*node, file_, path_of(key), place_of(key), findings_);
    read(section);
    section.finish();
}

bool Section::maps(std::string_view key, const std::function<void(Section&)>& read) {
    const YamlNode* node = list(key);
    if (node == nullptr) return false;
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        const std::string index = "[" + std::to_string(i) + "]";
        Section section(
            node->items[i], file_, path_of(key) + index, place_of(key) + index, findings_);
        read(section);
        section.finish();
    }
    return true;
}

void Section::warning(std::string_view key, std::string reason) {
    findings_.warnings.push_back({file_, line_of(key), path_of(key), std::move(reason)});
}
void Section::problem_elsewhere(Problem problem) {
    findings_.problems.push_back(std::move(problem));
}

void Section::finish() {
    for (const auto& [name, value] : node_.entries) {
        if (std::ranges::find(asked_, name.text) != asked_.end()) continue;
        const std::string near = nearest(name.text, asked_);
        problem_at(name.line,
                   path_of(name.text),
                   near.empty() ? "unknown key" : "unknown key; did you mean `" + near + "`?");
    }
}

}  // namespace vera::ops
