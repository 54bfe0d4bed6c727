#include "bus/route/atoms.hpp"

#include <algorithm>
#include <functional>
#include <xxhash.h>

namespace vera::route {
namespace {

/// An evaluation looks at ten times as many, and would give an error beyond.
constexpr std::size_t too_many_values = 10'000;

std::uint64_t hash_of(std::uint32_t key, expr::Atom::Kind kind, std::string_view text) {
    const std::uint64_t seed = (std::uint64_t{key} << 3U) | static_cast<std::uint64_t>(kind);
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

void note_length(std::vector<std::uint32_t>& lengths, std::size_t length) {
    const auto wanted = static_cast<std::uint32_t>(length);
    if (std::ranges::find(lengths, wanted) == lengths.end()) lengths.push_back(wanted);
}

class TextSink : public expr::ValueSink {
public:
    explicit TextSink(std::vector<std::string_view>& out) : out_(out) {}
    void take(const expr::Value& value) override { out_.push_back(value.text); }
    std::string_view keep(std::string_view /*text*/) override { return {}; }  // texts are in place

private:
    std::vector<std::string_view>& out_;
};

}  // namespace

AtomTable::AtomTable() : keys_(1), slots_(64) {}

AtomId AtomTable::of_attribute(std::string_view name, Kind kind, std::string_view text) {
    const auto [at, is_new] =
        attributes_.try_emplace(std::string(name), static_cast<KeyId>(keys_.size()));
    if (is_new) {
        keys_.emplace_back();
        keys_.back().name = name;
        keys_.back().member = event::text_member(name);
    }
    return add(at->second, kind, text);
}

AtomId AtomTable::of_object(std::string_view id) {
    return add(objects_key, Kind::equal, id);
}

AtomId AtomTable::of_field(const expr::FieldPath& path,
                           std::size_t which,
                           Kind kind,
                           std::string_view text) {
    const std::string& message = path.resolved[which].message;
    const auto [at, is_new] =
        field_keys_.try_emplace({message, path.text}, static_cast<KeyId>(keys_.size()));
    if (is_new) {
        keys_.emplace_back();
        keys_.back().path = &path;
        if (path.root == expr::Root::kuvert)
            kuvert_keys_.push_back(at->second);
        else
            fields_[message].push_back(at->second);
    }
    return add(at->second, kind, text);
}

AtomId AtomTable::add(KeyId key, Kind kind, std::string_view text) {
    if (const AtomId known = look_up(key, kind, text); known != none) return known;
    if (2 * (atoms_.size() + 1) > slots_.size()) grow();
    const auto id = static_cast<AtomId>(atoms_.size());
    atoms_.push_back({key,
                      kind,
                      static_cast<std::uint32_t>(texts_.size()),
                      static_cast<std::uint32_t>(text.size())});
    texts_ += text;
    const std::uint64_t hash = hash_of(key, kind, text);
    slots_[slot_of(hash, key, kind, text)] = {hash, id};
    Key& of = keys_[key];
    if (kind == Kind::equal) of.has_equal = true;
    if (kind == Kind::prefix) note_length(of.prefixes, text.size());
    if (kind == Kind::suffix) note_length(of.suffixes, text.size());
    if (kind == Kind::listed) of.lists.push_back(id);
    return id;
}

/// The slot that has it, or the empty one where it would be.
std::size_t AtomTable::slot_of(std::uint64_t hash,
                               KeyId key,
                               Kind kind,
                               std::string_view text) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.atom == none) return at;
        if (slot.hash != hash) continue;
        const Atom& atom = atoms_[slot.atom];
        if (atom.key == key && atom.kind == kind && text_of(atom) == text) return at;
    }
}

AtomId AtomTable::look_up(KeyId key, Kind kind, std::string_view text) const {
    return slots_[slot_of(hash_of(key, kind, text), key, kind, text)].atom;
}

void AtomTable::grow() {
    const std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.size() * 2, {});
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.atom == none) continue;
        std::size_t at = slot.hash & mask;
        while (slots_[at].atom != none)
            at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

void AtomTable::find_value(KeyId key, std::string_view value, HeldAtoms& out) const {
    const Key& of = keys_[key];
    const auto look = [&](Kind kind, std::string_view text) {
        if (const AtomId id = look_up(key, kind, text); id != none) out.ids.push_back(id);
    };
    // An attribute that is empty is not there: only lists of the configuration can name it.
    if (of.has_equal) look(Kind::equal, value);
    if (value.empty() && of.path == nullptr) return;
    for (const std::uint32_t length : of.prefixes)
        if (length <= value.size()) look(Kind::prefix, value.substr(0, length));
    for (const std::uint32_t length : of.suffixes)
        if (length <= value.size()) look(Kind::suffix, value.substr(value.size() - length));
    if (out.lists == nullptr) return;
    for (const AtomId id : of.lists)
        if (out.lists->contains(text_of(atoms_[id]), value).value_or(false)) out.ids.push_back(id);
}

void AtomTable::find_made(KeyId key, const expr::Value& value, HeldAtoms& out) const {
    if (value.type != expr::Type::integer) return find_value(key, value.text, out);
    find_value(key, std::to_string(value.number), out);
}

void AtomTable::find_field(KeyId key,
                           const event::EventProperties& properties,
                           HeldAtoms& out) const {
    out.values.clear();
    TextSink sink(out.values);
    if (!properties.field(*keys_[key].path, sink)) return;
    if (out.values.size() > too_many_values) out.has_too_many_values = true;
    for (const std::string_view value : out.values)
        find_value(key, value, out);
}

void AtomTable::find(const event::Attributes& attributes,
                     const event::EventProperties& properties,
                     const expr::ValueLists* lists,
                     HeldAtoms& out) const {
    out.ids.clear();
    out.lists = lists;
    out.has_too_many_values = false;
    if (keys_[objects_key].has_equal)
        for (const std::string& object : attributes.objects)
            find_value(objects_key, object, out);
    for (const auto& [name, key] : attributes_) {
        const Key& of = keys_[key];
        expr::Value value;
        if (of.member != nullptr)
            find_value(key, attributes.*of.member, out);
        else if (properties.attribute(name, value))
            find_made(key, value, out);
    }
    for (const KeyId key : kuvert_keys_)
        find_field(key, properties, out);
    if (!fields_.empty())
        if (const auto at = fields_.find(attributes.type); at != fields_.end())
            for (const KeyId key : at->second)
                find_field(key, properties, out);
    std::ranges::sort(out.ids);
    out.ids.erase(std::unique(out.ids.begin(), out.ids.end()), out.ids.end());
}

}  // namespace vera::route
