#include "bus/transform/map_compiler.hpp"

#include "bus/event/schema_options.hpp"
#include "bus/expr/parser.hpp"
#include "bus/expr/paths.hpp"
#include "bus/expr/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace vera::transform {
namespace {

constexpr int max_depth = 24;

std::string joined(const std::string& key, std::string_view name) {
    return key.empty() ? std::string(name) : key + '.' + std::string(name);
}

std::string_view first_of(std::string_view path) {
    return path.substr(0, path.find('.'));
}
std::string rest_of(std::string_view path) {
    const std::size_t dot = path.find('.');
    return dot == std::string_view::npos ? std::string{} : std::string(path.substr(dot + 1));
}

bool is_required(const FieldDescriptor& field) {
    return field.is_required() || event::options_of(field).is_required;
}

std::string told(const expr::Diagnostic& diagnostic) {
    std::string text = "offset " + std::to_string(diagnostic.offset) + ": " + diagnostic.text;
    if (!diagnostic.suggestion.empty()) text += "; did you mean " + diagnostic.suggestion + "?";
    return text;
}

bool is_item_name(std::string_view name) {
    return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name != "data" &&
           std::ranges::all_of(
               name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

CopyBase inside(const CopyBase& base, const FieldDescriptor& field) {
    CopyBase deeper = base;
    deeper.path.steps.push_back({static_cast<std::uint32_t>(field.number()), field.is_repeated()});
    deeper.message = field.message_type();
    return deeper;
}

}  // namespace

// ---- what expressions may name

ScopedSchema::ScopedSchema(const event::DescriptorSchema& whole)
    : whole_(whole),
      attributes_(event::attribute_types()) {}

void ScopedSchema::push(Item item, expr::Type type) {
    if (item.shape == nullptr && item.message == nullptr) attributes_.emplace_back(item.name, type);
    items_.push_back(std::move(item));
}

void ScopedSchema::pop() {
    if (items_.back().shape == nullptr && items_.back().message == nullptr) attributes_.pop_back();
    items_.pop_back();
}

std::vector<std::pair<std::string, const expr::MessageShape*>> ScopedSchema::items() const {
    std::vector<std::pair<std::string, const expr::MessageShape*>> all;
    for (auto item = items_.rbegin(); item != items_.rend(); ++item)  // the innermost hides others
        if (!item->name.empty()) all.emplace_back(item->name, item->shape);
    return all;
}

// ---- expressions and paths

std::optional<MapCompiler::Compiled> MapCompiler::expression(const Text& text,
                                                             const std::string& key,
                                                             bool is_condition) {
    expr::CompileOptions options;
    options.schema = &schema_;
    expr::Compiled compiled = expr::compile(text.text, options);
    const auto is_constant = [&](const expr::Diagnostic& diagnostic) {
        return diagnostic.severity == expr::Severity::warning &&
               (diagnostic.text == "always true" || diagnostic.text == "always false");
    };
    for (const expr::Diagnostic& diagnostic : compiled.diagnostics)
        if (is_condition || !is_constant(diagnostic))  // a value may well be one
            problems_.push_back({diagnostic.severity == expr::Severity::error,
                                 file_,
                                 text.line,
                                 key,
                                 told(diagnostic)});
    if (!compiled.program) return std::nullopt;
    for (const expr::Function* function : compiled.program->code().functions) {
        if (has_key_ || !function->name.starts_with("PSEUDONYM")) continue;
        wrong(text.line,
              key,
              std::string(function->name) + " wants a key: `pseudonym_key` names its file");
        return std::nullopt;
    }
    auto parsed = expr::parse(text.text, options.limits, expr::item_names(&schema_));
    expr::Syntax syntax = std::get<expr::Syntax>(std::move(parsed));
    expr::ResultType type = expr::result_type(syntax, &schema_);
    return Compiled{{std::move(*compiled.program), text.line}, std::move(type), std::move(syntax)};
}

std::optional<Expression> MapCompiler::condition(const Text& text, const std::string& key) {
    auto compiled = expression(text, key, true);
    if (!compiled) return std::nullopt;
    if (compiled->type.type && *compiled->type.type != expr::Type::boolean) {
        wrong(text.line,
              key,
              "is no condition: it gives a value of type " +
                  std::string(expr::name_of(*compiled->type.type)));
        return std::nullopt;
    }
    return std::move(compiled->expression);
}

/// Nothing: `text` is no path, or one that nothing has; compiling it as an expression tells.
std::optional<MapCompiler::ReadPath> MapCompiler::read_path(const Text& text) {
    const auto parsed = expr::parse(text.text, expr::Limits{}, expr::item_names(&schema_));
    const auto* syntax = std::get_if<expr::Syntax>(&parsed);
    if (syntax == nullptr || syntax->nodes[syntax->root].kind != expr::NodeKind::path)
        return std::nullopt;
    std::vector<expr::Diagnostic> ignored;
    const expr::FieldPath path = expr::resolve_paths(*syntax, &schema_, ignored).front();
    if (path.resolved.empty()) return std::nullopt;
    ReadPath read;
    const Descriptor* message = types_.payload;
    if (path.root == expr::Root::kuvert) {
        read.path.root = SourcePath::Root::kuvert;
        message = types_.kuvert;
    } else if (path.root == expr::Root::item) {
        read.path.root = SourcePath::Root::item;
        const auto& items = schema_.inside();
        for (std::size_t i = 0; i < items.size(); ++i)
            if (items[i].name == path.item) read.path.item = i;
        message = items[read.path.item].message;
    }
    read.shapes = path.resolved.front().steps;
    read.is_always_there = true;
    for (const expr::FieldShape& shape : read.shapes) {
        read.path.steps.push_back({shape.number, shape.is_repeated});
        read.field = message->FindFieldByNumber(static_cast<int>(shape.number));
        read.may_be_many = read.may_be_many || shape.is_repeated;
        read.is_always_there = read.is_always_there && is_required(*read.field);
        message = read.field->message_type();
    }
    return read;
}

// ---- one message

MapPlan MapCompiler::compile(const MapSource& source,
                             const Descriptor& target,
                             const CopyBase& base,
                             const std::string& key,
                             bool by_json_name) {
    by_json_name_ = by_json_name;
    Wanted wanted;
    wanted.line = source.line;
    for (const auto& [name, field] : source.fields)
        wanted.entries.push_back({name.text, name.line, &field});
    for (const Text& path : source.dropped)
        wanted.dropped.push_back({path.text, path.line});
    for (const Text& path : source.masked)
        wanted.masked.push_back({path.text, path.line});
    wanted.copy_line = source.copy_line == 0 ? source.line : source.copy_line;
    if (source.copies_rest) wanted.base = base;
    return build(wanted, target, key);
}

/// By the index of the field in `target`.
void MapCompiler::group(const Wanted& wanted,
                        const Descriptor& target,
                        const std::string& key,
                        std::vector<Group>& groups) {
    const auto group_of = [&](const std::string& path, int line) -> Group* {
        const FieldDescriptor* field = find_field(target, first_of(path), by_json_name_);
        if (field != nullptr) return &groups[static_cast<std::size_t>(field->index())];
        wrong(line,
              joined(key, path),
              target.full_name() + " has no field " + std::string(first_of(path)) +
                  nearest_field(target, first_of(path), by_json_name_));
        return nullptr;
    };
    for (const Entry& entry : wanted.entries) {
        Group* const group = group_of(entry.path, entry.line);
        if (group == nullptr) continue;
        const std::string rest = rest_of(entry.path);
        if (!rest.empty()) {
            group->inner.push_back({rest, entry.line, entry.source});
        } else if (group->own != nullptr) {
            wrong(entry.line,
                  joined(key, entry.path),
                  "is mapped in line " + std::to_string(group->own->line) + " already");
        } else {
            group->own = &entry;
        }
    }
    const auto add = [&](const std::vector<Named>& paths, bool is_mask) {
        for (const auto& [path, line] : paths) {
            Group* const group = group_of(path, line);
            if (group == nullptr) continue;
            if (!wanted.base) {
                wrong(line,
                      joined(key, path),
                      "nothing is copied here, so nothing of it can be " +
                          std::string(is_mask ? "masked" : "dropped") + ": `copy: all` is missing");
                continue;
            }
            const std::string rest = rest_of(path);
            if (!rest.empty()) {
                (is_mask ? group->masked : group->dropped).push_back({rest, line});
            } else if (is_mask) {
                group->is_masked = true;
                group->mask_line = line;
            } else {
                group->is_dropped = true;
            }
        }
    };
    add(wanted.dropped, false);
    add(wanted.masked, true);
}

MapPlan MapCompiler::build(const Wanted& wanted, const Descriptor& target, const std::string& key) {
    MapPlan plan;
    if (depth_ >= max_depth) {
        wrong(wanted.line, key, "nested too deeply to be copied field by field");
        return plan;
    }
    ++depth_;
    std::vector<Group> groups(static_cast<std::size_t>(target.field_count()));
    group(wanted, target, key, groups);
    std::vector<bool> may_be_missing;
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < target.field_count(); ++i)
        fields.push_back(target.field(i));
    std::ranges::sort(fields, {}, &FieldDescriptor::number);
    for (const FieldDescriptor* field : fields) {
        Group& one = groups[static_cast<std::size_t>(field->index())];
        const std::string name = by_json_name_ ? field->json_name() : field->name();
        const std::string here = joined(key, name);
        std::optional<FieldPlan> made;
        bool is_missing = false;
        if (one.own != nullptr && !one.inner.empty()) {
            wrong(one.inner.front().line,
                  here,
                  "is mapped in line " + std::to_string(one.own->line) +
                      " already, so its fields cannot be mapped too");
        } else if (one.own != nullptr) {
            made = mapped(*one.own->source, *field, here, is_missing);
        } else if (!one.inner.empty()) {
            made = inner(wanted, one, *field, here);
        } else if (wanted.base && !one.is_dropped) {
            // Of a choice only one member may be there: a mapped one stands for all.
            const auto* oneof = field->real_containing_oneof();
            bool is_chosen = false;
            for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
                const Group& other = groups[static_cast<std::size_t>(oneof->field(i)->index())];
                is_chosen = is_chosen || other.own != nullptr || !other.inner.empty();
            }
            if (!is_chosen) made = copied(wanted, one, *field, here, is_missing);
        }
        if (!made) continue;
        plan.fields.push_back(std::move(*made));
        may_be_missing.push_back(is_missing);
    }
    check_complete(plan, target, may_be_missing, wanted.line, key);
    --depth_;
    return plan;
}

