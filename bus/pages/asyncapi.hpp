#pragma once
// The bus as an AsyncAPI 3.0.0 document, from the side of a system that uses it: it sends to
// `events` and `inbox/<system>`, it receives from `sub/<subscription>` and its own inbox.
#include "bus/pages/description.hpp"
#include "bus/pages/usage.hpp"
#include "bus/pages/words.hpp"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace vera::pages {

struct Server {
    std::string host;  ///< "vera.example:5671"
    bool is_tls = true;
    bool takes_certificates = false;
};

struct AsyncApiOptions {
    Language language = Language::da;
    std::string version;                      ///< of the document: VeRA's
    std::vector<Server> servers;              ///< none: a placeholder
    std::set<std::string, std::less<>> only;  ///< full names of events; empty: all
    const Usage* usage = nullptr;             ///< none: any subscription, any inbox
};

[[nodiscard]] nlohmann::ordered_json asyncapi(const TypeSet& types,
                                              const Description& description,
                                              const AsyncApiOptions& options);

}  // namespace vera::pages
