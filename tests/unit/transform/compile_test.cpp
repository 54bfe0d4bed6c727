// What is wrong with a mapping is told before any event, with line, field and offset.
#include "tests/support/catch.hpp"
#include "tests/unit/transform/mapping_bed.hpp"

using namespace vera::transform::test;

namespace {

struct Row {
    std::string rest;  ///< behind the head, from line 4 on
    std::vector<std::string> want;
};

TEST_CASE("transform: what cannot be is an error with line, field and offset", "[transform]") {
    const auto row = GENERATE(values<Row>({
        {"map: {navn: data.fornavn}\n", {}},
        // the target
        {"map:\n  navn: data.fornavn\n  kommune: data.kode\n",
         {"error 6 map.kommune: skole.v1.Elev has no field kommune; it has navn, kle, tilstand, "
          "sted, kontakter, fra, antal, koder, vedlagt, vaegt, noegle, dag …"}},
        {"map:\n  navn: data.fornavn\n  tilstnd: data.kode\n",
         {"error 6 map.tilstnd: skole.v1.Elev has no field tilstnd; did you mean tilstand?"}},
        {"map:\n  navn: data.fornavn\n  sted.vejj: data.kode\n",
         {"error 6 map.sted.vejj: skole.v1.Sted has no field vejj; did you mean vej?"}},
        {"map: {kle: data.kode}\n",
         {"error 4 map.navn: skole.v1.Elev requires it, and it is not mapped"}},
        {"map: {navn: data.efternavn}\n",
         {"warning 4 map.navn: skole.v1.Elev requires it, and some events may give no value: "
          "without a `default` they are dead-lettered"}},
        {"map: {navn: {value: data.efternavn, default: \"'ukendt'\"}}\n", {}},
        {"map:\n  navn: data.fornavn\n  objekt.urn_identifikator: data.kode\n", {}},
        {"map:\n  navn: data.fornavn\n  objekt: {map: {}}\n",
         {"error 6 map.objekt: has neither `value` nor `map`"}},
        {"map:\n  navn: data.fornavn\n  navn: data.kode\n",
         {"error 6 map.navn: is mapped in line 5 already"}},
        // the source
        {"map:\n  navn: data.fornavm\n",
         {"error 5 map.navn: offset 5: fag.v1.Flyttet has no field fornavm; did you mean "
          "data.fornavn?"}},
        {"map:\n  navn: CONCAT(data.fornavn, ' ', data.efternavnet)\n",
         {"error 5 map.navn: offset 31: fag.v1.Flyttet has no field efternavnet; did you mean "
          "data.efternavn?"}},
        {"map:\n  navn: fornavn\n",
         {"error 5 map.navn: offset 0: events have no attribute fornavn"}},
        {"map:\n  navn: UPER(data.fornavn)\n",
         {"error 5 map.navn: offset 0: there is no function UPER; did you mean UPPER?"}},
        {"map:\n  navn: (data.fornavn\n",
         {"error 5 map.navn: offset 13: expected ), but the expression ends here"}},
        // types
        {"map:\n  navn: data.antal\n",
         {"error 5 map.navn: gives a value of type int64, and navn is a text: STRING(…) makes "
          "one"}},
        {"map:\n  navn: data.fornavn\n  antal: data.kode\n",
         {"error 6 map.antal: gives a value of type text, and antal is a int32: INT(…) makes one"}},
        {"map:\n  navn: data.fornavn\n  fra: data.dato\n",
         {"error 6 map.fra: gives a value of type text, and fra is a google.protobuf.Timestamp: "
          "TIMESTAMP(…) or MIDNIGHT(…) make one"}},
        {"map:\n  navn: data.fornavn\n  sted: data.adresse\n",
         {"error 6 map.sted: offset 0: data.adresse is a fag.v1.Adresse: name one of its fields"}},
        {"map:\n  navn: data.koder\n",
         {"error 5 map.navn: may give several values, and navn takes one",
          "warning 5 map.navn: skole.v1.Elev requires it, and some events may give no value: "
          "without a `default` they are dead-lettered"}},
        {"map:\n  navn: data.fornavn\n  aktiv: data.antal\n",
         {"error 6 map.aktiv: gives a value of type int64, and aktiv is a bool"}},
        {"map:\n  navn: data.fornavn\n  tilstand: \"'TILSTAND_INDE'\"\n",
         {"error 6 map.tilstand: 'TILSTAND_INDE' is no value of skole.v1.Tilstand; did you mean "
          "TILSTAND_IND?"}},
        {"map:\n  navn: data.fornavn\n  objekt: \"'123'\"\n",
         {"error 6 map.objekt: '123' is neither a UUID nor a URN"}},
        {"map:\n  navn: {value: data.fornavn, default: 7}\n",
         {"error 5 map.navn.default: gives a value of type integer, and navn is a text: "
          "STRING(…) makes one"}},
        {"map:\n  navn: {value: data.fornavn, when: data.kode}\n",
         {"error 5 map.navn.when: is no condition: it gives a value of type text",
          "warning 5 map.navn: skole.v1.Elev requires it, and some events may give no value: "
          "without a `default` they are dead-lettered"}},
        // each
        {"map:\n  navn: data.fornavn\n  kontakter: {map: {navn: data.kode}}\n",
         {"error 6 map.kontakter: is a repeated skole.v1.Kontakt: `each` is missing"}},
        {"map:\n  navn: data.fornavn\n  kontakter:\n    each: data.boern\n    as: barn\n    map:\n"
         "      navn: barn.nvan\n",
         {"error 10 map.kontakter.navn: offset 5: fag.v1.Barn has no field nvan; did you mean "
          "barn.navn?"}},
        {"map:\n  navn: data.fornavn\n  kontakter: {each: data.boern, as: kle, map: {navn: "
         "data.kode}}\n",
         {"error 6 map.kontakter.as: wants a name of lower-case letters and digits that no "
          "attribute has"}},
        {"map:\n  navn: data.fornavn\n  kontakter: {each: data.bern, map: {navn: data.kode}}\n",
         {"error 6 map.kontakter.each: offset 5: fag.v1.Flyttet has no field bern; did you mean "
          "data.boern?"}},
        {"map:\n  navn: {each: data.koder, value: item}\n",
         {"error 5 map.navn.each: data.koder may have several elements, and navn takes one"}},
        // tables, keys, masks, copies
        {"map:\n  navn: {value: data.fornavn, lookup: kle}\n",
         {"error 5 map.navn.lookup: there is no table kle"}},
        {"map: {navn: PSEUDONYM(data.cpr)}\n",
         {"error 4 map.navn: PSEUDONYM wants a key: `pseudonym_key` names its file"}},
        {"map:\n  navn: data.fornavn\n  dag: {value: data.dato, mask: true}\n",
         {"error 6 map.dag: a masked text does not have the form that its schema wants: drop it"}},
        {"map:\n  navn: data.fornavn\n  antal: {value: 7, mask: true}\n",
         {"error 6 map.antal: only texts can be masked, and it is a int32: drop it"}},
        {"drop: [kle]\nmap: {navn: data.fornavn}\n",
         {"error 4 map.kle: nothing is copied here, so nothing of it can be dropped: `copy: all` "
          "is missing"}},
        {"copy: all\ndrop: [klee]\nmap: {navn: data.fornavn, antal: 1, aktiv: true}\n",
         {"error 5 map.klee: skole.v1.Elev has no field klee; did you mean kle?"}},
        {"copy: all\nmap: {navn: data.fornavn}\n",
         {"error 4 map.antal: is a int32, and fag.v1.Flyttet.antal is a int64: it cannot be "
          "copied; map it or drop it"}},
    }));
    CAPTURE(row.rest);
    CHECK(problems_of(elev(row.rest)) == row.want);
}

TEST_CASE("transform: types that are not there are named with the nearest ones", "[transform]") {
    CHECK(problems_of("mapping: x\nfrom: fag.v1.Flytet\nto: skole.v2.Elev\n") ==
          std::vector<std::string>{
              "error 2 from: unknown type fag.v1.Flytet; nearest: fag.v1.Flyttet, fag.v2.Flyttet",
              "error 3 to: unknown type skole.v2.Elev; known in other versions: skole.v1.Elev"});
}

TEST_CASE("transform: an enum that lacks a name is not copied", "[transform]") {
    CHECK(problems_of("mapping: x\nfrom: fag.v2.Flyttet\nto: fag.v1.Flyttet\ncopy: all\n"
                      "map: {fornavn: data.navn}\n") ==
          std::vector<std::string>{
              "error 4 map.status: is a fag.v1.Status, and fag.v2.Flyttet.status is a "
              "fag.v2.Status: it cannot be copied; map it or drop it",
              "error 4 map.boern.alder: is a int32, and fag.v2.Barn.alder is a int64: it cannot be "
              "copied; map it or drop it"});
}

}  // namespace
