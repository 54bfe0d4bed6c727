// The index against a look at every subscription.
#include "bus/event/kuvert_view.hpp"
#include "bus/route/filter_compiler.hpp"
#include "bus/route/routing_table.hpp"
#include "bus/route/value_lists.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

using namespace vera;
using namespace vera::route;

namespace {

using Random = std::mt19937;
using Texts = std::vector<std::string>;

const std::string& one_of(const Texts& from, Random& random) {
    return from[random() % from.size()];
}

const Texts kle{"27.24.06", "27.24.07", "27.20", "28.24.06", "27"};
const Texts types{"vera.sag.v1.SagOprettet",
                  "vera.sag.v1.SagFremdriftAendret",
                  "vera.person.v1.PersonFlyttet",
                  "vera.sag.v1.SagAfsluttet"};
const Texts authorities{"29189382", "29189498", "29189439", "00000000"};
const Texts numbers{"2026-004711", "2026-004712", "2025-1"};

/// One condition, in any of the forms that people write, and of those that no index knows.
std::string condition(Random& random) {
    const auto quoted = [](const std::string& text) { return "'" + text + "'"; };
    const std::string k = one_of(kle, random);
    const std::string t = one_of(types, random);
    const std::string a = one_of(authorities, random);
    const std::string n = one_of(numbers, random);
    const std::string field = "data.sag.egenskaber.sagsnummer";
    const std::string actor =
        "Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator";
    const std::string receiver = "Beskedkuvert.Filtreringsdata.TilladtModtager.URNIdentifikator";
    switch (random() % 36) {
        case 0:
            return "kle = " + quoted(k);
        case 1:
            return quoted(k) + " = kle";
        case 2:
            return "kle LIKE " + quoted(k.substr(0, 2) + "%");
        case 3:
            return "kle LIKE " + quoted("%" + k.substr(k.size() - 2));
        case 4:
            return "kle LIKE " + quoted("%" + k.substr(0, 2) + "%");
        case 5:
            return "kle LIKE " + quoted(k.substr(0, 1) + "_%");
        case 6:
            return "kle LIKE " + quoted(k);
        case 7:
            return "kle NOT LIKE " + quoted(k.substr(0, 2) + "%");
        case 8:
            return "kle IN (" + quoted(k) + ", " + quoted(one_of(kle, random)) + ")";
        case 9:
            return "kle NOT IN (" + quoted(k) + ")";
        case 10:
            return "KLE_UNDER(kle, " + quoted(k) + ")";
        case 11:
            return "STARTS_WITH(kle, " + quoted(k.substr(0, 2)) + ")";
        case 12:
            return "ENDS_WITH(kle, " + quoted(k.substr(k.size() - 2)) + ")";
        case 13:
            return "EXISTS kle";
        case 14:
            return "type = " + quoted(t);
        case 15:
            return "type != " + quoted(t);
        case 16:
            return "type IN (" + quoted(t) + ", " + quoted(one_of(types, random)) + ")";
        case 17:
            return "type LIKE 'vera.sag.%'";
        case 18:
            return "myndighed = " + quoted(a);
        case 19:
            return "foelsomhed <= " + std::to_string(random() % 5);
        case 20:
            return "foelsomhed = '2'";
        case 21:
            return field + " = " + quoted(n);
        case 22:
            return field + " != " + quoted(n);
        case 23:
            return field + " LIKE '2026-%'";
        case 24:
            return field + " IS NULL";
        case 25:
            return field + " IS NOT NULL";
        case 26:
            return "data.flyttedato > '2026-01-01'";
        case 27:
            return actor + " = '3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01'";
        case 28:
            return receiver + " = " + quoted("urn:oio:cvr-nr:" + a);
        case 29:
            return "subject = '0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11'";
        case 30:
            return "INT(kle) = 27";  // an error for most
        case 31:
            return "kle IN LIST('numre')";
        case 32:
            return "myndighed NOT IN LIST('kommuner')";
        case 33:
            return receiver + " IN LIST('kommuner')";
        case 34:
            return "type IN LIST('findes-ikke')";
        default:
            return "kle = ''";
    }
}

std::string expression(Random& random, int depth) {
    if (depth == 0 || random() % 3 == 0) return condition(random);
    const std::string left = expression(random, depth - 1);
    const std::string right = expression(random, depth - 1);
    switch (random() % 8) {
        case 0:
            return "NOT (" + left + ")";
        case 1:
        case 2:
            return "(" + left + ") OR (" + right + ")";
        case 3:
            return "(" + left + ") XOR (" + right + ")";
        default:
            return "(" + left + ") AND (" + right + ")";
    }
}

Filter random_filter(const FilterCompiler& compiler, Random& random) {
    const auto some = [&](const Texts& from) {
        Texts picked;
        if (random() % 3 == 0)
            for (auto count = 1 + random() % 3; count != 0; --count)
                picked.push_back(one_of(from, random));
        return picked;
    };
    Filter filter;
    filter.types = some({"vera.sag.v1.*", "vera.*", "*", types[0], types[1], types[2]});
    filter.authorities = some(authorities);
    filter.objects =
        some({"0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11", "x", "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"});
    if (random() % 8 == 0) return filter;
    std::string text = expression(random, 3);
    static_cast<void>(compiler.compile(text, filter));
    // What the lists do not let pass has no fields: then without the lists.
    if (!filter.expression) {
        filter.types.clear();
        static_cast<void>(compiler.compile(text, filter));
    }
    if (!filter.expression) {
        filter.types.clear();
        static_cast<void>(compiler.compile("kle LIKE '27.%'", filter));
    }
    return filter;
}

/// The sample, bent in what the conditions look at.
struct Event {
    event::RawEvent raw;
    event::CheckedKuvert kuvert;
    event::Attributes attributes;

