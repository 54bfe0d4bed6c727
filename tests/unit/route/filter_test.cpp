#include "bus/route/filter.hpp"

#include "bus/event/event_properties.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/route/filter_compiler.hpp"
#include "bus/route/routing_table.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <string>
#include <variant>
#include <vector>

using namespace vera;
using namespace vera::route;

namespace {

const FilterCompiler& compiler() {
    static const FilterCompiler one(event::Catalogue::built_in());
    return one;
}

/// Severity, offset and text of all that is said of it, one per line.
std::string said_of(const std::string& text, std::vector<std::string> types = {}) {
    Filter filter;
    filter.types = std::move(types);
    std::string all;
    for (const expr::Diagnostic& one : compiler().compile(text, filter))
        all +=
            (one.severity == expr::Severity::error ? "error: " : "warning: ") + to_text(one) + "\n";
    return all;
}

Filter filter_of(const std::string& text, std::vector<std::string> types = {}) {
    Filter filter;
    filter.types = std::move(types);
    CAPTURE(text, said_of(text, filter.types));
    static_cast<void>(compiler().compile(text, filter));
    REQUIRE(filter.expression);
    return filter;
}

/// The sample in one of its two forms, checked as at the door.
class Checked {
public:
    explicit Checked(bool as_json) {
        const auto kuvert = event::test::sample_kuvert().SerializeAsString();
        raw_ = as_json ? event::test::raw_event(
                             *event::test::kuvert_to_json(kuvert, "application/protobuf", false),
                             "application/json")
                       : event::test::raw_event(kuvert);
        auto checked = event::test::catalogue().check(raw_, kuvert_);
        REQUIRE(checked.index() == 0);
        attributes_ = std::get<0>(std::move(checked));
    }
    [[nodiscard]] bool passes(const std::string& text, std::vector<std::string> types = {}) const {
        const RoutingTable table({{QueueId{1}, "s", filter_of(text, std::move(types))}});
        std::vector<QueueId> queues;
        table.match(attributes_, kuvert_.view, queues);
        return !queues.empty();
    }
    /// The condition that decided, as it is told of an event that came to nobody.
    [[nodiscard]] std::string part(const std::string& text) const {
        const RoutingTable table({{QueueId{1}, "s", filter_of(text)}});
        std::string found;
        table.explain(attributes_, kuvert_.view, [&](const Exclusion& one) {
            found = std::string(name_of(one.clause)) + ": " + std::string(one.part);
            return true;
        });
        return found;
    }

private:
    event::RawEvent raw_;
    event::CheckedKuvert kuvert_;
    event::Attributes attributes_;
};

}  // namespace

TEST_CASE("filter: an expression sees attributes, kuvert and payload, in both forms", "[route]") {
    struct Row {
        std::string text;
        bool passes;
    };
    const auto row = GENERATE(values<Row>({
        {"type = 'vera.sag.v1.SagOprettet' AND kle LIKE '27.%'", true},
        {"kle LIKE '28.%'", false},
        {"foelsomhed <= 2 AND myndighed IN ('29189382', '29189498')", true},
        {"Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator = "
         "'3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01'",
         true},
        {"Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator = "
         "'3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c02'",
         false},
        {"data.sag.egenskaber.sagsnummer = '2026-004711'", true},
        {"data.sag.egenskaber.sagsnummer LIKE '2025-%'", false},
        {"data.sag.registrering.livscyklus_kode = 'LIVSCYKLUS_KODE_OPSTAAET'", true},
        {"data.flyttedato > '2026-01-01'", false},  // of another type
        {"data.flyttedato != '2026-01-01'", true},
        // An error lets nothing pass.
        {"INT(kle) = 27 OR type LIKE 'vera.%'", false},
        {"subject = '0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11'", true},
    }));
    CAPTURE(row.text);
    for (const bool as_json : {false, true})
        CHECK(Checked(as_json).passes(row.text) == row.passes);
}