void MapCompiler::check_complete(const MapPlan& plan,
                                 const Descriptor& target,
                                 const std::vector<bool>& may_be_missing,
                                 int line,
                                 const std::string& key) {
    const auto planned = [&](const FieldDescriptor* field) {
        return std::ranges::find(plan.fields, field, &FieldPlan::field);
    };
    for (int i = 0; i < target.field_count(); ++i) {
        const FieldDescriptor* field = target.field(i);
        if (!is_required(*field)) continue;
        const auto found = planned(field);
        const std::string name = by_json_name_ ? field->json_name() : field->name();
        if (found == plan.fields.end()) {
            wrong(
                line, joined(key, name), target.full_name() + " requires it, and it is not mapped");
        } else if (may_be_missing[static_cast<std::size_t>(found - plan.fields.begin())]) {
            const int at = found->choices.empty() ? line : found->choices.front().line;
            problems_.push_back({false,
                                 file_,
                                 at,
                                 joined(key, name),
                                 target.full_name() +
                                     " requires it, and some events may give no value: without a "
                                     "`default` they are dead-lettered"});
        }
    }
    for (int i = 0; i < target.oneof_decl_count(); ++i) {
        const auto& oneof = *target.oneof_decl(i);
        if (!event::is_required(oneof)) continue;
        bool is_there = false;
        std::string names;
        for (int j = 0; j < oneof.field_count(); ++j) {
            is_there = is_there || planned(oneof.field(j)) != plan.fields.end();
            names += (j == 0 ? "" : ", ") + oneof.field(j)->name();
        }
        if (!is_there) wrong(line, key, target.full_name() + " requires one of " + names);
    }
}

