#include "bus/ops/mapping_file.hpp"

#include "bus/expr/suggestion.hpp"
#include "bus/transform/table.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

namespace vera::ops {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using transform::FieldSource;
using transform::MapSource;
using transform::TableSource;
using transform::TestSource;
using transform::Text;

constexpr std::uintmax_t max_file_bytes = 64ULL << 20U;
constexpr std::uintmax_t max_key_bytes = 4096;

std::string joined_key(const std::string& key, const std::string& name) {
    return key.empty() ? name : key + '.' + name;
}

/// Protobuf-JSON takes numbers and names of enums as texts too; only truths have to be told apart.
json json_of(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::nothing:
            return nullptr;
        case YamlNode::Kind::scalar:
            if (!node.is_quoted && (node.text == "true" || node.text == "false"))
                return node.text == "true";
            return node.text;
        case YamlNode::Kind::list: {
            json list = json::array();
            for (const YamlNode& item : node.items)
                list.push_back(json_of(item));
            return list;
        }
        case YamlNode::Kind::map: {
            json object = json::object();
            for (const YamlEntry& entry : node.entries)
                object[entry.key.text] = json_of(entry.value);
            return object;
        }
    }
    return nullptr;
}

class MappingReader {
public:
    MappingReader(MappingFile& out, fs::path folder) : out_(out), folder_(std::move(folder)) {}

    void read(const YamlNode& top);
    std::optional<std::string> file(const std::string& name,
                                    std::uintmax_t most,
                                    int line,
                                    const std::string& key);

private:
    using Read = std::function<void(const YamlNode&, const std::string& key)>;
    struct Key {
        const char* name;
        Read read;
    };

    /// Each key once, and no other.
    void map(const YamlNode& node, const std::string& key, const std::vector<Key>& keys);
    Read text(Text& into);
    Read boolean(bool& into);
    void fields(const YamlNode& node, const std::string& key, MapSource& into);
    void field(const YamlNode& node, const std::string& key, FieldSource& into);
    void field_map(const YamlNode& node, const std::string& key, FieldSource& into);
    void paths(const YamlNode& node, const std::string& key, std::vector<Text>& into);
    std::vector<Key> map_keys(MapSource& into);
    void tables(const YamlNode& node, const std::string& key);
    void table(const YamlNode& node, const std::string& key, TableSource& into);
    void table_rows(const YamlNode& node, const std::string& key, TableSource& into);
    void table_file(const YamlNode& node, const std::string& key, TableSource& into);
    void tests(const YamlNode& node, const std::string& key);
    void test(const YamlNode& node, const std::string& key);
    void pseudonym_key(const YamlNode& node, const std::string& key);
    void problem(int line, const std::string& key, std::string what) {
        out_.problems.push_back({true, out_.source.file, line, key, std::move(what)});
    }

    MappingFile& out_;
    fs::path folder_;
};

std::optional<std::string> MappingReader::file(const std::string& name,
                                               std::uintmax_t most,
                                               int line,
                                               const std::string& key) {
    const fs::path path = (folder_ / name).lexically_normal();
    std::error_code error;
    const auto size = fs::file_size(path, error);
    std::string text;
    if (!error && size <= most) {
        std::ifstream in(path, std::ios::binary);
        text.resize(static_cast<std::size_t>(size));
        if (in.read(text.data(), static_cast<std::streamsize>(size))) {
            out_.bytes += path.filename().string() + '\0' + std::to_string(size) + '\0' + text;
            return text;
        }
    }
    problem(
        line,
        key,
        "'" + name + "' cannot be read as a file of at most " + std::to_string(most) + " bytes");
    return std::nullopt;
}

void MappingReader::map(const YamlNode& node,
                        const std::string& key,
                        const std::vector<Key>& keys) {
    if (node.kind != YamlNode::Kind::map) return problem(node.line, key, "a map is wanted");
    std::vector<std::string> seen;
    for (const YamlEntry& entry : node.entries) {
        const std::string& name = entry.key.text;
        const std::string here = joined_key(key, name);
        const auto known =
            std::ranges::find_if(keys, [&](const Key& one) { return name == one.name; });
        if (known == keys.end()) {
            std::vector<std::string> names;
            for (const Key& one : keys)
                names.emplace_back(one.name);
            const std::string near = expr::nearest(name, names);
            problem(entry.key.line,
                    here,
                    "unknown key" + (near.empty() ? "" : "; did you mean " + near + "?"));
        } else if (std::ranges::find(seen, name) != seen.end()) {
            problem(entry.key.line, here, "is there twice");
        } else {
            seen.push_back(name);
            known->read(entry.value, here);
        }
    }
}

