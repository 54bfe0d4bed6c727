#pragma once
// Who publishes and who receives, as a configuration says. Given by the caller; this room knows no
// configuration.
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace vera::pages {

/// A system that may connect.
struct Participant {
    std::string name;
    std::string authority;  ///< name of its authority, or its CVR number
};

/// A subscription that receives a type, and what else its filter asks for.
struct Subscriber {
    std::string name;
    std::vector<std::string> authorities;  ///< names; empty: of every authority
    std::size_t objects = 0;               ///< only about this many objects; 0: about every one
    std::string filter{};                  ///< an expression that must be true besides; empty: none
};

struct Usage {
    std::string node;
    std::vector<Participant> systems;
    /// By full name of the type; a type that nobody receives is not there.
    std::map<std::string, std::vector<Subscriber>, std::less<>> subscribers;
};

}  // namespace vera::pages
