#include "bus/route/value_lists.hpp"

#include "tests/support/catch.hpp"

using namespace vera::route;

namespace {

using Kind = ListChange::Kind;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lists: they are sets, and tell what came and went", "[route]") {
    const ValueLists none;
    const auto made = none.with({Kind::add, "nord", {"a", "b", "a"}});
    REQUIRE(made);
    CHECK(made->added == 2);
    CHECK(made->removed == 0);
    const auto again = made->lists->with({Kind::add, "nord", {"b", "c"}});
    CHECK(again->added == 1);
    CHECK(*again->lists->entries_of("nord") == Texts{"a", "b", "c"});
    CHECK(*made->lists->entries_of("nord") == Texts{"a", "b"});  // what was stays
    const auto less = again->lists->with({Kind::remove, "nord", {"a", "x"}});
    CHECK(less->removed == 1);
    const auto other = again->lists->with({Kind::replace, "nord", {"c", "d", "d"}});
    CHECK(other->added == 1);
    CHECK(other->removed == 2);
    CHECK(*other->lists->entries_of("nord") == Texts{"c", "d"});
    const auto empty = again->lists->with({Kind::replace, "nord", {}});
    CHECK(empty->removed == 3);
    CHECK(empty->lists->contains("nord", "a") == false);
    const auto gone = again->lists->with({Kind::drop, "nord", {}});
    CHECK(gone->removed == 3);
    CHECK_FALSE(gone->lists->contains("nord", "a").has_value());
    CHECK(gone->lists->sizes().empty());
}

TEST_CASE("lists: one that is not there cannot lose anything", "[route]") {
    CHECK_FALSE(ValueLists{}.with({Kind::remove, "nord", {"a"}}).has_value());
    CHECK_FALSE(ValueLists{}.with({Kind::drop, "nord", {}}).has_value());
    CHECK_FALSE(ValueLists{}.entries_of("nord").has_value());
}