MappingReader::Read MappingReader::text(Text& into) {
    return [this, &into](const YamlNode& node, const std::string& key) {
        if (node.kind != YamlNode::Kind::scalar || node.text.empty())
            return problem(node.line, key, "a text is wanted");
        into = {node.text, node.line};
    };
}

MappingReader::Read MappingReader::boolean(bool& into) {
    return [this, &into](const YamlNode& node, const std::string& key) {
        if (node.kind == YamlNode::Kind::scalar && (node.text == "true" || node.text == "false"))
            into = node.text == "true";
        else
            problem(node.line, key, "true or false is wanted");
    };
}

void MappingReader::paths(const YamlNode& node, const std::string& key, std::vector<Text>& into) {
    if (node.kind != YamlNode::Kind::list)
        return problem(node.line, key, "a list of fields is wanted");
    for (const YamlNode& item : node.items) {
        into.emplace_back();
        text(into.back())(item, key);
    }
}

std::vector<MappingReader::Key> MappingReader::map_keys(MapSource& into) {
    return {{"copy",
             [this, &into](const YamlNode& node, const std::string& key) {
                 into.copy_line = node.line;
                 if (node.kind == YamlNode::Kind::scalar && node.text == "all")
                     into.copies_rest = true;
                 else
                     problem(node.line, key, "only `all` can be copied");
             }},
            {"drop",
             [this, &into](const YamlNode& node, const std::string& key) {
                 paths(node, key, into.dropped);
             }},
            {"map", [this, &into](const YamlNode& node, const std::string& key) {
                 fields(node, key, into);
             }}};
}

void MappingReader::fields(const YamlNode& node, const std::string& key, MapSource& into) {
    if (node.kind != YamlNode::Kind::map)
        return problem(node.line, key, "a map of field and expression is wanted");
    into.line = node.line;
    for (const YamlEntry& entry : node.entries) {
        FieldSource source;
        source.line = entry.key.line;
        if (entry.value.kind == YamlNode::Kind::nothing) {
            problem(entry.key.line, joined_key(key, entry.key.text), "an expression is wanted");
            continue;
        }
        field(entry.value, joined_key(key, entry.key.text), source);
        into.fields.emplace_back(Text{entry.key.text, entry.key.line}, std::move(source));
    }
}

/// An expression, or a map, or a list of alternatives.
void MappingReader::field(const YamlNode& node, const std::string& key, FieldSource& into) {
    switch (node.kind) {
        case YamlNode::Kind::nothing:
            return problem(node.line, key, "an expression is wanted");
        case YamlNode::Kind::scalar:
            into.value = {node.text, node.line};
            return;
        case YamlNode::Kind::map:
            return field_map(node, key, into);
        case YamlNode::Kind::list:
            if (node.items.empty()) problem(node.line, key, "the list is empty");
            for (const YamlNode& item : node.items) {
                FieldSource one;
                one.line = item.line;
                const std::string here = key + '[' + std::to_string(into.choices.size()) + ']';
                if (item.kind == YamlNode::Kind::list)
                    problem(item.line, here, "a list in a list of alternatives");
                else
                    field(item, here, one);
                into.choices.push_back(std::move(one));
            }
            return;
    }
}

void MappingReader::field_map(const YamlNode& node, const std::string& key, FieldSource& into) {
    MapSource map_source;
    map_source.line = node.line;
    std::vector<Key> keys = map_keys(map_source);
    keys.insert(keys.end(),
                {{"value", text(into.value)},
                 {"when", text(into.when)},
                 {"default", text(into.fallback)},
                 {"lookup", text(into.lookup)},
                 {"column", text(into.column)},
                 {"each", text(into.each)},
                 {"as", text(into.item)},
                 {"mask", [&](const YamlNode& mask, const std::string& here) {
                      if (mask.kind == YamlNode::Kind::list)
                          paths(mask, here, map_source.masked);
                      else
                          boolean(into.is_masked)(mask, here);
                  }}});
    map(node, key, keys);
    if (map_source.copies_rest || !map_source.fields.empty() || !map_source.masked.empty() ||
        !map_source.dropped.empty())
        into.map.push_back(std::move(map_source));
    if (into.column.is_there() && !into.lookup.is_there())
        problem(into.column.line, joined_key(key, "column"), "is of a table: `lookup` is missing");
    if (into.item.is_there() && !into.each.is_there())
        problem(into.item.line, joined_key(key, "as"), "names an element: `each` is missing");
}

