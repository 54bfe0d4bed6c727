#include "adapters/oio/object_reader.hpp"

#include "adapters/oio/value_text.hpp"
#include "bus/base/check.hpp"

#include "vera/oio/v1/registrering.pb.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vera::oio {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = JsonValue::Kind;

constexpr std::size_t longest_path = 1024;  // of LokalUdvidelse.sti
constexpr const char* no_field = "no field for it";
constexpr const char* not_fitting = "does not fit its field";

/// Every function that reads a value returns false if the fields cannot hold it; it has then left
/// no trace, and the value is kept aside whole.
class ObjectReader {
public:
    ObjectReader(const ObjectClass& type,
                 const Source& source,
                 const JsonValue& body,
                 Message& object)
        : type_(type),
          source_(source),
          body_(body),
          object_(object),
          registration_(dynamic_cast<v1::Registrering*>(
              object.GetReflection()->MutableMessage(&object, type.registrering))) {
        VERA_CHECK(registration_ != nullptr);
    }

    Result<std::vector<Aside>> run();

private:
    using Groups = std::vector<Member>;

    bool member_of_body(const std::string& name, const JsonValue& value);
    bool groups(const JsonValue& value, const Groups& known);
    bool relations(const JsonValue& value);
    bool bound(const JsonValue& value,
               const FieldDescriptor& time,
               const FieldDescriptor& included);
    bool life_cycle_order(const JsonValue& value);
    bool life_cycle_code(const JsonValue& value, const FieldDescriptor& field);

    bool object(const JsonValue& value, Message& message);
    bool reference(const std::string& name,
                   const JsonValue& value,
                   Message& message,
                   const FieldDescriptor& field);
    bool field(const JsonValue& value, Message& message, const FieldDescriptor& field);
    bool list(const JsonValue& value, Message& message, const FieldDescriptor& field);
    bool texts(const JsonValue& value, Message& message);

    /// Reads the members by `read`; what it does not take is kept aside. false: none was taken.
    template <class Read>
    bool members(const JsonValue& value, Read read);
    /// The same for an object that no field stands for: if none was taken, none is kept aside.
    template <class Read>
    bool frame_members(const JsonValue& value, Read read);
    void drop_aside(int kept);
    bool is_frame(const JsonValue& value, Kind wanted, const char* what);
    /// `beside`: how many stand where it stood, itself too.
    void keep_aside(const JsonValue& value, const char* reason, std::size_t beside);
    bool refuse(const JsonValue& value, const char* what);

    const ObjectClass& type_;
    const Source& source_;
    const JsonValue& body_;
    Message& object_;
    v1::Registrering* registration_;
    std::string path_;  // of what is being read, from the object's root
    bool is_known_ = false;
    std::vector<Aside> aside_;
    std::size_t budget_ = aside_budget;
    bool is_refused_ = false;
    Error error_{Errc::bad_input, {}};
};

/// Refusing counts as taken: nothing is kept aside any more.
bool ObjectReader::refuse(const JsonValue& value, const char* what) {
    if (is_refused_) return true;
    is_refused_ = true;
    const std::string path = source_.path + path_;
    error_.text = line_of(source_.text, value.offset) + (path.empty() ? "" : path + ": ") + what;
    return true;
}

void ObjectReader::keep_aside(const JsonValue& value, const char* reason, std::size_t beside) {
    if (is_refused_) return;
    budget_ -= std::min(budget_, beside);
    if (budget_ == 0) {
        refuse(value, "too many values have no field");
        return;
    }
    if (path_.size() > longest_path) {
        refuse(value, "cannot be kept aside: its path is too long");
        return;
    }
    v1::LokalUdvidelse& kept = *registration_->add_lokale_udvidelser();
    kept.set_sti(path_);
    kept.set_vaerdi(to_json(value, false));
    aside_.push_back({source_.path + path_, reason});
}

/// null says "nothing", which no field can: it is kept aside like a value that does not fit.
bool ObjectReader::is_frame(const JsonValue& value, Kind wanted, const char* what) {
    if (value.is(wanted)) return true;
    if (!value.is(Kind::null)) refuse(value, what);
    return false;
}

template <class Read>
bool ObjectReader::members(const JsonValue& value, Read read) {
    const std::size_t length = path_.size();
    bool has_taken = false;
    for (std::size_t i = 0; i < value.elements.size() && !is_refused_; ++i) {
        path_ = pointer_to(path_, value.names[i]);
        is_known_ = true;
        if (read(value.names[i], value.elements[i]))
            has_taken = true;
        else
            keep_aside(
                value.elements[i], is_known_ ? not_fitting : no_field, value.elements.size());
        path_.resize(length);
    }
    return has_taken || is_refused_;
}