/// The field's own fields are mapped one by one, by paths.
std::optional<FieldPlan> MapCompiler::inner(const Wanted& wanted,
                                            Group& group,
                                            const FieldDescriptor& field,
                                            const std::string& key) {
    const int line = group.inner.front().line;
    if (field.message_type() == nullptr || field.is_repeated()) {
        wrong(line,
              key,
              "is " + described(field) +
                  (field.is_repeated() ? ": map it with `each`" : ": it has no fields"));
        return std::nullopt;
    }
    Wanted deeper;
    deeper.line = line;
    deeper.copy_line = wanted.copy_line;
    deeper.entries = std::move(group.inner);
    deeper.dropped = group.dropped;
    deeper.masked = group.masked;
    if (wanted.base && !group.is_dropped) {
        const FieldDescriptor* same = wanted.base->message->FindFieldByName(field.name());
        if (same != nullptr && same->message_type() != nullptr && !same->is_repeated())
            deeper.base = inside(*wanted.base, *same);
    }
    FieldPlan plan = plan_of(field, key.substr(key.rfind('.') + 1));
    Choice choice;
    choice.kind = Choice::Kind::map;
    choice.line = line;
    choice.map = std::make_unique<MapPlan>(build(deeper, *field.message_type(), key));
    if (deeper.base) choice.original = deeper.base->path;
    plan.choices.push_back(std::move(choice));
    return plan;
}