// ---- tables

void MappingReader::tables(const YamlNode& node, const std::string& key) {
    if (node.kind != YamlNode::Kind::map)
        return problem(node.line, key, "a map of name and table is wanted");
    for (const YamlEntry& entry : node.entries) {
        TableSource table_source;
        table_source.name = {entry.key.text, entry.key.line};
        table(entry.value, joined_key(key, entry.key.text), table_source);
        out_.source.tables.push_back(std::move(table_source));
    }
}

void MappingReader::table(const YamlNode& node, const std::string& key, TableSource& into) {
    bool has_rows = false;
    bool has_file = false;
    map(node,
        key,
        {{"rows",
          [&](const YamlNode& rows, const std::string& here) {
              has_rows = true;
              table_rows(rows, here, into);
          }},
         {"file",
          [&](const YamlNode& name, const std::string& here) {
              has_file = true;
              table_file(name, here, into);
          }},
         {"missing",
          [&](const YamlNode& what, const std::string& here) {
              if (what.text == "drop")
                  into.missing = TableSource::Missing::leave_out;
              else if (what.text != "error")
                  problem(what.line, here, "error or drop is wanted (`default` gives a text)");
          }},
         {"default", [&](const YamlNode& what, const std::string& here) {
              text(into.substitute)(what, here);
              into.missing = TableSource::Missing::use;
          }}});
    if (node.kind == YamlNode::Kind::map && has_rows == has_file)
        problem(node.line,
                key,
                has_rows ? "has both `rows` and `file`" : "has neither `rows` nor `file`");
}

/// Code and text, or code and a map of columns.
void MappingReader::table_rows(const YamlNode& node, const std::string& key, TableSource& into) {
    if (node.kind != YamlNode::Kind::map || node.entries.empty())
        return problem(node.line, key, "a map of code and text is wanted");
    into.columns = {{"code", node.line}};
    const YamlNode& first = node.entries.front().value;
    if (first.kind == YamlNode::Kind::map)
        for (const YamlEntry& entry : first.entries)
            into.columns.push_back({entry.key.text, entry.key.line});
    else
        into.columns.push_back({"text", node.line});
    for (const YamlEntry& entry : node.entries) {
        std::vector<Text> row{{entry.key.text, entry.key.line}};
        const YamlNode& value = entry.value;
        if (value.kind == YamlNode::Kind::scalar) row.push_back({value.text, value.line});
        for (std::size_t i = 1; value.kind == YamlNode::Kind::map && i < into.columns.size(); ++i) {
            const auto cell = std::ranges::find_if(value.entries, [&](const YamlEntry& one) {
                return one.key.text == into.columns[i].text;
            });
            if (cell != value.entries.end())
                row.push_back({cell->value.text, cell->value.line});
            else
                problem(entry.key.line, key, "the row has no " + into.columns[i].text);
        }
        into.rows.push_back(std::move(row));
    }
}

void MappingReader::table_file(const YamlNode& node, const std::string& key, TableSource& into) {
    if (node.kind != YamlNode::Kind::scalar) return problem(node.line, key, "a file is wanted");
    const auto bytes = file(node.text, max_file_bytes, node.line, key);
    if (!bytes) return;
    const fs::path shown = fs::path(out_.source.file).parent_path() / node.text;
    into.file = shown.lexically_normal().string();
    if (!node.text.ends_with(".yaml") && !node.text.ends_with(".yml"))
        return transform::read_csv(*bytes, into, out_.problems);
    auto tree = parse_yaml(*bytes);
    if (const auto* broken = std::get_if<YamlError>(&tree)) {
        out_.problems.push_back({true, into.file, broken->line, {}, broken->reason});
        return;
    }
    table_rows(std::get<YamlNode>(tree), key, into);
}

// ---- the rest