template <class Read>
bool ObjectReader::frame_members(const JsonValue& value, Read read) {
    const int kept = registration_->lokale_udvidelser_size();
    if (members(value, read)) return true;
    drop_aside(kept);
    is_known_ = value.elements.empty();
    return false;
}

/// Whoever holds the values that were kept aside since will be kept aside whole.
void ObjectReader::drop_aside(int kept) {
    const int since = registration_->lokale_udvidelser_size() - kept;
    registration_->mutable_lokale_udvidelser()->DeleteSubrange(kept, since);
    aside_.resize(aside_.size() - static_cast<std::size_t>(since));
}

bool ObjectReader::object(const JsonValue& value, Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    const FieldDescriptor* refers = reference_of(type);
    members(value, [&](const std::string& name, const JsonValue& part) {
        if (refers != nullptr && (name == "uuid" || name == "urn"))
            return reference(name, part, message, *refers);
        const FieldDescriptor* known = field_named(type, name);
        const bool is_taken = known != nullptr && known != refers && field(part, message, *known);
        is_known_ = known != nullptr && known != refers;
        return is_taken;
    });
    return true;
}

/// Of uuid and urn a relation has one; the other beside it, as in LoRa's "empty both", is kept.
bool ObjectReader::reference(const std::string& name,
                             const JsonValue& value,
                             Message& message,
                             const FieldDescriptor& field) {
    if (!value.is(Kind::text) || message.GetReflection()->HasField(message, &field)) return false;
    auto* id = dynamic_cast<v1::UnikId*>(message.GetReflection()->MutableMessage(&message, &field));
    VERA_CHECK(id != nullptr);
    if (name == "urn")
        id->set_urn_identifikator(value.text);
    else
        id->set_uuid_identifikator(value.text);
    return true;
}

bool ObjectReader::field(const JsonValue& value, Message& message, const FieldDescriptor& field) {
    if (field.is_map()) return false;
    if (field.is_repeated()) return list(value, message, field);
    if (is_single_value(field)) return take_value(value, message, field);
    if (!is_frame(value, Kind::object, "an object expected")) return is_refused_;
    return object(value, *message.GetReflection()->MutableMessage(&message, &field));
}

bool ObjectReader::list(const JsonValue& value, Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (is_single_value(field)) {
        if (!value.is(Kind::list) || value.elements.empty()) return false;
        const bool are_taken = std::ranges::all_of(
            value.elements, [&](const JsonValue& one) { return take_value(one, message, field); });
        if (!are_taken) reflection.ClearField(&message, &field);
        return are_taken;
    }
    if (!is_frame(value, Kind::list, "a list expected")) return is_refused_;
    const std::size_t length = path_.size();
    const int kept = registration_->lokale_udvidelser_size();
    const bool of_texts = is_list_of_texts(*field.message_type());
    for (std::size_t i = 0; i < value.elements.size() && !is_refused_; ++i) {
        path_ = pointer_to(path_, i);
        const JsonValue& one = value.elements[i];
        bool is_taken = false;
        if (of_texts) {
            is_taken = texts(one, *reflection.AddMessage(&message, &field));
            if (!is_taken) reflection.RemoveLast(&message, &field);
        } else if (is_frame(one, Kind::object, "an object expected")) {
            is_taken = object(one, *reflection.AddMessage(&message, &field));
        }
        if (!is_taken) keep_aside(one, not_fitting, value.elements.size());
        path_.resize(length);
    }
    if (is_refused_ || reflection.FieldSize(message, &field) > 0) return true;
    drop_aside(kept);
    return false;
}

/// ["Hjemmehjælp", null, "stikord"]: one text per field.
bool ObjectReader::texts(const JsonValue& value, Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    const auto count = static_cast<std::size_t>(type.field_count());
    if (!value.is(Kind::list) || value.elements.size() > count) return false;
    if (!value.elements.empty() && !value.elements.back().is(Kind::text)) return false;
    for (std::size_t i = 0; i < value.elements.size(); ++i) {
        const JsonValue& one = value.elements[i];
        if (one.is(Kind::null)) continue;
        if (!take_value(one, message, *type.field(static_cast<int>(i)))) return false;
    }
    return true;
}

bool ObjectReader::groups(const JsonValue& value, const Groups& known) {
    if (!is_frame(value, Kind::object, "an object expected")) return is_refused_;
    return frame_members(value, [&](const std::string& name, const JsonValue& group) {
        const auto found = std::ranges::find(known, name, &Member::name);
        is_known_ = found != known.end();
        return is_known_ && list(group, object_, *found->field);
    });
}

