#include "bus/event/kuvert_view.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/wire.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"
#include "vera/oio/v1/grundtyper.pb.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <utility>

namespace vera::event {
namespace {

using vera::besked::v1::Filtreringsdata;
using vera::besked::v1::Haendelsesbesked;
using vera::besked::v1::Leveranceinformation;
using vera::besked::v1::Modtagerhandling;
using vera::besked::v1::ObjektRegistrering;
using vera::besked::v1::RelateretObjekt;
using vera::oio::v1::Tidspunkt;
using vera::oio::v1::UnikId;
using Kuvert = vera::besked::v1::Beskedkuvert;

/// Bounds the work that one event can ask of the routing table.
constexpr std::size_t max_objects = 1024;

constexpr std::string_view registration_path =
    "Beskedkuvert.Filtreringsdata.ObjektRegistrering[0].";

template <class Visit>
void each_field(std::string_view bytes, Visit&& visit) {
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field))
        visit(static_cast<int>(field.number), field);
}

/// The UUID or URN of an encoded UnikId or Aktoer; both have the same field numbers.
std::string_view id_text(std::string_view unik_id) {
    static_assert(int{vera::oio::v1::Aktoer::kUuidIdentifikatorFieldNumber} ==
                  int{UnikId::kUuidIdentifikatorFieldNumber});
    WireReader reader(unik_id);
    WireField field;
    return reader.next(field) ? field.bytes : std::string_view{};
}

struct FirstRegistration {
    bool is_there = false;
    std::string_view myndighed, objekttype, handling, kle;
};

class Derivation {
public:
    Derivation(const Surroundings& around, Attributes& attributes)
        : around_(around),
          attributes_(attributes) {}

    void filtreringsdata(std::string_view bytes) {
        each_field(bytes, [this](int number, const WireField& field) {
            if (number == Filtreringsdata::kBeskedtypeFieldNumber)
                attributes_.beskedtype = canonical_id(id_text(field.bytes));
            if (number == Filtreringsdata::kBeskedAnsvarligAktoerFieldNumber)
                system_ = id_text(field.bytes);
            if (number == Filtreringsdata::kObjektRegistreringFieldNumber)
                registration(field.bytes);
            if (number == Filtreringsdata::kRelateretObjektFieldNumber) related(field.bytes);
        });
        auto& objects = attributes_.objects;
        objects.insert(objects.end(),
                       std::make_move_iterator(related_.begin()),
                       std::make_move_iterator(related_.end()));
    }

    void leveranceinformation(std::string_view bytes) {
        each_field(bytes, [this](int number, const WireField& field) {
            if (number == Leveranceinformation::kDannelsestidspunktFieldNumber)
                dannet_ = time_of(field.bytes);
            if (number == Leveranceinformation::kSikkerhedsklassificeringFieldNumber)
                attributes_.foelsomhed = around_.names.level_of(canonical_id(id_text(field.bytes)));
            if (number == Leveranceinformation::kKildesystemFieldNumber)
                origin_ = id_text(field.bytes);
            if (number == Leveranceinformation::kLeveranceruterFieldNumber)
                is_relayed_ = !field.bytes.empty();
        });
    }

    [[nodiscard]] std::optional<Refusal> finish(const Identity* identity);

private:
    void registration(std::string_view bytes);
    void related(std::string_view bytes);
    void add_object(std::vector<std::string>& objects, std::string_view unik_id) {
        if (++object_count_ <= max_objects) objects.push_back(object_id(unik_id));
    }
    /// One form for one object: of a person in the table it is the UUID.
    [[nodiscard]] std::string object_id(std::string_view unik_id) const {
        const std::string_view id = id_text(unik_id);
        const std::string_view uuid = around_.persons.uuid_of(cpr_of_urn(id));
        return uuid.empty() ? canonical_id(id) : std::string(uuid);
    }

    const Surroundings& around_;
    Attributes& attributes_;
    FirstRegistration first_;
    Timestamp dannet_;
    Timestamp registreret_;
    std::string_view system_;
    std::string_view origin_;  ///< Kildesystem
    bool is_relayed_ = false;  ///< another distributor has had it
    std::vector<std::string> related_;
    std::size_t object_count_ = 0;
};

void Derivation::registration(std::string_view bytes) {
    FirstRegistration found;
    found.is_there = true;
    each_field(bytes, [&](int number, const WireField& field) {
        switch (number) {
            case ObjektRegistrering::kObjektAnsvarligMyndighedFieldNumber:
                found.myndighed = id_text(field.bytes);
                break;
            case ObjektRegistrering::kObjektIdFieldNumber:
                if (!first_.is_there) attributes_.object = object_id(field.bytes);
                add_object(attributes_.objects, field.bytes);
                break;
            case ObjektRegistrering::kObjektTypeFieldNumber:
                found.objekttype = id_text(field.bytes);
                break;
            case ObjektRegistrering::kObjektHandlingFieldNumber:
                found.handling = id_text(field.bytes);
                break;
            case ObjektRegistrering::kOpgaveEmneFieldNumber:
                found.kle = id_text(field.bytes);
                break;
            case ObjektRegistrering::kRegistreringstidspunktFieldNumber:
                if (!registreret_) registreret_ = time_of(field.bytes);
                break;
            default:
                break;
        }
    });
    if (!first_.is_there) first_ = found;
}

