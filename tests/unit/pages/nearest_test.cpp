#include "bus/pages/nearest.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using vera::pages::nearest_names;
using Names = std::vector<std::string>;

TEST_CASE("pages: the nearest names are those that somebody may have meant", "[pages]") {
    const Names known{"vera.sag.v1.Sag",
                      "vera.sag.v1.SagOprettet",
                      "vera.sag.v1.SagAfsluttet",
                      "vera.person.v1.PersonFlyttet",
                      "vera.person.v1.Person"};
    struct Row {
        std::string wanted;
        Names near;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"SagOpretet", {"vera.sag.v1.SagOprettet"}},
        {"flyttet", {"vera.person.v1.PersonFlyttet"}},
        {"vera.person.v1.personer", {"vera.person.v1.Person", "vera.person.v1.PersonFlyttet"}},
        {"SAGAFSLUTET", {"vera.sag.v1.SagAfsluttet"}},
        {"ejendom", {}},
        {"", {}},
        {std::string(1000, 'x'), {}},
    }));
    CAPTURE(row.wanted);
    const Names near = nearest_names(row.wanted, known);
    if (row.near.empty())
        CHECK(near.empty());
    else
        CHECK(near.front() == row.near.front());
    CHECK(near.size() <= 3);
}
