#include "tests/unit/oio/there_and_back.hpp"

#include "adapters/oio/object_forms.hpp"

namespace vera::oio::test {
namespace {

Trip failed(Trip trip, const Error& error) {
    trip.error = error.text;
    return trip;
}

}  // namespace

const Model& model() {
    static const auto built = Model::built_in();
    return *built;
}

Trip there_and_back(const std::string& json, const ImportOptions& options, bool is_binary) {
    Trip trip;
    const auto imported = import_json(model(), json, options);
    if (!imported) return failed(trip, imported.error());
    trip.type = imported->object.type_url().substr(imported->object.type_url().rfind('/') + 1);
    for (const Aside& one : imported->aside)
        trip.aside.push_back(one.path + ": " + one.reason);
    const auto text = object_to_json(model(), imported->object);
    if (!text) return failed(trip, text.error());
    trip.message = nlohmann::json::parse(*text);
    const std::string file = is_binary ? imported->object.SerializeAsString() : *text;
    const auto object = object_from(model(), file);
    if (!object) return failed(trip, object.error());
    const auto back = export_json(model(), *object);
    if (!back) return failed(trip, back.error());
    trip.back = nlohmann::json::parse(*back);
    return trip;
}

std::string refusal_of(const std::string& json, const std::string& class_name) {
    const auto imported = import_json(model(), json, {class_name, {}});
    return imported ? "taken" : imported.error().text;
}

}  // namespace vera::oio::test
