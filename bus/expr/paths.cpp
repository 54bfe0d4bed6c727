#include "bus/expr/paths.hpp"

#include "bus/expr/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace vera::expr {
namespace {

/// How far a path goes in one type.
struct Walk {
    std::vector<FieldShape> steps;
    const MessageShape* stopped_in =
        nullptr;            ///< the type without the next name; nullptr: a field that has no fields
    std::size_t names = 0;  ///< that were found
};

Walk walk(const std::vector<std::string>& names, const MessageShape& root) {
    Walk walk;
    const MessageShape* message = &root;
    for (const std::string& name : names) {
        walk.stopped_in = message;
        const auto field = message == nullptr ? std::nullopt : message->field(name);
        if (!field) return walk;
        walk.steps.push_back(*field);
        ++walk.names;
        message = field->kind == FieldKind::message ? field->message : nullptr;
    }
    return walk;
}

std::vector<const MessageShape*> roots_of(const FieldPath& path, const Schema* schema) {
    if (schema == nullptr) return {};
    if (path.root == Root::data) return schema->payloads();
    if (path.root == Root::item) {
        for (const auto& [name, shape] : schema->items())
            if (name == path.item && shape != nullptr) return {shape};
        return {};
    }
    return schema->kuvert() == nullptr ? std::vector<const MessageShape*>{}
                                       : std::vector<const MessageShape*>{schema->kuvert()};
}

/// The error of a path that is in none of `roots`, told by the type in which it goes farthest.
Diagnostic unknown_field(const Node& node,
                         const FieldPath& path,
                         const std::vector<const MessageShape*>& roots) {
    Walk best;
    bool is_first = true;
    for (const MessageShape* root : roots) {
        Walk one = walk(path.names, *root);
        if (is_first || one.names > best.names) best = std::move(one);
        is_first = false;
    }
    std::size_t begin = node.text.find('.') + 1;
    for (std::size_t i = 0; i < best.names; ++i)
        begin += path.names[i].size() + 1;
    const std::string& name = path.names[best.names];
    Diagnostic error;
    error.kind = ErrorKind::missing_attribute;
    error.offset = node.begin + static_cast<std::uint32_t>(begin);
    error.length = static_cast<std::uint32_t>(name.size());
    if (best.stopped_in == nullptr) {
        error.text = node.text.substr(0, begin - 1) + " is a value and has no fields";
        return error;
    }
    error.text = std::string(best.stopped_in->full_name()) + " has no field " + name;
    if (const std::string near = nearest(name, best.stopped_in->field_names()); !near.empty()) {
        error.suggestion = node.text;
        error.suggestion.replace(begin, name.size(), near);
    }
    return error;
}

}  // namespace

std::vector<std::string> item_names(const Schema* schema) {
    std::vector<std::string> names;
    if (schema == nullptr) return names;
    for (const auto& [name, shape] : schema->items())
        names.push_back(name);
    return names;
}

FieldPath split_path(std::string_view text) {
    FieldPath path;
    path.text = text;
    std::size_t at = text.find('.');
    const std::string_view root = text.substr(0, at);
    path.root = root == "data" ? Root::data : root == "Beskedkuvert" ? Root::kuvert : Root::item;
    if (path.root == Root::item) path.item = root;
    while (at != std::string_view::npos) {
        const std::size_t next = text.find('.', at + 1);
        path.names.emplace_back(
            text.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
        at = next;
    }
    return path;
}

std::vector<FieldPath> resolve_paths(const Syntax& syntax,
                                     const Schema* schema,
                                     std::vector<Diagnostic>& diagnostics) {
    std::vector<FieldPath> paths;
    for (const Node& node : syntax.nodes) {
        if (node.kind != NodeKind::path) continue;
        FieldPath path = split_path(node.text);
        const auto roots = roots_of(path, schema);
        for (const MessageShape* root : roots) {
            Walk found = walk(path.names, *root);
            if (found.names == path.names.size())
                path.resolved.push_back({std::string(root->full_name()), std::move(found.steps)});
        }
        if (path.root == Root::item && roots.empty())
            diagnostics.push_back({Severity::error,
                                   ErrorKind::missing_attribute,
                                   path.item + " is a value and has no fields",
                                   node.begin,
                                   node.end - node.begin,
                                   path.item});
        if (!roots.empty() && path.resolved.empty())
            diagnostics.push_back(unknown_field(node, path, roots));
        paths.push_back(std::move(path));
    }
    return paths;
}

std::optional<FieldShape> shape_of(const FieldPath& path, const Schema* schema) {
    std::optional<FieldShape> shape;
    for (const MessageShape* root : roots_of(path, schema)) {
        const Walk found = walk(path.names, *root);
        if (found.names != path.names.size()) continue;
        const FieldShape& last = found.steps.back();
        if (shape && (shape->kind != last.kind || shape->enumeration != last.enumeration))
            return std::nullopt;
        shape = last;
    }
    return shape;
}

}  // namespace vera::expr