// ---- fields that are copied

void MapCompiler::check_mask(const FieldDescriptor& field,
                             const FieldDescriptor* source,
                             int line,
                             const std::string& key,
                             Choice& choice) {
    choice.is_masked = true;
    if (field.type() != FieldDescriptor::TYPE_STRING)
        return wrong(
            line, key, "only texts can be masked, and it is " + described(field) + ": drop it");
    const event::FieldOptions options = event::options_of(field);
    choice.masking = options.masking;
    if (source != nullptr && choice.masking == options::v1::MASKERING_UNSPECIFIED)
        choice.masking = event::options_of(*source).masking;
    if (options.format != options::v1::FORMAT_UNSPECIFIED || !options.pattern.empty())
        wrong(line, key, "a masked text does not have the form that its schema wants: drop it");
}

/// What is in a message of another type, or what is left of one of the same, field by field.
std::unique_ptr<MapPlan> MapCompiler::copied_inside(const CopyBase& base,
                                                    const Group& group,
                                                    const FieldDescriptor& field,
                                                    int line,
                                                    const std::string& key) {
    Wanted deeper;
    deeper.line = line;
    deeper.copy_line = line;
    deeper.dropped = group.dropped;
    deeper.masked = group.masked;
    deeper.base = base;
    return std::make_unique<MapPlan>(build(deeper, *field.message_type(), key));
}

std::optional<FieldPlan> MapCompiler::copied(const Wanted& wanted,
                                             const Group& group,
                                             const FieldDescriptor& field,
                                             const std::string& key,
                                             bool& may_be_missing) {
    const CopyBase& base = *wanted.base;
    const FieldDescriptor* same = base.message->FindFieldByName(field.name());
    if (same == nullptr) return std::nullopt;
    may_be_missing = !is_required(*same);
    FieldPlan plan = plan_of(field, key.substr(key.rfind('.') + 1));
    Choice choice;
    choice.line = wanted.copy_line;
    CopyBase from = inside(base, *same);
    const bool is_whole = group.dropped.empty() && group.masked.empty();
    const Copying how = copying(*same, field, choice.numbers);
    if (is_whole && how != Copying::not_at_all) {
        choice.kind = Choice::Kind::copy;
        choice.path = from.path;
        if (group.is_masked) check_mask(field, same, group.mask_line, key, choice);
    } else if (field.message_type() != nullptr && same->message_type() != nullptr &&
               !field.is_map() && !same->is_map() &&
               (field.is_repeated() || !same->is_repeated())) {
        choice.kind = Choice::Kind::map;
        if (group.is_masked) check_mask(field, same, group.mask_line, key, choice);
        if (!same->is_repeated()) choice.original = from.path;
        if (same->is_repeated()) {
            choice.each = from.path;
            schema_.push({{}, nullptr, same->message_type()}, expr::Type::null);
            from = {{SourcePath::Root::item, schema_.inside().size() - 1, {}},
                    same->message_type()};
        }
        choice.map = copied_inside(from, group, field, wanted.copy_line, key);
        if (same->is_repeated()) schema_.pop();
    } else {
        wrong(wanted.copy_line,
              key,
              "is " + described(field) + ", and " + base.message->full_name() + '.' + same->name() +
                  " is " + described(*same) + ": it cannot be copied; map it or drop it");
    }
    plan.choices.push_back(std::move(choice));
    return plan;
}

