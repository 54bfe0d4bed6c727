#pragma once
// The configuration that is in force, option by option: for `vera config show`, and for the
// difference between a file and a running bus. Secrets are masked, but two different ones differ.
#include "bus/ops/config.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace vera::ops {

struct EffectiveOption {
    std::string key;               ///< "subscriptions[omsorg].retry.attempts"
    nlohmann::json value;          ///< null: not set
    std::optional<Source> source;  ///< none: the default
    bool needs_restart = false;
};

/// In the order of the table. `sources` may be empty.
[[nodiscard]] std::vector<EffectiveOption> effective(const Config& config,
                                                     const Sources& sources = {});

/// Keeps in `next` what only a restart changes; the keys that differed.
[[nodiscard]] std::vector<std::string> keep_fixed(Config& next, const Config& current);

struct OptionDifference {
    std::string key;
    nlohmann::json before, after;  ///< null: not there
    bool needs_restart = false;
};
/// `before` and `after` as effective() gives them.
[[nodiscard]] std::vector<OptionDifference> differences(const std::vector<EffectiveOption>& before,
                                                        const std::vector<EffectiveOption>& after);

}  // namespace vera::ops
