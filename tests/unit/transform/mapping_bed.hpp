#pragma once
// Two made-up systems' schemas, and the shortest way from a mapping in YAML to what it makes.
#include "bus/event/catalogue.hpp"
#include "bus/transform/mapping_tests.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vera::transform::test {

/// fag.v1.Flyttet and, a version on, fag.v2.Flyttet; skole.v1.Elev; and all of VeRA's.
[[nodiscard]] std::shared_ptr<const event::Catalogue> catalogue();

/// The head of a mapping from fag.v1.Flyttet to skole.v1.Elev, and what follows it.
[[nodiscard]] std::string elev(const std::string& rest);

/// "error 7 map.navn: text" of each problem, in order; empty: nothing is wrong.
[[nodiscard]] std::vector<std::string> problems_of(const std::string& yaml);
/// Compiled without an error.
[[nodiscard]] std::shared_ptr<const Mapping> mapping_of(const std::string& yaml);

/// The payload that comes out, as JSON; or "failed: …", or "not meant".
[[nodiscard]] std::string made(const Mapping& mapping, const std::string& event_json);
/// The whole kuvert that comes out.
[[nodiscard]] std::string made_kuvert(const Mapping& mapping, const std::string& kuvert_json);

/// Everything that fag.v1.Flyttet has.
[[nodiscard]] const std::string& full_event();

}  // namespace vera::transform::test
