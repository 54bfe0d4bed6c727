#include "tests/unit/flow/walk.hpp"

#include "tests/support/catch.hpp"

#include <cstdint>
#include <exception>
#include <string>

using namespace vera::flow::test;

namespace {

void walk(std::uint64_t seed, int steps) {
    CAPTURE(seed);
    int done = 0;
    std::string broken;
    try {
        Walk walk(seed);
        for (; done < steps; ++done)
            walk.step();
        walk.finish();
        INFO(walk.summary());
    } catch (const std::exception& e) {
        broken = e.what();
    }
    CAPTURE(done);
    CHECK(broken == "");
}

}  // namespace

TEST_CASE("flow: a random walk keeps to the model whatever comes", "[flow]") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        walk(seed, 1000);
}

TEST_CASE("flow: thousands of random walks keep to the model", "[flow][.long]") {
    for (std::uint64_t seed = 1000; seed < 4000; ++seed)
        walk(seed, 3000);
}
