#include "bus/pages/rule_words.hpp"

#include <utility>

namespace vera::pages {
namespace {

namespace options = vera::options::v1;

Words format_words(options::Format format) {
    switch (format) {
        case options::FORMAT_UUID:
            return {"UUID (RFC 4122)", "a UUID (RFC 4122)"};
        case options::FORMAT_URN:
            return {"URN (RFC 8141)", "a URN (RFC 8141)"};
        case options::FORMAT_CVR:
            return {"CVR-nummer: 8 cifre, modulus 11", "a CVR number: 8 digits, modulus 11"};
        case options::FORMAT_CPR:
            return {"personnummer: 10 cifre med en mulig dato, ikke modulus 11",
                    "a CPR number: 10 digits with a possible date, not modulus 11"};
        case options::FORMAT_KLE:
            return {"KLE-nummer: NN, NN.NN eller NN.NN.NN", "a KLE number: NN, NN.NN or NN.NN.NN"};
        case options::FORMAT_KOMMUNEKODE:
            return {"kommunekode: 4 cifre", "a municipality code: 4 digits"};
        case options::FORMAT_DATO:
            return {"dato: ÅÅÅÅ-MM-DD", "a date: YYYY-MM-DD"};
        case options::FORMAT_HANDLINGSFACET:
            return {"KLE-handlingsfacet: et bogstav og to cifre",
                    "a KLE action facet: a letter and two digits"};
        case options::FORMAT_PNR:
            return {"P-nummer: 10 cifre", "a production unit's number: 10 digits"};
        case options::FORMAT_URI:
            return {"URI med skema (RFC 3986)", "a URI with a scheme (RFC 3986)"};
        case options::FORMAT_SPROG:
            return {"sprogkode (RFC 5646)", "a language tag (RFC 5646)"};
        default:  // open enum of Protobuf: unspecified, or newer than this code
            return {};
    }
}

Words urn_words(options::UrnArt kind) {
    switch (kind) {
        case options::URN_ART_CVR:
            return {"CVR-nummer (urn:oio:cvr-nr:NNNNNNNN)", "CVR number (urn:oio:cvr-nr:NNNNNNNN)"};
        case options::URN_ART_CPR:
            return {"personnummer (urn:oio:cpr-nr:NNNNNNNNNN)",
                    "CPR number (urn:oio:cpr-nr:NNNNNNNNNN)"};
        case options::URN_ART_PNR:
            return {"P-nummer (urn:oio:pnr:NNNNNNNNNN)",
                    "production unit (urn:oio:pnr:NNNNNNNNNN)"};
        case options::URN_ART_IT_SYSTEM:
            return {"it-system (urn:oio:it-system-uuid:UUID)",
                    "IT system (urn:oio:it-system-uuid:UUID)"};
        case options::URN_ART_KLE:
            return {"KLE-nummer (urn:oio:kle:NN.NN.NN)", "KLE number (urn:oio:kle:NN.NN.NN)"};
        case options::URN_ART_FORM:
            return {"FORM-nummer (urn:oio:form:NN.NN.NN)", "FORM number (urn:oio:form:NN.NN.NN)"};
        case options::URN_ART_PERSON_UDEN_CPR:
            return {
                "person uden personnummer (urn:oio:us:personid:…, urn:oio:udk:borgerid:…, "
                "urn:oio:fuldtnavn:…)",
                "person without CPR number (urn:oio:us:personid:…, urn:oio:udk:borgerid:…, "
                "urn:oio:fuldtnavn:…)"};
        default:  // open enum of Protobuf
            return {"ukendt art", "unknown kind"};
    }
}

std::string length_words(const Rules& rules, bool is_bytes, Language language) {
    const bool is_danish = language == Language::da;
    std::string_view unit = is_danish ? "tegn" : "characters";
    if (is_bytes) unit = "bytes";
    const std::string most = std::to_string(rules.max_length);
    const std::string least = std::to_string(rules.min_length);
    std::string text;
    if (rules.max_length == 0)
        text = (is_danish ? "mindst " : "at least ") + least;
    else if (rules.min_length == rules.max_length)
        text = (is_danish ? "præcis " : "exactly ") + most;
    else if (rules.min_length == 0)
        text = (is_danish ? "højst " : "at most ") + most;
    else
        text = least + (is_danish ? " til " : " to ") + most;
    return text.append(" ").append(unit);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string text;
    for (const std::string& part : parts)
        text.append(text.empty() ? "" : between).append(part);
    return text;
}

std::string choice_words(const Choice& choice, Language language) {
    const Words how = choice.is_required ? Words{"præcis én af ", "exactly one of "}
                                         : Words{"højst én af ", "at most one of "};
    return std::string(how.in(language)) + joined(choice.fields, ", ");
}

}  // namespace

std::vector<std::string> rules_in_words(const Message& message,
                                        const Field& field,
                                        Language language) {
    const Rules& rules = field.rules;
    std::vector<std::string> words;
    const auto add = [&](const Words& rule) {
        if (!rule.en.empty()) words.emplace_back(rule.in(language));
    };
    if (rules.is_required) add({"skal udfyldes", "required"});
    if (field.choice >= 0 && static_cast<std::size_t>(field.choice) < message.choices.size())
        words.push_back(
            choice_words(message.choices[static_cast<std::size_t>(field.choice)], language));
    add(format_words(rules.format));
    if (rules.min_length != 0 || rules.max_length != 0)
        words.push_back(length_words(rules, field.type == "bytes", language));
    if (!rules.pattern.empty())
        words.push_back(std::string(Words{"følger mønstret ", "matches "}.in(language)) +
                        rules.pattern);
    if (!rules.urns.empty()) {
        std::vector<std::string> kinds;
        for (const options::UrnArt kind : rules.urns)
            kinds.emplace_back(urn_words(kind).in(language));
        words.push_back(std::string(Words{"URN må kun være ", "a URN only of "}.in(language)) +
                        joined(kinds, Words{" eller ", " or "}.in(language)));
    }
    if (rules.wants_known_value) add({"kun kendte værdier", "only known values"});
    if (rules.max_at_a_time != 0)
        words.push_back(
            std::string(Words{"højst ", "at most "}.in(language)) +
            std::to_string(rules.max_at_a_time) +
            std::string(Words{" ad gangen efter virkning", " at a time by Virkning"}.in(language)));
    if (rules.is_protected_address)
        add({"udelades for modtagere uden ret, når adressen er beskyttet",
             "left out for receivers without the right when the address is protected"});
    if (field.is_deprecated) add({"udgår", "deprecated"});
    return words;
}

std::vector<std::string> rules_in_words(const Message& message, Language language) {
    std::vector<std::string> words;
    for (const Choice& choice : message.choices)
        words.push_back(choice_words(choice, language));
    for (const Period& period : message.periods)
        words.push_back(in_words(period, language));
    return words;
}

std::string in_words(const Period& period, Language language) {
    return period.to +
           std::string(Words{" må ikke ligge før ", " may not be before "}.in(language)) +
           period.from;
}

std::string personal_in_words(const Field& field, Language language) {
    Words personal;
    switch (field.personal) {
        case options::PERSONOPLYSNING_ALMINDELIG:
            personal = {"almindelig", "ordinary"};
            break;
        case options::PERSONOPLYSNING_FORTROLIG:
            personal = {"fortrolig", "confidential"};
            break;
        case options::PERSONOPLYSNING_FOELSOM:
            personal = {"følsom", "sensitive"};
            break;
        case options::PERSONOPLYSNING_PERSONNUMMER:
            personal = {"personnummer", "CPR number"};
            break;
        default:  // open enum of Protobuf: unspecified
            return {};
    }
    Words masking{"vises ikke", "not shown"};
    switch (field.masking) {
        case options::MASKERING_FOERSTE_TEGN:
            masking = {"kun første tegn vises", "only the first character is shown"};
            break;
        case options::MASKERING_SIDSTE_FIRE:
            masking = {"kun de sidste fire tegn vises", "only the last four characters are shown"};
            break;
        case options::MASKERING_AAR:
            masking = {"kun årstallet vises", "only the year is shown"};
            break;
        default:  // open enum of Protobuf: all of it hidden
            break;
    }
    return std::string(personal.in(language)).append("; ").append(masking.in(language));
}

std::string_view level_in_words(int foelsomhed, Language language) {
    switch (foelsomhed) {
        case 1:
            return Words{"ikke fortrolige data", "no confidential data"}.in(language);
        case 2:
            return Words{"fortrolige personoplysninger", "confidential personal data"}.in(language);
        case 3:
            return Words{"følsomme personoplysninger", "sensitive personal data"}.in(language);
        case 4:
            return Words{"særligt beskyttede oplysninger", "specially protected data"}.in(language);
        default:
            return {};
    }
}

std::string_view art_in_words(options::Besked::Art art, Language language) {
    switch (art) {
        case options::Besked::ART_LIVSCYKLUS:
            return Words{"livscyklus", "life cycle"}.in(language);
        case options::Besked::ART_RETTELSE:
            return Words{"rettelse", "correction"}.in(language);
        case options::Besked::ART_ANNULLERING:
            return Words{"annullering", "annulment"}.in(language);
        default:  // open enum of Protobuf: unspecified counts as a business event
            return Words{"forretningshændelse", "business event"}.in(language);
    }
}

std::string_view name_of(options::Besked::Art art) {
    switch (art) {
        case options::Besked::ART_LIVSCYKLUS:
            return "livscyklus";
        case options::Besked::ART_RETTELSE:
            return "rettelse";
        case options::Besked::ART_ANNULLERING:
            return "annullering";
        default:  // open enum of Protobuf: unspecified counts as a business event
            return "forretning";
    }
}

std::string source_in_words(std::string_view source, Language language) {
    return std::string(
        source == "I"
            ? Words{"udledt, ingen offentlig kilde", "inferred, no public source"}.in(language)
            : source);
}

std::string short_type(const Field& field) {
    std::string type(field.kind == Kind::scalar ? std::string_view(field.type)
                                                : short_name(field.type));
    return field.kind == Kind::map ? "map<" + field.key_type + ", " + type + ">" : type;
}

std::string_view short_name(std::string_view full_name) {
    // A package begins with a small letter, a type with a capital.
    std::string_view rest = full_name;
    while (true) {
        const auto dot = rest.find('.');
        if (dot == std::string_view::npos) return rest;
        if (rest[0] >= 'A' && rest[0] <= 'Z') return rest;
        rest.remove_prefix(dot + 1);
    }
}

}  // namespace vera::pages
