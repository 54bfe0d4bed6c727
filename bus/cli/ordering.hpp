#pragma once
// What the verbs share that order something of the bus by `$management`.
#include "bus/cli/connecting.hpp"
#include "bus/cli/verbs.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vera::cli {

/// --reason, required and not empty: it is stored with what was done.
void add_reason_flag(CLI::App& verb, std::string& reason);

/// The addresses that a queue's name may mean: itself if it is an address, else those of a
/// subscription, a plain queue and an inbox of that name.
[[nodiscard]] std::vector<std::string> addresses_of(const std::string& name);

/// A time of a reply's object as people read it, "-" if it has none.
[[nodiscard]] std::string time_text(const nlohmann::json& object, const char* key);

/// One request with these properties. With `name_key`, that property takes each of `names` until
/// one is found. Gives the reply.
[[nodiscard]] Result<kit::Reply> order(const ConnectFlags& flags,
                                       const std::string& operation,
                                       nlohmann::json properties,
                                       const std::string& name_key = {},
                                       const std::vector<std::string>& names = {});

}  // namespace vera::cli