TEST_CASE("filter: its lists must hold besides", "[route]") {
    const Checked event(false);
    CHECK(event.passes("kle LIKE '27.%'", {"vera.sag.v1.*"}));
    CHECK_FALSE(event.passes("kle LIKE '27.%'", {"vera.person.v1.*"}));
}

TEST_CASE("filter: what an event has no field for is an error with place and nearest name",
          "[route]") {
    CHECK(said_of("Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktor.UUIDIdentifikator = 'x'") ==
          "error: offset 29: vera.besked.v1.Filtreringsdata has no field BeskedAnsvarligAktor; did "
          "you mean "
          "`Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator`?\n");
    CHECK(said_of("kle LIKE '27.%' AND myndigheden = '29189382'") ==
          "error: offset 20: events have no attribute myndigheden; did you mean `myndighed`?\n");
    CHECK(said_of("kle = ") == "error: offset 6: expected a value, but the expression ends here\n");
    CHECK(said_of("data.flyttedato > '2026'").empty());
    // Only what the other clauses, or the expression itself, let pass has fields.
    CHECK(said_of("data.flyttedato > '2026'", {"vera.sag.v1.SagOprettet"}) ==
          "error: offset 5: vera.sag.v1.SagOprettet has no field flyttedato\n");
    CHECK(said_of("type = 'vera.sag.v1.SagOprettet' AND data.flyttedato > '2026'") ==
          "error: offset 42: vera.sag.v1.SagOprettet has no field flyttedato\n");
    CHECK(said_of("type IN ('vera.sag.v1.SagOprettet', 'vera.person.v1.PersonFlyttet') AND "
                  "data.flyttedato > '2026'")
              .empty());
}

TEST_CASE("filter: what is always false is a warning", "[route]") {
    CHECK(said_of("kle = '27' AND kle = '28'") ==
          "warning: offset 15: kle cannot be two texts at once: always false\n");
    CHECK(said_of("1 = 2") == "warning: offset 0: always false\n");
    CHECK(said_of("type = 'vera.sag.v1.SagOprette'") ==
          "warning: offset 7: no type is called 'vera.sag.v1.SagOprette': always false; did you "
          "mean `'vera.sag.v1.SagOprettet'`?\n");
}

TEST_CASE("filter: types that it cannot let pass are known without an event", "[route]") {
    struct Row {
        std::string text;
        bool sag, flyttet;
    };
    const auto row = GENERATE(values<Row>({
        {"kle LIKE '27.%'", true, true},
        {"type = 'vera.sag.v1.SagOprettet'", true, false},
        {"'vera.sag.v1.SagOprettet' = type AND kle = '27'", true, false},
        {"type LIKE 'vera.person.%'", false, true},
        {"type LIKE '%Flyttet'", false, true},
        {"type != 'vera.sag.v1.SagOprettet'", true, true},
        {"type = 'vera.sag.v1.SagOprettet' OR type = 'vera.person.v1.PersonFlyttet'", true, true},
        {"type = 'vera.sag.v1.SagOprettet' OR kle = '27'", true, true},
        {"data.flyttedato = '2026-11-15'", false, true},
        {"data.flyttedato IS NULL", true, true},
        {"NOT (data.flyttedato = '2026-11-15')", true, true},
        {"data.sag.egenskaber.sagsnummer IS NOT NULL", true, false},
    }));
    CAPTURE(row.text);
    const Filter filter = filter_of(row.text);
    CHECK(may_match_type(filter, "vera.sag.v1.SagOprettet") == row.sag);
    CHECK(may_match_type(filter, "vera.person.v1.PersonFlyttet") == row.flyttet);
}

TEST_CASE("filter: the condition that said no is told", "[route]") {
    const Checked event(false);
    CHECK(event.part("type LIKE 'vera.%' AND kle LIKE '28.%'") == "filter: kle LIKE '28.%'");
    CHECK(event.part("kle LIKE '27.%' AND NOT (foelsomhed = 2)") == "filter: foelsomhed = 2");
    CHECK(event.part("kle = '1' OR kle = '2'") == "filter: kle = '1' OR kle = '2'");
}
