#include "tests/fuzz/address_run.hpp"

#include "bus/base/check.hpp"
#include "bus/event/protected_addresses.hpp"
#include "tests/fuzz/choices.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"
#include "vera/options/v1/options.pb.h"
#include "vera/person/v1/haendelser.pb.h"
#include "vera/person/v1/person.pb.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace vera::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using vera::besked::v1::Haendelsesbesked;
using vera::person::v1::Person;
namespace options = vera::options::v1;

constexpr std::string_view secret = "HEMMELIGVEJ";
constexpr Timestamp now{1'800'000'000'000};  // 2027-01-15

void gather(const FileDescriptor* file, std::vector<const FileDescriptor*>& files) {
    if (std::ranges::find(files, file) != files.end()) return;
    for (int i = 0; i < file->dependency_count(); ++i)
        gather(file->dependency(i), files);
    files.push_back(file);
}

const event::ProtectedAddresses& addresses() {
    static const event::ProtectedAddresses made = [] {
        std::vector<const FileDescriptor*> files;
        gather(vera::person::v1::PersonFlyttet::descriptor()->file(), files);
        gather(Haendelsesbesked::descriptor()->file(), files);
        event::ProtectedAddresses compiled;
        compiled.compile(files);
        return compiled;
    }();
    return made;
}

std::string end_of(Choices& choices) {
    static constexpr std::string_view ends[] = {
        "", "2027-01-14", "2027-01-15", "2026-02-30", "2028-02-29", "i morgen", "1999-12-31"};
    return std::string(ends[choices.below(7)]);
}

Person person(Choices& choices) {
    Person person;
    person.mutable_objekt_id()->set_uuid_identifikator("0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11");
    if (choices.once_in(2)) person.mutable_bopaelsadresse()->set_vejnavn(std::string(secret));
    if (choices.once_in(4)) person.mutable_udlandsadresse()->add_adresselinjer(std::string(secret));
    if (choices.once_in(4)) person.set_sogn(std::string(secret));
    if (choices.once_in(3)) {
        auto& extension = *person.mutable_registrering()->add_lokale_udvidelser();
        extension.set_sti("/x");
        extension.set_vaerdi("1");
    }
    if (choices.once_in(2)) {
        person.mutable_adressebeskyttelse()->set_startdato("2026-01-01");
        person.mutable_adressebeskyttelse()->set_slutdato(end_of(choices));
    }
    return person;
}

void fill(google::protobuf::Any& any, Choices& choices) {
    switch (choices.below(5)) {
        case 0: {
            vera::person::v1::PersonAdressebeskyttelseAendret payload;
            *payload.mutable_person() = person(choices);
            payload.set_er_beskyttet(choices.once_in(2));
            any.PackFrom(payload);
            return;
        }
        case 1:
            any.PackFrom(person(choices));
            return;
        case 2:
            any.set_type_url("type.googleapis.com/ukendt.v1.Type");
            any.set_value("x");
            return;
        default: {
            vera::person::v1::PersonFlyttet payload;
            if (!choices.once_in(6)) *payload.mutable_person() = person(choices);
            payload.set_flyttedato("2026-11-15");
            if (choices.once_in(2))
                payload.mutable_fraflytningsadresse()->set_vejnavn(std::string(secret));
            any.PackFrom(payload);
        }
    }
}

std::string kuvert(Choices& choices) {
    Haendelsesbesked kuvert;
    kuvert.mutable_besked_id()->set_uuid_identifikator("5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a");
    auto& inside = *kuvert.mutable_beskedkuvert();
    if (choices.once_in(4))
        fill(*inside.mutable_filtreringsdata()
                  ->add_objekt_registrering()
                  ->mutable_objekt_registrering_lokal_udvidelse()
                  ->add_any(),
             choices);
    if (choices.once_in(4))
        inside.mutable_leveranceinformation()
            ->mutable_leveranceinformation_lokal_udvidelse()
            ->mutable_beskedfordeler_signatur()
            ->set_signature("x");
    for (auto left = 1 + choices.below(3); left != 0; --left)
        fill(*kuvert.add_beskeddata(), choices);
    return kuvert.SerializeAsString();
}

