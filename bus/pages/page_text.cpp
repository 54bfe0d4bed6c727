#include "bus/pages/page_text.hpp"

namespace vera::pages {
namespace {

TextSection connection() {
    return {
        "tilslutning",
        {"Tilslutning", "How to connect"},
        {{"Systemer taler AMQP 1.0 med VeRA over TLS 1.2 eller nyere og beviser, hvem de er, med "
          "et "
          "klientcertifikat (SASL EXTERNAL) eller en hemmelighed (SASL PLAIN). Enhver klient til "
          "AMQP 1.0 kan bruges.",
          "Systems speak AMQP 1.0 to VeRA over TLS 1.2 or newer and prove who they are by a client "
          "certificate (SASL EXTERNAL) or a secret (SASL PLAIN). Any AMQP 1.0 client will do."}},
        {{"`events`: her udgives hændelser; ét link kan bruges til alle typer.",
          "`events`: where events are published; one link serves all types."},
         {"`sub/<abonnement>`: her hentes et abonnements hændelser; flere forbrugere kan dele dem.",
          "`sub/<subscription>`: where the events of a subscription are taken; consumers may share "
          "them."},
         {"`sub/<abonnement>/$deadletter`: hændelser, der er opgivet, med årsagen.",
          "`sub/<subscription>/$deadletter`: events that were given up, with the reason."},
         {"`inbox/<system>`: meddelelser til ét system.",
          "`inbox/<system>`: messages to one system."},
         {"content-type `application/protobuf`: kuverten som Protobuf "
          "(`vera.besked.v1.Haendelsesbesked`); `application/json`: den samme som "
          "protobuf-JSON. Modtageren får den form, som blev udgivet.",
          "content-type `application/protobuf`: the kuvert in Protobuf "
          "(`vera.besked.v1.Haendelsesbesked`); `application/json`: the same as protobuf-JSON. "
          "Receivers get the form that was published."}}};
}

TextSection promises() {
    return {
        "loefter",
        {"Leveringsløfter", "Delivery promises"},
        {},
        {{"Accepteret betyder holdbart: `accepted` svares først, når hver kopi og "
          "revisionsposten er skrevet til disk.",
          "Accepted means durable: `accepted` is answered only when every copy and the audit "
          "record are on disk."},
         {"Mindst én gang: hvert abonnement, der passer, får hændelsen, til den er kvitteret. "
          "Samme BeskedId fra samme system inden for vinduet (24 timer, hvis intet andet er "
          "valgt) giver ingen nye kopier; samme BeskedId med andet indhold afvises.",
          "At least once: every matching subscription gets the event until it is settled. The "
          "same BeskedId from the same system within the window (24 hours unless configured) "
          "makes no new copies; the same BeskedId with other bytes is refused."},
         {"Rækkefølge pr. objekt: hændelser om samme objekt leveres én ad gangen, i den "
          "rækkefølge de blev accepteret; forskellige objekter leveres side om side.",
          "Order per object: events about one object are delivered one at a time, in the order "
          "in which they were accepted; different objects side by side."},
         {"Intet forsvinder i stilhed: det, som intet abonnement ville have, det afviste og det "
          "opgivne kan findes igen med årsag.",
          "Nothing vanishes silently: what no subscription wanted, what was refused and what "
          "was given up can be found, with the reason."},
         {"Bytes er afsenderens: hændelsen leveres, som den blev modtaget.",
          "The bytes are the publisher's: an event is delivered as it was received."},
         {"Modtagere skal tåle at få en hændelse igen: BeskedId fortæller, om den er set før.",
          "Receivers must bear getting an event again: BeskedId tells whether it was seen "
          "before."}}};
}

TextSection answers() {
    return {
        "svar",
        {"Svar til afsenderen", "Answers to the publisher"},
        {{"Hver udgivet hændelse får ét svar.", "Every published event gets one answer."}},
        {{"`accepted`: taget imod.", "`accepted`: taken."},
         {"`rejected` med `vera:schema-unknown`: typen kendes ikke.",
          "`rejected` with `vera:schema-unknown`: the type is not known."},
         {"`rejected` med `vera:schema-invalid`: en regel er brudt; teksten nævner feltet og "
          "reglen, aldrig værdien.",
          "`rejected` with `vera:schema-invalid`: a rule is broken; the text names field and rule, "
          "never the value."},
         {"`rejected` med `vera:attribute-mismatch`: kuvert, nyttelast og CloudEvents-attributter "
          "siger ikke det samme.",
          "`rejected` with `vera:attribute-mismatch`: kuvert, payload and CloudEvents attributes "
          "disagree."},
         {"`rejected` med `vera:id-reused`: BeskedId er brugt til noget andet.",
          "`rejected` with `vera:id-reused`: the BeskedId was used for something else."},
         {"`rejected` med `vera:too-large`: større end tilladt.",
          "`rejected` with `vera:too-large`: larger than allowed."},
         {"`rejected` med `amqp:decode-error`: det er ingen kuvert.",
          "`rejected` with `amqp:decode-error`: it is no kuvert."},
         {"`released`: fejlen er VeRAs; send den samme hændelse igen.",
          "`released`: the fault is VeRA's; send the same event again."}}};
}

TextSection change() {
    return {
        "aendring",
        {"Regler for ændring", "Rules of change"},
        {{"En pakke er et løfte: inden for `v1` kan en modtager læse alt, hvad den kunne i går.",
          "A package is a promise: within `v1` a receiver can read whatever it could "
          "yesterday."}},
        {{"Intet omdøbes, fjernes, får nyt nummer, anden type eller andet antal. Et felt, der "
          "opgives, bliver stående eller reserveres.",
          "Nothing is renamed, removed, renumbered, retyped or given another cardinality. A "
          "field that is given up stays or is reserved."},
         {"Det, der må komme til, er beskeder, felter, der ikke kræves, og værdier.",
          "What may be added: messages, fields that are not required, values."},
         {"Et nyt krav eller en strammere regel er et brud og kommer i `v2` ved siden af `v1`.",
          "A new requirement or a tighter rule breaks and goes into `v2` beside `v1`."},
         {"Modtagere skal tåle felter og værdier i nyttelasten, som de ikke kender.",
          "Receivers must bear fields and values in the payload that they do not know."},
         {"En beskedtypes UUID genbruges aldrig.", "A beskedtype's UUID is never reused."}}};
}

TextSection personal_data() {
    return {"personoplysninger",
            {"Personoplysninger", "Personal data"},
            {{"Hver hændelsestype har et normalt følsomhedsniveau, og hvert felt med "
              "personoplysninger er mærket. Mærkede felter vises ikke i logge, målinger og "
              "fejltekster.",
              "Every type of event has a usual level of sensitivity, and every field with personal "
              "data is marked. Marked fields are not shown in logs, metrics and error texts."}},
            {{"Niveau 1: ikke fortrolige data.", "Level 1: no confidential data."},
             {"Niveau 2: fortrolige personoplysninger.", "Level 2: confidential personal data."},
             {"Niveau 3: følsomme personoplysninger.", "Level 3: sensitive personal data."},
             {"Niveau 4: særligt beskyttede oplysninger.", "Level 4: specially protected data."},
             {"Personnumre kontrolleres for 10 cifre og en mulig dato, aldrig for modulus 11.",
              "CPR numbers are checked for 10 digits and a possible date, never for modulus 11."},
             {"Alle personer i eksemplerne er offentlige testpersoner.",
              "All persons in the examples are public test persons."}}};
}

}  // namespace

std::vector<TextSection> text_sections() {
    return {connection(), promises(), answers(), change(), personal_data()};
}

std::string counts_in_words(const Outline& outline, Language language) {
    const auto counted = [language](std::size_t count, const Words& one, const Words& many) {
        return std::to_string(count) + ' ' + std::string((count == 1 ? one : many).in(language));
    };
    return counted(outline.events,
                   {"hændelsestype", "type of events"},
                   {"hændelsestyper", "types of events"}) +
           ", " +
           counted(outline.objects,
                   {"objekt eller del", "object or part"},
                   {"objekter og dele", "objects and parts"}) +
           std::string(Words{" og ", " and "}.in(language)) +
           counted(outline.enums, {"værdisæt", "set of values"}, {"værdisæt", "sets of values"});
}

}  // namespace vera::pages