void Derivation::related(std::string_view bytes) {
    each_field(bytes, [this](int number, const WireField& field) {
        if (number == RelateretObjekt::kObjektIdFieldNumber) add_object(related_, field.bytes);
    });
}

std::optional<Refusal> Derivation::finish(const Identity* identity) {
    const auto refused = [](std::string_view where, std::string_view what) {
        return Refusal{Condition::schema_invalid, std::string(where).append(what)};
    };
    if (object_count_ > max_objects)
        return refused("Beskedkuvert.Filtreringsdata", ": has more than 1024 objects");
    const std::string_view cvr = cvr_of_urn(first_.myndighed);
    if (!cvr.empty() && !is_digits(cvr, 8))
        return refused(registration_path,
                       "ObjektAnsvarligMyndighed.URNIdentifikator: is not a CVR number (8 digits)");
    const std::string_view kle = kle_of_urn(first_.kle);
    if (!kle.empty() && !has_format(kle, vera::options::v1::FORMAT_KLE))
        return refused(registration_path,
                       "OpgaveEmne.URNIdentifikator: is not a KLE number (NN, NN.NN or NN.NN.NN)");

    attributes_.myndighed = cvr;
    attributes_.kle = kle;
    attributes_.objekttype = canonical_id(first_.objekttype);
    attributes_.handling = canonical_id(first_.handling);
    attributes_.time = dannet_ ? dannet_ : registreret_;

    if (!holds_cpr(attributes_.object)) attributes_.subject = attributes_.object;

    std::string_view authority = cvr;
    std::string system = canonical_id(system_);
    if (system.empty() || (is_relayed_ && !origin_.empty())) system = canonical_id(origin_);
    if (identity != nullptr) {
        if (authority.empty()) authority = identity->authority;
        if (!identity->system.empty() && !(is_relayed_ && !system.empty()))
            system = identity->system;
    }
    if (!authority.empty()) attributes_.source.append("urn:oio:cvr-nr:").append(authority);
    attributes_.source.append("/").append(system);
    return std::nullopt;
}

}  // namespace

Timestamp time_of(std::string_view tidspunkt) {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    each_field(tidspunkt, [&](int number, const WireField& field) {
        if (number != Tidspunkt::kTidsstempelDatoTidFieldNumber) return;
        each_field(field.bytes, [&](int part, const WireField& value) {
            if (part == google::protobuf::Timestamp::kSecondsFieldNumber)
                seconds = static_cast<std::int64_t>(value.value);
            if (part == google::protobuf::Timestamp::kNanosFieldNumber)
                nanos = static_cast<std::int64_t>(value.value);
        });
    });
    return Timestamp{seconds * 1000 + nanos / 1'000'000};
}

KuvertView view_kuvert(std::string_view bytes) {
    KuvertView view;
    each_field(bytes, [&view](int number, const WireField& field) {
        if (number == Haendelsesbesked::kBeskedIdFieldNumber) view.besked_id = field.bytes;
        if (number == Haendelsesbesked::kBeskedkuvertFieldNumber) view.beskedkuvert = field.bytes;
        if (number != Haendelsesbesked::kBeskeddataFieldNumber) return;
        Payload payload;
        each_field(field.bytes, [&payload](int part, const WireField& value) {
            if (part == google::protobuf::Any::kTypeUrlFieldNumber) payload.type_url = value.bytes;
            if (part == google::protobuf::Any::kValueFieldNumber) payload.value = value.bytes;
        });
        view.beskeddata.push_back(payload);
    });
    return view;
}

ReceiverAction receiver_action_of(const KuvertView& kuvert) {
    ReceiverAction action;
    each_field(kuvert.beskedkuvert, [&action](int number, const WireField& field) {
        if (number != Kuvert::kModtagerhandlingFieldNumber) return;
        each_field(field.bytes, [&action](int part, const WireField& value) {
            if (part == Modtagerhandling::kHandlingFieldNumber)
                action.handling = canonical_id(id_text(value.bytes));
            if (part == Modtagerhandling::kResponsmodtagerFieldNumber)
                action.responsmodtager = canonical_id(id_text(value.bytes));
        });
    });
    return action;
}

std::optional<Refusal> derive(const KuvertView& kuvert,
                              const Identity* identity,
                              const Surroundings& around,
                              Attributes& attributes) {
    attributes.id = canonical_id(id_text(kuvert.besked_id));
    Derivation derivation(around, attributes);
    each_field(kuvert.beskedkuvert, [&derivation](int number, const WireField& field) {
        if (number == Kuvert::kFiltreringsdataFieldNumber) derivation.filtreringsdata(field.bytes);
        if (number == Kuvert::kLeveranceinformationFieldNumber)
            derivation.leveranceinformation(field.bytes);
    });
    return derivation.finish(identity);
}

}  // namespace vera::event
