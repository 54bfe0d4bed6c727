#pragma once
// Runs a simulation inside a test case; a broken promise is reported with its seed.
#include "tests/contract/simulation.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <exception>
#include <string>

namespace vera::flow::test {

template <class Store>
void simulate(std::uint64_t seed, int steps) {
    CAPTURE(seed);
    std::string broken;
    try {
        Store store;
        Simulation simulation(store, seed);
        simulation.run(steps);
    } catch (const std::exception& e) {
        broken = e.what();
    }
    CHECK(broken == "");
}

}  // namespace vera::flow::test