// ---- fields that are mapped

FieldPlan MapCompiler::mapped(const FieldSource& source,
                              const FieldDescriptor& field,
                              const std::string& key,
                              bool& may_be_missing) {
    FieldPlan plan = plan_of(field, key.substr(key.rfind('.') + 1));
    if (source.choices.empty()) {
        Choice one = choice(source, plan, key, may_be_missing);
        plan.choices.push_back(std::move(one));
        return plan;
    }
    bool is_last_missing = false;
    for (const FieldSource& one : source.choices) {
        bool is_missing = false;
        Choice made = choice(one, plan, key, is_missing);
        plan.choices.push_back(std::move(made));
        may_be_missing = may_be_missing || (is_missing && !one.when.is_there());
        is_last_missing = is_missing;
    }
    may_be_missing = may_be_missing || is_last_missing;
    return plan;
}

Choice MapCompiler::choice(const FieldSource& source,
                           const FieldPlan& target,
                           const std::string& key,
                           bool& may_be_missing) {
    Choice choice;
    choice.line = source.line;
    const bool is_map = !source.map.empty();
    if (is_map == source.value.is_there()) {
        wrong(source.line,
              key,
              is_map ? "has both `value` and `map`" : "has neither `value` nor `map`");
        return choice;
    }
    if (is_map && (source.lookup.is_there() || source.fallback.is_there() || source.is_masked))
        wrong(source.line, key, "`lookup`, `default` and `mask` are for values, not for messages");
    const bool is_inside = source.each.is_there();
    if (is_inside && !enter(source, target, key, choice)) return choice;
    if (source.when.is_there()) {
        choice.when = condition(source.when, joined(key, "when"));
        may_be_missing = true;
    }
    if (!is_map) {
        value(source, target, key, is_inside, choice, may_be_missing);
    } else {
        choice.kind = Choice::Kind::map;
        const Descriptor* message = target.field->message_type();
        if (message == nullptr || target.field->is_map()) {
            wrong(source.line, key, "is " + described(*target.field) + ": it has no fields to map");
        } else if (target.field->is_repeated() && !is_inside) {
            wrong(source.line, key, "is " + described(*target.field) + ": `each` is missing");
        } else {
            const MapSource& map = source.map.front();
            CopyBase base;
            if (is_inside)
                base = {{SourcePath::Root::item, schema_.inside().size() - 1, {}},
                        schema_.inside().back().message};
            if (map.copies_rest && base.message == nullptr)
                wrong(map.line, key, "`copy: all` copies from an element: `each` names it");
            else
                choice.map =
                    std::make_unique<MapPlan>(compile(map, *message, base, key, by_json_name_));
        }
    }
    if (is_inside) schema_.pop();
    return choice;
}

/// From here on expressions may name the element.
bool MapCompiler::enter(const FieldSource& source,
                        const FieldPlan& target,
                        const std::string& key,
                        Choice& choice) {
    choice.item = source.item.is_there() ? source.item.text : "item";
    const auto path = read_path(source.each);
    if (!path) {
        if (expression(source.each, joined(key, "each")))
            wrong(source.each.line, joined(key, "each"), "wants the path of a field");
        return false;
    }
    if (path->may_be_many && !target.field->is_repeated()) {
        wrong(source.each.line,
              joined(key, "each"),
              source.each.text + " may have several elements, and " + target.field->name() +
                  " takes one");
        return false;
    }
    const auto& attributes = event::attribute_types();
    if (!is_item_name(choice.item) || std::ranges::any_of(attributes, [&](const auto& one) {
            return one.first == choice.item;
        })) {
        wrong(source.item.line,
              joined(key, "as"),
              "wants a name of lower-case letters and digits that no attribute has");
        return false;
    }
    ScopedSchema::Item item{choice.item, path->shapes.back().message, path->field->message_type()};
    expr::Type type = expr::Type::text;
    if (path->shapes.back().kind == expr::FieldKind::timestamp) item.message = nullptr;
    if (item.message == nullptr) {
        choice.values = path->shapes;
        expr::Syntax syntax = std::get<expr::Syntax>(
            expr::parse(source.each.text, expr::Limits{}, expr::item_names(&schema_)));
        type = expr::result_type(syntax, &schema_).type.value_or(expr::Type::text);
    }
    choice.each = path->path;
    schema_.push(std::move(item), type);
    return true;
}