    explicit Event(Random& random) {
        auto besked = event::test::sample_kuvert();
        auto& data = *besked.mutable_beskedkuvert()->mutable_filtreringsdata();
        auto& registration = *data.mutable_objekt_registrering(0);
        if (random() % 4 == 0)
            registration.clear_opgave_emne();
        else
            registration.mutable_opgave_emne()->set_urn_identifikator("urn:oio:kle:" +
                                                                      one_of(kle, random));
        registration.mutable_objekt_ansvarlig_myndighed()->set_urn_identifikator(
            "urn:oio:cvr-nr:" + one_of(authorities, random));
        if (random() % 3 == 0)
            data.add_tilladt_modtager()->set_urn_identifikator("urn:oio:cvr-nr:" +
                                                               one_of(authorities, random));
        if (random() % 4 == 0)
            besked.mutable_beskedkuvert()
                ->mutable_leveranceinformation()
                ->clear_sikkerhedsklassificering();
        auto payload = event::test::sample_payload();
        payload.mutable_sag()->mutable_egenskaber(0)->set_sagsnummer(one_of(numbers, random));
        if (random() % 3 == 0) {
            auto& again = *payload.mutable_sag()->add_egenskaber();
            again = payload.sag().egenskaber(0);
            again.set_sagsnummer(one_of(numbers, random));
        }
        event::test::set_payload(besked, payload);
        raw = event::test::raw_event(besked.SerializeAsString());
        auto checked = event::test::catalogue().check(raw, kuvert);
        INFO((checked.index() == 1 ? std::get<1>(checked).text : std::string()));
        REQUIRE(checked.index() == 0);
        attributes = std::get<0>(std::move(checked));
    }
};

std::shared_ptr<const ValueLists> lists() {
    const auto with_numbers =
        ValueLists{}.with({ListChange::Kind::add, "numre", {"27.24.06", "28.24.06"}});
    const auto with_both = with_numbers->lists->with(
        {ListChange::Kind::add, "kommuner", {"29189382", "urn:oio:cvr-nr:29189498"}});
    return with_both->lists;
}

}  // namespace

TEST_CASE("route: index and a look at every subscription agree on random filters and events",
          "[route]") {
    Random random(20261125);
    const FilterCompiler compiler(event::Catalogue::built_in());
    std::size_t matched_in_all = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<Subscription> subscriptions;
        const std::uint32_t size = round < 20 ? 12 : 150;
        for (std::uint32_t i = 1; i <= size; ++i)
            subscriptions.push_back(
                {QueueId{i}, std::to_string(i), random_filter(compiler, random)});
        const RoutingTable table(subscriptions, lists());
        for (int i = 0; i < 25; ++i) {
            const Event event(random);
            std::vector<QueueId> matched;
            table.match(event.attributes, event.kuvert.view, matched);
            std::vector<QueueId> looked_at;
            for (const Subscription& one : subscriptions)
                looked_at.push_back(one.queue);
            table.explain(event.attributes, event.kuvert.view, [&](const Exclusion& exclusion) {
                std::erase(looked_at,
                           QueueId{static_cast<std::uint32_t>(
                               std::stoul(std::string(exclusion.subscription)))});
                return true;
            });
            std::string differs;
            for (const Subscription& one : subscriptions)
                if (std::ranges::count(matched, one.queue) !=
                    std::ranges::count(looked_at, one.queue))
                    differs += one.name + ": " +
                               (one.filter.expression ? one.filter.expression->program.expression()
                                                      : "(lists)") +
                               "\n";
            CAPTURE(round, i, event.attributes.kle);
            REQUIRE(differs == "");
            matched_in_all += matched.size();
        }
    }
    CHECK(matched_in_all > 5000);  // not all of it was empty
}

TEST_CASE("route: a list longer than what is filed is looked at all the same", "[route]") {
    Filter filter;
    for (int i = 0; i < 5000; ++i)
        filter.objects.push_back("object-" + std::to_string(i));
    const RoutingTable table({{QueueId{1}, "many", filter}, {QueueId{2}, "all", {}}});
    const auto matches = [&](const std::string& object) {
        event::Attributes attributes;
        attributes.objects = {object};
        std::vector<QueueId> queues;
        table.match(attributes, {}, queues);
        return queues.size();
    };
    CHECK(matches("object-4999") == 2);
    CHECK(matches("object-5000") == 1);
}

TEST_CASE(
    "route: another table with other lists shares what was built, and the first keeps its own",
    "[route]") {
    const FilterCompiler compiler(event::Catalogue::built_in());
    Filter filter;
    CHECK(compiler.compile("kle IN LIST('numre')", filter).empty());
    const RoutingTable first({{QueueId{1}, "s", filter}});
    const RoutingTable second = first.with(lists());
    const auto matches = [](const RoutingTable& table, const std::string& number) {
        event::Attributes attributes;
        attributes.kle = number;
        std::vector<QueueId> queues;
        table.match(attributes, {}, queues);
        return !queues.empty();
    };
    CHECK_FALSE(matches(first, "27.24.06"));
    CHECK(matches(second, "27.24.06"));
    CHECK_FALSE(matches(second, "27.24.07"));
    CHECK_FALSE(matches(first, "27.24.06"));
}
