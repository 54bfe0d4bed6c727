#include "adapters/oio/oio_json.hpp"

#include "adapters/oio/class_guess.hpp"
#include "adapters/oio/json_tree.hpp"
#include "adapters/oio/object_writer.hpp"

#include "vera/oio/v1/objektsamling.pb.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace vera::oio {
namespace {

using google::protobuf::Any;
using google::protobuf::Message;
using Kind = JsonValue::Kind;

constexpr std::string_view type_prefix = "type.googleapis.com/";

Any packed(const Message& message) {
    Any any;
    any.set_type_url(std::string(type_prefix) + message.GetDescriptor()->full_name());
    message.SerializeToString(any.mutable_value());
    return any;
}

/// Members that a registration has and nothing around it.
bool is_registration(const JsonValue& value) {
    static constexpr std::array<std::string_view, 10> names{"attributter",
                                                            "tilstande",
                                                            "relationer",
                                                            "varianter",
                                                            "livscyklus",
                                                            "livscykluskode",
                                                            "note",
                                                            "brugerref",
                                                            "fratidspunkt",
                                                            "tiltidspunkt"};
    return value.is(Kind::object) &&
           std::ranges::any_of(names, [&](auto name) { return value.find(name) != nullptr; });
}

/// A registration in the source.
struct Place {
    std::string path;
    const JsonValue* body = nullptr;
    const JsonValue* id = nullptr;  ///< of the object, where it stands outside the registration
};

/// Finds the registrations of an answer, and what in the frame around them is no part of one.
class Finder {
public:
    std::vector<Place> places;
    std::vector<Aside> strange;

    void look(const JsonValue& value, const std::string& path) {
        if (is_registration(value)) {
            places.push_back({path, &value, nullptr});
            return;
        }
        if (value.is(Kind::list)) {
            for (std::size_t i = 0; i < value.elements.size(); ++i)
                look(value.elements[i], pointer_to(path, i));
        } else if (value.is(Kind::object)) {
            look_into_object(value, path);
        } else {
            strange.push_back({path, "no object"});
        }
    }

private:
    void look_into_object(const JsonValue& value, const std::string& path) {
        const JsonValue* registrations = value.find("registreringer");
        const JsonValue* id = value.find("id");
        if (id != nullptr && !id->is(Kind::text)) id = nullptr;
        for (std::size_t i = 0; i < value.elements.size(); ++i) {
            const JsonValue& member = value.elements[i];
            const std::string member_path = pointer_to(path, value.names[i]);
            if (registrations == nullptr)
                look(member, member_path);
            else if (&member == registrations)
                look_into_registrations(member, id, member_path);
            else if (&member != id)
                strange.push_back({member_path, "no object"});
        }
    }
    void look_into_registrations(const JsonValue& value,
                                 const JsonValue* id,
                                 const std::string& path) {
        if (!value.is(Kind::list)) return strange.push_back({path, "no list of registrations"});
        for (std::size_t i = 0; i < value.elements.size(); ++i) {
            if (value.elements[i].is(Kind::object))
                places.push_back({pointer_to(path, i), &value.elements[i], id});
            else
                strange.push_back({pointer_to(path, i), "no registration"});
        }
    }
};

/// An answer is a list, or an object with registrations further down; else it is one object.
bool is_answer(const JsonValue& root, const Finder& found) {
    if (root.is(Kind::list)) return true;
    if (!root.is(Kind::object) || is_registration(root)) return false;
    return root.find("registreringer") != nullptr || root.find("results") != nullptr ||
           !found.places.empty();
}

class Importer {
public:
    Importer(const Model& model, std::string_view source, const ImportOptions& options)
        : model_(model),
          source_(source),
          options_(options) {}

    Result<Imported> run();

private:
    Result<const ObjectClass*> named(const std::string& name) const;
    Result<const ObjectClass*> class_of(const Place& place) const;
    Result<ReadObject> read(const Place& place) const;
    Result<Imported> answer(JsonValue& root, Finder& found) const;

