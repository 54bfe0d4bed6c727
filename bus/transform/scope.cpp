#include "bus/transform/scope.hpp"

#include "bus/event/wire.hpp"

#include <algorithm>

namespace vera::transform {

void Scope::look_at(const event::Attributes& attributes, const event::KuvertView& kuvert) {
    attributes_ = &attributes;
    kuvert_ = &kuvert;
    payload_ = {};
    items_.clear();
}

void Scope::look_at(std::string_view payload) {
    payload_ = payload;
    records_.fill({});
    event::WireReader reader(payload);
    event::WireField field;
    const char* at = reader.position();
    while (reader.next(field)) {
        if (field.number < records_.size())
            records_[field.number] = {at, static_cast<std::size_t>(reader.position() - at)};
        at = reader.position();
    }
}

std::string_view Scope::root(const SourcePath& path) const {
    switch (path.root) {
        case SourcePath::Root::kuvert:
            return kuvert_->beskedkuvert;
        case SourcePath::Root::data:
            return payload_for(path.steps.front().number, path.steps.front().is_repeated);
        case SourcePath::Root::item:
            return items_[path.item].bytes;
    }
    return {};
}

bool Scope::attribute(std::string_view name, expr::Value& value) const {
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
        if (!item->is_value || item->name != name) continue;
        value = item->value;
        return true;
    }
    return event::EventProperties(*attributes_, *kuvert_).attribute(name, value);
}

bool Scope::field(const expr::FieldPath& path, expr::ValueSink& sink) const {
    if (path.resolved.empty()) return false;
    const auto& steps = path.resolved.front().steps;
    if (path.root == expr::Root::kuvert) {
        event::read_field(kuvert_->beskedkuvert, steps, sink);
        return true;
    }
    if (path.root == expr::Root::data) {
        event::read_field(
            payload_for(steps.front().number, steps.front().is_repeated), steps, sink);
        return true;
    }
    const auto item = std::find_if(
        items_.rbegin(), items_.rend(), [&](const Item& one) { return one.name == path.item; });
    if (item == items_.rend()) return false;
    event::read_field(item->bytes, steps, sink);
    return true;
}

}  // namespace vera::transform
