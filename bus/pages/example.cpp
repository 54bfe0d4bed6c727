#include "bus/pages/example.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/uuid_names.hpp"
#include "bus/pages/example_values.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace vera::pages {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
using nlohmann::ordered_json;
namespace options = vera::options::v1;

const std::string url_prefix = "type.googleapis.com";
/// Of schemas that go deeper, or hold more, the rest is left out: nobody reads it.
constexpr std::size_t max_nesting = 24;
constexpr std::size_t max_messages = 10'000;
/// The payload's own fields and those of its object show their groups even if these are optional.
constexpr std::size_t levels_in_full = 2;
/// Of a message in which nothing has to be there: the relations of an object.
constexpr int fields_of_optional = 2;

constexpr std::string_view unik_id = "vera.oio.v1.UnikId";
constexpr std::string_view aktoer = "vera.oio.v1.Aktoer";
constexpr std::string_view tidspunkt = "vera.oio.v1.Tidspunkt";

bool is_identity(const Descriptor& type) {
    return type.full_name() == unik_id || type.full_name() == aktoer;
}

ordered_json uuid_json(const std::string& uuid) {
    return {{"UUIDIdentifikator", uuid}};
}

ordered_json urn_json(const std::string& urn) {
    return {{"URNIdentifikator", urn}};
}

ordered_json time_json(const std::string& time) {
    return {{"TidsstempelDatoTid", time}};
}

/// The object an event is about has the same identity in kuvert and payload, and in every event
/// about it.
std::string object_uuid(const Descriptor& event) {
    for (int i = 0; i < event.field_count(); ++i) {
        const Descriptor* type = event.field(i)->message_type();
        if (type != nullptr && type->FindFieldByName("objekt_id") != nullptr)
            return uuid_of(type->full_name());
    }
    return uuid_of(event.full_name() + "/objekt");
}

class Maker {
public:
    explicit Maker(const Descriptor& event)
        : event_(event),
          object_uuid_(object_uuid(event)),
          path_(event.full_name()) {}

    ordered_json message(const Descriptor& type);

private:
    bool is_shown(const FieldDescriptor& field) const;
    bool is_nested(const Descriptor& type) const;
    void put(const FieldDescriptor& field, ordered_json& object);
    ordered_json value(const FieldDescriptor& field);
    ordered_json value_of_message(const FieldDescriptor& field);
    ordered_json identity(const FieldDescriptor& field);
    ordered_json instant(const FieldDescriptor& field);
    static void keep_order(const Descriptor& type, ordered_json& object);

    const Descriptor& event_;
    std::string object_uuid_;
    std::string path_;
    std::vector<const Descriptor*> open_;
    std::size_t messages_ = 0;  ///< made so far
};

bool is_end_of_period(const FieldDescriptor& field, bool is_begin) {
    const auto& given = field.containing_type()->options();
    for (int i = 0; i < given.ExtensionSize(options::periode); ++i) {
        const auto& period = given.GetExtension(options::periode, i);
        if ((is_begin ? period.fra() : period.til()) == field.name()) return true;
    }
    return false;
}

bool is_required(const FieldDescriptor& field) {
    return field.is_required() || field.options().GetExtension(options::required);
}

bool Maker::is_nested(const Descriptor& type) const {
    return std::ranges::find(open_, &type) != open_.end();
}

bool Maker::is_shown(const FieldDescriptor& field) const {
    if (is_required(field)) return true;
    if (field.options().deprecated()) return false;
    if (const OneofDescriptor* choice = field.real_containing_oneof())
        return choice->field(0) == &field &&
               choice->options().GetExtension(options::oneof_required);
    const bool is_deep = open_.size() > levels_in_full;
    if (is_deep && field.is_repeated() && field.message_type() == nullptr) return false;
    if (!field.options().GetExtension(options::example).empty()) return true;
    const Descriptor* type = field.message_type();
    if (type == nullptr || field.is_map()) return false;
    if (type->full_name() == tidspunkt)
        return is_end_of_period(field, true) || is_end_of_period(field, false);
    if (type->file()->package() == "google.protobuf") return false;
    return !is_deep && !is_nested(*type);
}

ordered_json Maker::message(const Descriptor& type) {
    ordered_json object = ordered_json::object();
    // What requires itself can be filled by nobody.
    if (open_.size() >= max_nesting || is_nested(type) || ++messages_ > max_messages) return object;
    open_.push_back(&type);
    for (int i = 0; i < type.field_count(); ++i)
        if (is_shown(*type.field(i))) put(*type.field(i), object);
    for (int i = 0; i < type.field_count() && object.empty(); ++i)
        for (int j = i; j < type.field_count() && j < i + fields_of_optional; ++j) {
            const Descriptor* inner = type.field(j)->message_type();
            if (inner == nullptr || !is_nested(*inner)) put(*type.field(j), object);
        }
    open_.pop_back();
    keep_order(type, object);
    return object;
}

void Maker::put(const FieldDescriptor& field, ordered_json& object) {
    const std::size_t before = path_.size();
    path_.append("/").append(field.name());
    if (field.is_map()) {
        const FieldDescriptor& held = *field.message_type()->map_value();
        object[field.json_name()] = {{"1", value(held)}};
    } else if (field.is_repeated()) {
        object[field.json_name()] = ordered_json::array({value(field)});
    } else {
        object[field.json_name()] = value(field);
    }
    path_.resize(before);
}

ordered_json Maker::value(const FieldDescriptor& field) {
    return field.message_type() != nullptr ? value_of_message(field)
                                           : example_scalar(field, event_.name(), path_);
}

