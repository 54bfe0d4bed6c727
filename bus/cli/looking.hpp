#pragma once
// What `sub tail` and `queue peek` share: open a source, print what comes, masked unless a reason
// is given.
#include "bus/cli/connecting.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/cli/verbs.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vera::cli {

struct LookFlags {
    std::uint64_t count = 0;  ///< messages to show; 0: no limit
    bool is_json = false;
    bool has_meta = false;  ///< --json: facts around the kuvert
    bool is_unmasked = false;
    std::string reason;
    SchemaFlags schemas;
    std::shared_ptr<ConnectFlags> connect;
};

/// -n, --json, --meta, --unmasked, --reason, --schemas, -c and the connection's flags.
void add_look_flags(CLI::App& verb, LookFlags& flags);
/// Those of them that say how a message is shown: all but -n and the connection's.
void add_show_flags(CLI::App& verb, LookFlags& flags);

/// Prints one message as the flags say.
void print(const kit::Received& message,
           const LookFlags& flags,
           const event::Catalogue& catalogue,
           Io& io);
/// true: --unmasked has a reason, or is not given. Else says so on stderr.
[[nodiscard]] bool has_reason(const LookFlags& flags, Io& io);

struct Source {
    std::vector<std::string> addresses;  ///< the first that exists is taken
    bool takes = false;                  ///< consume (accept) instead of only looking
    bool follows = false;                ///< wait for more instead of ending when there is no more
};

/// Gives the exit code.
[[nodiscard]] int look(const LookFlags& flags, const Source& source, Io& io);

}  // namespace vera::cli