    const Model& model_;
    std::string_view source_;
    const ImportOptions& options_;
};

std::string all_names(const Model& model) {
    std::vector<const ObjectClass*> all;
    for (const ObjectClass& one : model.classes())
        all.push_back(&one);
    return names_of(all);
}

Result<const ObjectClass*> Importer::named(const std::string& name) const {
    const ObjectClass* known = model_.find(name);
    if (known == nullptr)
        return fail(Errc::not_found, "no class of that name; there are " + all_names(model_));
    return known;
}

Result<const ObjectClass*> Importer::class_of(const Place& place) const {
    if (!options_.class_name.empty()) return named(options_.class_name);
    const auto possible = possible_classes(model_, *place.body);
    if (possible.size() == 1) return possible.front();
    const ObjectClass* hinted =
        options_.class_hint.empty() ? nullptr : model_.find(options_.class_hint);
    if (hinted != nullptr &&
        (possible.empty() || std::ranges::find(possible, hinted) != possible.end()))
        return hinted;
    const std::string where =
        line_of(source_, place.body->offset) + (place.path.empty() ? "" : place.path + ": ");
    if (possible.empty())
        return fail(Errc::not_found,
                    where + "no member tells the class; it must be named: " + all_names(model_));
    return fail(Errc::not_found,
                where + "the class may be one of several and must be named: " + names_of(possible));
}

Result<ReadObject> Importer::read(const Place& place) const {
    const auto type = class_of(place);
    if (!type) return fail(type.error().code, type.error().text);
    return read_object(model_, **type, {source_, place.path, place.id}, *place.body);
}

Result<Imported> Importer::answer(JsonValue& root, Finder& found) const {
    v1::Objektsamling all;
    Imported imported;
    imported.aside = std::move(found.strange);
    for (const Place& place : found.places) {
        auto object = read(place);
        if (!object) return fail(object.error().code, object.error().text);
        v1::Objektplads& one = *all.add_objekter();
        one.set_sti(place.path);
        *one.mutable_objekt() = packed(*object->message);
        std::ranges::move(object->aside, std::back_inserter(imported.aside));
    }
    for (const Place& place : found.places)
        if (JsonValue* body = find_at(root, place.path); body != nullptr) *body = JsonValue{};
    all.set_ramme(to_json(root, false));
    imported.object = packed(all);
    return imported;
}

Result<Imported> Importer::run() {
    auto root = parse_json(source_);
    if (!root) return fail(root.error().code, root.error().text);
    Finder found;
    found.look(*root, {});
    if (is_answer(*root, found)) return answer(*root, found);
    auto object = read({{}, &*root, nullptr});
    if (!object) return fail(object.error().code, object.error().text);
    return Imported{packed(*object->message), std::move(object->aside)};
}

class Exporter {
public:
    explicit Exporter(const Model& model) : model_(model) {}

    Result<JsonValue> run(const Any& any) const {
        const auto type = type_of(any);
        if (type == v1::Objektsamling::descriptor()->full_name()) return answer(any);
        return object(any, nullptr);
    }

private:
    static std::string type_of(const Any& any) {
        return any.type_url().substr(any.type_url().rfind('/') + 1);
    }
    Result<JsonValue> object(const Any& any, const JsonValue* id) const;
    Result<JsonValue> answer(const Any& any) const;

    const Model& model_;
};

Result<JsonValue> Exporter::object(const Any& any, const JsonValue* id) const {
    const ObjectClass* type = model_.find(type_of(any));
    if (type == nullptr || type->type->full_name() != type_of(any))
        return fail(Errc::not_found, "its type is no class; there are " + all_names(model_));
    const auto message = model_.make(*type->type);
    if (!message->ParseFromString(any.value()))
        return fail(Errc::bad_input, "no valid Protobuf of " + type->type->full_name());
    return write_object(*type, *message, id);
}

/// Of the object whose list of registrations `path` leads into; nullptr: there is none.
const JsonValue* id_beside(JsonValue& root, std::string_view path) {
    const std::string_view list = path.substr(0, path.rfind('/'));
    const std::size_t name = list.rfind('/');
    if (name == std::string_view::npos || list.substr(name) != "/registreringer") return nullptr;
    return find_at(root, std::string(list.substr(0, name)) + "/id");
}

Result<JsonValue> Exporter::answer(const Any& any) const {
    v1::Objektsamling all;
    if (!all.ParseFromString(any.value()))
        return fail(Errc::bad_input, "no valid Protobuf of vera.oio.v1.Objektsamling");
    auto root = parse_json(all.ramme());
    if (!root) return fail(Errc::bad_input, "ramme: " + root.error().text);
    for (int i = 0; i < all.objekter_size(); ++i) {
        const v1::Objektplads& one = all.objekter(i);
        const std::string where = "objekter[" + std::to_string(i) + "].";
        auto body = object(one.objekt(), id_beside(*root, one.sti()));
        if (!body) return fail(body.error().code, where + "objekt: " + body.error().text);
        JsonValue* place = find_at(*root, one.sti());
        if (place == nullptr || !place->is(Kind::null))
            return fail(Errc::bad_input, where + "sti: ramme has no null there");
        *place = std::move(*body);
    }
    return root;
}

}  // namespace

Result<Imported> import_json(const Model& model,
                             std::string_view json,
                             const ImportOptions& options) {
    return Importer(model, json, options).run();
}

Result<std::string> export_json(const Model& model, const Any& object) {
    const auto value = Exporter(model).run(object);
    if (!value) return fail(value.error().code, value.error().text);
    return to_json(*value, true) + '\n';
}

}  // namespace vera::oio
