#include "bus/format/kuvert_xml.hpp"

#include "bus/event/base64.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/json_writer.hpp"
#include "bus/event/message_types.hpp"
#include "bus/expr/danish_time.hpp"
#include "bus/format/xml_writer.hpp"

#include "vera/besked/v1/base64_data.pb.h"
#include "vera/besked/v1/haendelsesbesked.pb.h"

#include <climits>
#include <cstdint>
#include <cstdlib>

namespace vera::format {
namespace {

using namespace vera::besked::v1;  // NOLINT(google-build-using-namespace): of generated names
using vera::oio::v1::Tidspunkt;
using Any = google::protobuf::Any;

constexpr std::string_view kuvert_space = "urn:oio:besked:kuvert:1.0";
constexpr std::string_view base_space = "urn:oio:sagdok:3.0.0";
constexpr std::string_view base64_space = "urn:besked:kuvert:1.0";

std::string two(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// xs:dateTime, with the offset that the original had.
std::string date_time(const Tidspunkt& when) {
    const auto& stamp = when.tidsstempel_dato_tid();
    std::int64_t east = when.utc_forskydning_minutter();
    if (when.uden_tidszone()) east = expr::minutes_east(stamp.seconds() * 1000);
    const std::int64_t local = stamp.seconds() + east * 60;
    const std::int64_t days = local / 86400 - (local % 86400 < 0 ? 1 : 0);
    const std::int64_t second = local - days * 86400;
    std::string text = expr::date_text(std::chrono::sys_days{std::chrono::days{days}});
    text += 'T' + two(second / 3600) + ':' + two(second / 60 % 60) + ':' + two(second % 60);
    if (stamp.nanos() != 0) {
        std::string fraction = std::to_string(1'000'000'000 + stamp.nanos()).substr(1);
        fraction.resize(fraction.find_last_not_of('0') + 1);
        text += '.' + fraction;
    }
    if (when.uden_tidszone()) return text;
    if (!when.has_utc_forskydning_minutter()) return text + 'Z';
    const std::int64_t minutes = std::abs(east);
    return text + (east < 0 ? '-' : '+') + two(minutes / 60) + ':' + two(minutes % 60);
}

class KuvertWriter {
public:
    explicit KuvertWriter(const event::Catalogue& catalogue) : catalogue_(catalogue) {}

    Result<std::string> write(const Haendelsesbesked& besked) {
        xml_.open("Haendelsesbesked", {{"xmlns", kuvert_space}, {"xmlns:sd", base_space}});
        identity("BeskedId", besked.besked_id());
        xml_.text("BeskedVersion", besked.besked_version());
        xml_.open("Beskedkuvert");
        filter(besked.beskedkuvert().filtreringsdata());
        delivery(besked.beskedkuvert().leveranceinformation());
        if (besked.beskedkuvert().has_modtagerhandling()) {
            const Modtagerhandling& asked = besked.beskedkuvert().modtagerhandling();
            xml_.open("Modtagerhandling");
            if (asked.has_handling()) identity("Handling", asked.handling());
            if (asked.has_responsmodtager()) identity("Responsmodtager", asked.responsmodtager());
            xml_.close();
        }
        if (besked.beskedkuvert().has_gyldighed_fra())
            time("GyldighedFra", besked.beskedkuvert().gyldighed_fra());
        if (besked.beskedkuvert().has_gyldighed_til())
            time("GyldighedTil", besked.beskedkuvert().gyldighed_til());
        xml_.close();
        for (const Any& payload : besked.beskeddata()) {
            xml_.open("Beskeddata");
            any(payload);
            xml_.close();
        }
        xml_.close();
        if (xml_.is_broken())
            return fail(Errc::bad_input, "a text holds a character that XML cannot have");
        return xml_.take();
    }

private:
    template <class Identity>
    void identity(std::string_view name, const Identity& id) {
        xml_.open(name);
        if (!id.uuid_identifikator().empty())
            xml_.text("sd:UUIDIdentifikator", id.uuid_identifikator());
        else
            xml_.text("sd:URNIdentifikator", id.urn_identifikator());
        xml_.close();
    }

    void time(std::string_view name, const Tidspunkt& when) {
        xml_.open(name);
        if (when.has_tidsstempel_dato_tid())
            xml_.text("sd:TidsstempelDatoTid", date_time(when));
        else
            xml_.text("sd:GraenseIndikator", when.graense_indikator() ? "true" : "false");
        xml_.close();
    }

    void filter(const Filtreringsdata& filter) {
        xml_.open("Filtreringsdata");
        identity("Beskedtype", filter.beskedtype());
        if (filter.has_besked_ansvarlig_aktoer())
            identity("BeskedAnsvarligAktoer", filter.besked_ansvarlig_aktoer());
        for (const auto& receiver : filter.tilladt_modtager())
            identity("TilladtModtager", receiver);
        for (const RelateretObjekt& related : filter.relateret_objekt()) {
            xml_.open("RelateretObjekt");
            identity("ObjektId", related.objekt_id());
            identity("ObjektType", related.objekt_type());
            if (related.has_objekt_rolle()) identity("ObjektRolle", related.objekt_rolle());
            xml_.close();
        }
        for (const ObjektRegistrering& one : filter.objekt_registrering())
            registration(one);
        for (const auto& process : filter.tvaergaaende_proces())
            identity("TvaergaaendeProces", process);
        xml_.close();
    }

    void registration(const ObjektRegistrering& one) {
        xml_.open("ObjektRegistrering");
        if (one.has_objekt_registrering_id())
            identity("ObjektRegistreringId", one.objekt_registrering_id());
        if (one.has_registrerings_aktoer())
            identity("RegistreringsAktoer", one.registrerings_aktoer());
        if (one.has_registreringstidspunkt())
            time("Registreringstidspunkt", one.registreringstidspunkt());
        if (one.has_objekt_ansvarlig_myndighed())
            identity("ObjektAnsvarligMyndighed", one.objekt_ansvarlig_myndighed());
        if (one.has_objekt_id()) identity("ObjektId", one.objekt_id());
        if (one.has_objekt_type()) identity("ObjektType", one.objekt_type());
        if (one.has_objekt_handling()) identity("ObjektHandling", one.objekt_handling());
        if (one.has_opgave_emne()) identity("OpgaveEmne", one.opgave_emne());
        if (one.objekt_registrering_lokal_udvidelse().any_size() != 0) {
            xml_.open("ObjektRegistreringLokalUdvidelse");
            for (const Any& extra : one.objekt_registrering_lokal_udvidelse().any())
                any(extra);
            xml_.close();
        }
        xml_.close();
    }

    void delivery(const Leveranceinformation& from) {
        xml_.open("Leveranceinformation");
        if (from.has_dannelsestidspunkt()) time("Dannelsestidspunkt", from.dannelsestidspunkt());
        if (from.has_transaktions_id()) identity("TransaktionsId", from.transaktions_id());
        if (from.has_kildesystem()) identity("Kildesystem", from.kildesystem());
        if (!from.kildesystem_ip_adresse().empty())
            xml_.text("KildesystemIPAdresse", from.kildesystem_ip_adresse());
        if (!from.kildesystem_akkreditiver().empty())
            xml_.text("KildesystemAkkreditiver", from.kildesystem_akkreditiver());
        if (from.has_sikkerhedsklassificering())
            identity("Sikkerhedsklassificering", from.sikkerhedsklassificering());
        if (from.has_leveranceruter()) {
            xml_.open("Leveranceruter");
            for (const Leverancerute& hop : from.leveranceruter().leverancerute())
                route(hop);
            xml_.close();
        }
        if (from.leveranceinformation_lokal_udvidelse().any_size() != 0) {
            xml_.open("LeveranceinformationLokalUdvidelse");
            for (const Any& extra : from.leveranceinformation_lokal_udvidelse().any())
                any(extra);
            xml_.close();
        }
        xml_.close();
    }

    void route(const Leverancerute& hop) {
        xml_.open("Leverancerute");
        if (hop.has_fordelingssystem()) identity("Fordelingssystem", hop.fordelingssystem());
        if (hop.has_modtagelses_tidspunkt())
            time("ModtagelsesTidspunkt", hop.modtagelses_tidspunkt());
        if (hop.has_leverance_tidspunkt()) time("LeveranceTidspunkt", hop.leverance_tidspunkt());
        if (hop.has_modtaget_fra_system()) identity("ModtagetFraSystem", hop.modtaget_fra_system());
        if (hop.has_er_leveret_i_henhold_til())
            identity("ErLeveretIHenholdTil", hop.er_leveret_i_henhold_til());
        const LeveranceruteLokalUdvidelse& local = hop.leverancerute_lokal_udvidelse();
        if (local.has_antal_leveranceforsoeg() || local.any_size() != 0) {
            xml_.open("LeveranceruteLokalUdvidelse");
            if (local.has_antal_leveranceforsoeg())
                xml_.text("AntalLeveranceforsoeg", std::to_string(local.antal_leveranceforsoeg()));
            for (const Any& extra : local.any())
                any(extra);
            xml_.close();
        }
        xml_.close();
    }

    void any(const Any& any) {
        if (event::type_of_url(any.type_url()) == Base64Data::descriptor()->full_name()) {
            Base64Data data;
            if (data.ParseFromString(any.value()))
                return base64(
                    data.content_type(), data.encoding(), data.file_type(), data.content());
        }
        base64("application/json",
               "UTF-8",
               ".json",
               event::write_json(any, catalogue_.messages(), false));
    }

    void base64(std::string_view content_type,
                std::string_view encoding,
                std::string_view file_type,
                std::string_view content) {
        XmlWriter::Attributes attributes{{"xmlns", base64_space}, {"content-type", content_type}};
        if (!encoding.empty()) attributes.emplace_back("encoding", encoding);
        if (!file_type.empty()) attributes.emplace_back("file-type", file_type);
        xml_.text("Base64", event::to_base64(content), attributes);
    }

    const event::Catalogue& catalogue_;
    XmlWriter xml_;
};

}  // namespace

Result<std::string> kuvert_xml(std::string_view kuvert, const event::Catalogue& catalogue) {
    Haendelsesbesked besked;
    if (kuvert.size() > INT_MAX ||
        !besked.ParseFromArray(kuvert.data(), static_cast<int>(kuvert.size())))
        return fail(Errc::bad_input, "no kuvert");
    return KuvertWriter(catalogue).write(besked);
}

}  // namespace vera::format