/// A relation that is given without an entry is emptied by an update: that is noted by name.
bool ObjectReader::relations(const JsonValue& value) {
    if (!is_frame(value, Kind::object, "an object expected")) return is_refused_;
    Message& relations = *object_.GetReflection()->MutableMessage(&object_, type_.relationer);
    members(value, [&](const std::string& name, const JsonValue& entries) {
        const FieldDescriptor* known = field_named(*relations.GetDescriptor(), name);
        is_known_ = known != nullptr;
        if (known != nullptr && entries.is(Kind::list) && entries.elements.empty()) {
            registration_->add_toemte_relationer(known->name());
            return true;
        }
        return known != nullptr && field(entries, relations, *known);
    });
    return true;
}

/// fratidspunkt and tiltidspunkt of a registration.
bool ObjectReader::bound(const JsonValue& value,
                         const FieldDescriptor& time,
                         const FieldDescriptor& included) {
    if (!value.is(Kind::object)) return false;
    return frame_members(value, [&](const std::string& name, const JsonValue& part) {
        is_known_ = name == "tidsstempeldatotid" || name == "graenseindikator";
        if (name == "tidsstempeldatotid") return take_value(part, *registration_, time);
        return is_known_ && take_value(part, *registration_, included);
    });
}

/// "livscyklus": "Passiv" is kept aside, because it is no livscykluskode, and means one. Where both
/// are given and say the same, both are kept aside: the writer leaves the code out beside the
/// order.
bool ObjectReader::life_cycle_order(const JsonValue& value) {
    if (is_passive_order(value) && body_.find("livscykluskode") == nullptr)
        registration_->set_livscyklus_kode(v1::LIVSCYKLUS_KODE_PASSIVERET);
    is_known_ = false;
    return false;
}

bool ObjectReader::life_cycle_code(const JsonValue& value, const FieldDescriptor& field) {
    const JsonValue* order = body_.find(passive_order);
    return take_value(value, *registration_, field) &&
           (registration_->livscyklus_kode() != v1::LIVSCYKLUS_KODE_PASSIVERET ||
            order == nullptr || !is_passive_order(*order));
}

bool ObjectReader::member_of_body(const std::string& name, const JsonValue& value) {
    const Descriptor& registration = *v1::Registrering::descriptor();
    const auto part = [&](int number) { return registration.FindFieldByNumber(number); };
    if (name == "id") return source_.id == nullptr && take_value(value, object_, *type_.objekt_id);
    if (name == "attributter") return groups(value, type_.attributter);
    if (name == "tilstande") return groups(value, type_.tilstande);
    if (name == "relationer" && type_.relationer != nullptr) return relations(value);
    if (name == passive_order) return life_cycle_order(value);
    if (name == "fratidspunkt")
        return bound(value,
                     *part(v1::Registrering::kFraTidspunktFieldNumber),
                     *part(v1::Registrering::kFraInkluderetFieldNumber));
    if (name == "tiltidspunkt")
        return bound(value,
                     *part(v1::Registrering::kTilTidspunktFieldNumber),
                     *part(v1::Registrering::kTilInkluderetFieldNumber));
    const auto other = std::ranges::find(type_.others, name, &Member::name);
    if (other != type_.others.end()) return field(value, object_, *other->field);
    if (name == "livscykluskode")
        return life_cycle_code(value, *part(v1::Registrering::kLivscyklusKodeFieldNumber));
    for (const int number : {v1::Registrering::kNoteTekstFieldNumber,
                             v1::Registrering::kBrugerRefFieldNumber,
                             v1::Registrering::kStsTidspunktFieldNumber})
        if (lora_name(*part(number)) == name)
            return take_value(value, *registration_, *part(number));
    is_known_ = false;
    return false;
}

Result<std::vector<Aside>> ObjectReader::run() {
    // Another id inside is kept aside.
    if (source_.id != nullptr) (void)take_value(*source_.id, object_, *type_.objekt_id);
    if (body_.is(Kind::object))
        members(body_, [&](const std::string& name, const JsonValue& value) {
            return member_of_body(name, value);
        });
    else
        refuse(body_, "an object expected");
    if (is_refused_) return fail(error_.code, error_.text);
    return std::move(aside_);
}

}  // namespace

bool is_passive_order(const JsonValue& value) {
    return value.is(Kind::text) && value.text == "Passiv";
}

Result<ReadObject> read_object(const Model& model,
                               const ObjectClass& type,
                               const Source& source,
                               const JsonValue& body) {
    ReadObject read{model.make(*type.type), {}};
    auto aside = ObjectReader(type, source, body, *read.message).run();
    if (!aside) return fail(aside.error().code, aside.error().text);
    read.aside = std::move(*aside);
    return read;
}

}  // namespace vera::oio