/// Protobuf's own reading of the same: a second opinion.
struct Opinion {
    bool has_marked = false;
    bool has_person = false;
    bool is_protected = false;
    bool is_sure = true;  ///< all of it could be read
};

bool protects(const vera::person::v1::Adressebeskyttelse& protection) {
    const std::string& end = protection.slutdato();
    int year = 0;
    int month = 0;
    int day = 0;
    char rest = 0;
    const bool is_date =
        end.size() == 10 && end[4] == '-' && end[7] == '-' &&
        end.find_first_not_of("-0123456789") == std::string::npos &&
        std::sscanf(end.c_str(), "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 &&
        std::chrono::year_month_day{std::chrono::year{year},
                                    std::chrono::month{static_cast<unsigned>(month)},
                                    std::chrono::day{static_cast<unsigned>(day)}}
            .ok();
    return !is_date || end >= "2027-01-15";
}

void look(const Message& message, Opinion& opinion) {
    const auto& reflection = *message.GetReflection();
    if (!reflection.GetUnknownFields(message).empty()) opinion.is_sure = false;
    if (message.GetDescriptor() == google::protobuf::Any::descriptor()) {
        const auto& any = static_cast<const google::protobuf::Any&>(message);
        const auto* type =
            google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
                any.type_url().substr(any.type_url().rfind('/') + 1));
        if (type == nullptr) return void(opinion.is_sure = false);
        const std::unique_ptr<Message> inner(
            google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
        if (!inner->ParseFromString(any.value())) return void(opinion.is_sure = false);
        return look(*inner, opinion);
    }
    if (message.GetDescriptor() == Person::descriptor()) opinion.has_person = true;
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        if (field->options().GetExtension(options::beskyttet_adresse)) opinion.has_marked = true;
        if (field->name() == "er_beskyttet" && reflection.GetBool(message, field))
            opinion.is_protected = true;
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
        const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
        for (int i = 0; i < count; ++i) {
            const Message& inner = field->is_repeated()
                                       ? reflection.GetRepeatedMessage(message, field, i)
                                       : reflection.GetMessage(message, field);
            if (inner.GetDescriptor() == vera::person::v1::Adressebeskyttelse::descriptor() &&
                protects(static_cast<const vera::person::v1::Adressebeskyttelse&>(inner)))
                opinion.is_protected = true;
            look(inner, opinion);
        }
    }
}

Opinion opinion_of(const Haendelsesbesked& kuvert) {
    Opinion opinion;
    look(kuvert, opinion);
    return opinion;
}

}  // namespace

void run_addresses(std::string_view bytes, AddressTally& tally) {
    ++tally.runs;
    Choices choices(bytes);
    std::string wire = kuvert(choices);
    const bool is_whole = !choices.once_in(2);
    for (auto left = is_whole ? 0U : 1 + choices.below(6); left != 0 && !wire.empty(); --left) {
        const std::size_t at = choices.number32() % wire.size();
        if (choices.once_in(8))
            wire.resize(at);
        else
            wire[at] = static_cast<char>(choices.byte());
    }
    const auto rest = addresses().without(wire, now);
    if (rest) {
        ++tally.withheld;
        VERA_CHECK(rest->find(secret) == std::string::npos || !is_whole);
        // Nothing is left to withhold, and a second time gives the same.
        VERA_CHECK(addresses().without(*rest, now).value_or(*rest) == *rest);
    } else {
        ++tally.untouched;
    }
    Haendelsesbesked read;
    if (!read.ParseFromString(wire)) return;
    ++tally.parsed;
    const Opinion before = opinion_of(read);
    // A kuvert that Protobuf reads as protected may be held to be so for other reasons as well, but
    // not the other way round.
    if (before.has_marked && (before.is_protected || (before.is_sure && !before.has_person)))
        VERA_CHECK(rest.has_value());
    if (is_whole && before.is_sure && !before.is_protected &&
        (before.has_person || !before.has_marked))
        VERA_CHECK(!rest.has_value());
    if (!rest) return;
    Haendelsesbesked left;
    VERA_CHECK(left.ParseFromString(*rest));
    VERA_CHECK(!opinion_of(left).has_marked);
}

}  // namespace vera::fuzz
