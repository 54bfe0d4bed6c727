#pragma once
// The examples that a mapping brings: an event, and what has to become of it.
#include "bus/transform/transformer.hpp"

#include <string>
#include <vector>

namespace vera::transform {

struct TestResult {
    std::string name;
    int line = 0;
    bool is_good = false;
    /// What is different, by field: "adresse.vejnavn: wanted "Havnevej", got nothing". Of an event
    /// that cannot be read or transformed, why.
    std::vector<std::string> differences;
};

/// One per test, in order.
[[nodiscard]] std::vector<TestResult> run_tests(const Mapping& mapping, Transformer& transformer);

/// A payload in a kuvert of its own that says nothing else.
[[nodiscard]] Result<std::string> kuvert_around(std::string_view payload_json,
                                                const std::string& type,
                                                const event::Catalogue& catalogue);

}  // namespace vera::transform