void MapCompiler::value(const FieldSource& source,
                        const FieldPlan& target,
                        const std::string& key,
                        bool is_element,
                        Choice& choice,
                        bool& may_be_missing) {
    const FieldDescriptor& field = *target.field;
    const auto path = read_path(source.value);
    bool has_value = false;
    if (source.is_masked) check_mask(field, path ? path->field : nullptr, source.line, key, choice);
    const bool is_plain = path && !source.lookup.is_there() && !(path->may_be_many && is_element);
    if (is_plain && !(path->may_be_many && !field.is_repeated()) &&
        copying(*path->field, field, choice.numbers) != Copying::not_at_all) {
        choice.kind = Choice::Kind::copy;
        choice.path = path->path;
        has_value = path->is_always_there;
    } else {
        auto compiled = expression(source.value, key);
        if (!compiled) return;
        has_value = !compiled->type.may_be_missing || (path && path->is_always_there);
        if (source.lookup.is_there()) {
            looked_up(source, target, key, choice);
            if (compiled->type.may_be_many)
                wrong(source.value.line, key, "`lookup` takes one value: use `each`");
            has_value = has_value && (choice.table == nullptr ||
                                      choice.table->missing() != TableSource::Missing::leave_out);
        } else {
            std::string what = mismatch(compiled->type, target);
            const expr::Node& root = compiled->syntax.nodes[compiled->syntax.root];
            if (what.empty() && root.kind == expr::NodeKind::literal &&
                compiled->type.type == expr::Type::string)
                what = mismatch_of_text(root.text, target);
            if (!what.empty()) wrong(source.value.line, key, std::move(what));
        }
        choice.value = std::move(compiled->expression);
    }
    if (source.fallback.is_there()) {
        auto fallback = expression(source.fallback, joined(key, "default"));
        if (!fallback) return;
        if (std::string what = mismatch(fallback->type, target); !what.empty())
            wrong(source.fallback.line, joined(key, "default"), std::move(what));
        const expr::Node& root = fallback->syntax.nodes[fallback->syntax.root];
        if (root.kind == expr::NodeKind::literal && fallback->type.type == expr::Type::string)
            if (std::string what = mismatch_of_text(root.text, target); !what.empty())
                wrong(source.fallback.line, joined(key, "default"), std::move(what));
        has_value = has_value || !fallback->type.may_be_missing;
        choice.fallback = std::move(fallback->expression);
    }
    may_be_missing = may_be_missing || !has_value;
}

void MapCompiler::looked_up(const FieldSource& source,
                            const FieldPlan& target,
                            const std::string& key,
                            Choice& choice) {
    const auto table =
        std::ranges::find(tables_, source.lookup.text, [](const auto& one) { return one->name(); });
    if (table == tables_.end()) {
        std::vector<std::string> names;
        for (const auto& one : tables_)
            names.push_back(one->name());
        const std::string near = expr::nearest(source.lookup.text, names);
        return wrong(source.lookup.line,
                     joined(key, "lookup"),
                     "there is no table " + source.lookup.text +
                         (near.empty() ? "" : "; did you mean " + near + "?"));
    }
    const Table& found = **table;
    choice.column = 1;
    if (source.column.is_there()) {
        const auto column = found.column(source.column.text);
        if (!column) {
            const std::string near = expr::nearest(source.column.text, found.columns());
            return wrong(source.column.line,
                         joined(key, "column"),
                         "table " + found.name() + " has no column " + source.column.text +
                             (near.empty() ? "" : "; did you mean " + near + "?"));
        }
        choice.column = *column;
    }
    choice.table = &found;
    expr::ResultType text;
    text.type = expr::Type::text;
    if (std::string what = mismatch(text, target); !what.empty())
        return wrong(source.lookup.line, key, std::move(what));
    const auto check = [&](std::string_view value) {
        if (std::string what = mismatch_of_text(value, target); !what.empty())
            wrong(source.lookup.line, key, "table " + found.name() + ": " + what);
    };
    found.each(choice.column, check);
    if (found.missing() == TableSource::Missing::use) check(found.substitute());
}

}  // namespace vera::transform