ordered_json Maker::value_of_message(const FieldDescriptor& field) {
    const Descriptor& type = *field.message_type();
    const std::string given = field.options().GetExtension(options::example);
    if (is_identity(type)) return identity(field);
    if (type.full_name() == tidspunkt) return instant(field);
    if (type.full_name() == "google.protobuf.Timestamp")
        return given.empty() ? std::string(example_time) : given;
    if (type.full_name() == "google.protobuf.Duration") return given.empty() ? "3600s" : given;
    if (type.full_name() == "google.protobuf.Any")
        return {{"@type", url_prefix + "/google.protobuf.Empty"},
                {"value", ordered_json::object()}};
    return message(type);
}

ordered_json Maker::identity(const FieldDescriptor& field) {
    const std::string given = field.options().GetExtension(options::example);
    if (given.starts_with("urn:")) return urn_json(given);
    if (!given.empty()) return uuid_json(given);
    if (field.options().ExtensionSize(options::urn) > 0)
        return urn_json(urn_of_kind(
            field.options().GetExtension(options::urn, 0), path_, is_second_of_pair(field)));
    if (field.name() == "objekt_id" && open_.size() == 2) return uuid_json(object_uuid_);
    return uuid_json(uuid_of(path_));
}

ordered_json Maker::instant(const FieldDescriptor& field) {
    const std::string given = field.options().GetExtension(options::example);
    if (!given.empty()) return time_json(given);
    if (is_end_of_period(field, false) && !is_required(field)) return {{"GraenseIndikator", true}};
    return time_json(example_time);
}

/// A text by which ends of periods of one kind can be compared: ISO 8601 in UTC sorts. Empty: no
/// bound.
std::string sortable(const ordered_json& end) {
    if (end.is_string()) return end.get<std::string>();
    if (!end.is_object()) return {};
    const auto time = end.find("TidsstempelDatoTid");
    return time != end.end() && time->is_string() ? time->get<std::string>() : std::string{};
}

void Maker::keep_order(const Descriptor& type, ordered_json& object) {
    for (int i = 0; i < type.options().ExtensionSize(options::periode); ++i) {
        const auto& period = type.options().GetExtension(options::periode, i);
        const FieldDescriptor* from = type.FindFieldByName(period.fra());
        const FieldDescriptor* to = type.FindFieldByName(period.til());
        if (from == nullptr || to == nullptr || !object.contains(from->json_name()) ||
            !object.contains(to->json_name()))
            continue;
        const std::string begin = sortable(object[from->json_name()]);
        const std::string end = sortable(object[to->json_name()]);
        if (!begin.empty() && !end.empty() && end < begin)
            object[to->json_name()] = object[from->json_name()];
    }
}

ordered_json registration(const Descriptor& event, const options::Besked& besked) {
    ordered_json made;
    made["ObjektRegistreringId"] = uuid_json(uuid_of(event.full_name() + "/registrering"));
    made["RegistreringsAktoer"] = uuid_json(uuid_of("example system"));
    made["Registreringstidspunkt"] = time_json(example_time);
    made["ObjektAnsvarligMyndighed"] = urn_json(std::string("urn:oio:cvr-nr:") + example_cvr);
    made["ObjektId"] = uuid_json(object_uuid(event));
    if (!besked.objekttype().empty()) made["ObjektType"] = uuid_json(besked.objekttype());
    if (!besked.objekthandling().empty())
        made["ObjektHandling"] = uuid_json(besked.objekthandling());
    if (!besked.kle().empty()) made["OpgaveEmne"] = urn_json("urn:oio:kle:" + besked.kle());
    return made;
}

}  // namespace

ordered_json example_payload(const Descriptor& type) {
    return Maker(type).message(type);
}

ordered_json example_kuvert(const Descriptor& type) {
    const auto& besked = type.options().GetExtension(options::besked);
    ordered_json filter;
    filter["Beskedtype"] =
        uuid_json(besked.beskedtype().empty() ? uuid_of(type.full_name()) : besked.beskedtype());
    filter["BeskedAnsvarligAktoer"] = uuid_json(uuid_of("example system"));
    filter["ObjektRegistrering"] = ordered_json::array({registration(type, besked)});
    ordered_json delivery{
        {"Dannelsestidspunkt", time_json(example_time)},
        {"TransaktionsId", uuid_json(uuid_of(type.full_name() + "/transaktion"))}};
    const std::string_view level = event::sikkerhedsklassificering_of(besked.foelsomhed());
    if (!level.empty()) delivery["Sikkerhedsklassificering"] = uuid_json(std::string(level));
    ordered_json payload{{"@type", url_prefix + "/" + type.full_name()}};
    payload.update(example_payload(type));
    return {{"BeskedId", uuid_json(uuid_of(type.full_name() + "/besked"))},
            {"BeskedVersion", "1.0"},
            {"Beskedkuvert",
             {{"Filtreringsdata", std::move(filter)},
              {"Leveranceinformation", std::move(delivery)},
              {"GyldighedFra", time_json(example_time)}}},
            {"Beskeddata", ordered_json::array({std::move(payload)})}};
}

Result<std::string> encoded(const TypeSet& types,
                            const std::string& type,
                            const ordered_json& json) {
    const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
        google::protobuf::util::NewTypeResolverForDescriptorPool(url_prefix, &types.pool()));
    std::string bytes;
    const auto done = google::protobuf::util::JsonToBinaryString(
        resolver.get(), url_prefix + "/" + type, json.dump(), &bytes);
    if (!done.ok()) return fail(Errc::bad_input, std::string(done.message()));
    return bytes;
}

}  // namespace vera::pages