void MappingReader::tests(const YamlNode& node, const std::string& key) {
    if (node.kind != YamlNode::Kind::list) return problem(node.line, key, "a list is wanted");
    for (std::size_t i = 0; i < node.items.size(); ++i)
        test(node.items[i], key + '[' + std::to_string(i) + ']');
}

void MappingReader::test(const YamlNode& node, const std::string& key) {
    TestSource made;
    made.line = node.line;
    const auto document = [&](std::string& into) {
        return [&](const YamlNode& value, const std::string& here) {
            if (value.kind == YamlNode::Kind::map)
                into = json_of(value).dump(-1, ' ', false, json::error_handler_t::replace);
            else
                problem(value.line, here, "a payload or a kuvert as a map is wanted");
        };
    };
    const auto document_file = [&](std::string& into) {
        return [&](const YamlNode& value, const std::string& here) {
            if (auto bytes = file(value.text, max_file_bytes, value.line, here))
                into = std::move(*bytes);
        };
    };
    map(node,
        key,
        {{"name", text(made.name)},
         {"event", document(made.event)},
         {"event_file", document_file(made.event)},
         {"output", document(made.output)},
         {"output_file", document_file(made.output)},
         {"error", text(made.error)}});
    if (made.event.empty()) problem(node.line, key, "has no `event`");
    if (made.output.empty() != made.error.is_there())
        problem(node.line, key, "wants either `output` or `error`");
    out_.source.tests.push_back(std::move(made));
}

/// The file's contents without the line's end: they are secret.
void MappingReader::pseudonym_key(const YamlNode& node, const std::string& key) {
    if (node.kind != YamlNode::Kind::scalar) return problem(node.line, key, "a file is wanted");
    auto bytes = file(node.text, max_key_bytes, node.line, key);
    if (!bytes) return;
    while (!bytes->empty() && (bytes->back() == '\n' || bytes->back() == '\r'))
        bytes->pop_back();
    if (bytes->empty()) problem(node.line, key, "the file is empty");
    out_.source.key = std::move(*bytes);
}

void MappingReader::read(const YamlNode& top) {
    transform::MappingSource& source = out_.source;
    source.map.line = top.line;
    std::vector<Key> keys = map_keys(source.map);
    const auto masks = [&](MapSource& into) {
        return [this, &into](const YamlNode& node, const std::string& key) {
            paths(node, key, into.masked);
        };
    };
    keys.insert(
        keys.end(),
        {{"mapping", text(source.name)},
         {"from", text(source.from)},
         {"to", text(source.to)},
         {"when", text(source.when)},
         {"mask", masks(source.map)},
         {"bridge", boolean(source.is_bridge)},
         {"pseudonym_key",
          [this](const YamlNode& node, const std::string& key) { pseudonym_key(node, key); }},
         {"tables", [this](const YamlNode& node, const std::string& key) { tables(node, key); }},
         {"tests", [this](const YamlNode& node, const std::string& key) { tests(node, key); }},
         {"other_payloads",
          [&](const YamlNode& node, const std::string& key) {
              source.keeps_other_payloads = node.text == "keep";
              if (node.text != "keep" && node.text != "drop")
                  problem(node.line, key, "keep or drop is wanted");
          }},
         {"kuvert", [&](const YamlNode& node, const std::string& key) {
              source.kuvert.line = node.line;
              std::vector<Key> inner = map_keys(source.kuvert);
              inner.push_back({"mask", masks(source.kuvert)});
              map(node, key, inner);
          }}});
    map(top, "", keys);
    for (const auto& [name, value] : {std::pair{"mapping", &source.name},
                                      std::pair{"from", &source.from},
                                      std::pair{"to", &source.to}})
        if (!value->is_there()) problem(top.line, name, "is missing");
}

}  // namespace

MappingFile read_mapping(const std::string& path, const std::string& shown) {
    MappingFile out;
    out.source.file = shown;
    MappingReader reader(out, fs::path(path).parent_path());
    const auto bytes = reader.file(fs::path(path).filename().string(), max_file_bytes, 0, {});
    if (!bytes) return out;
    const auto tree = parse_yaml(*bytes);
    if (const auto* broken = std::get_if<YamlError>(&tree)) {
        out.problems.push_back({true, shown, broken->line, {}, broken->reason});
        return out;
    }
    reader.read(std::get<YamlNode>(tree));
    return out;
}

}  // namespace vera::ops
