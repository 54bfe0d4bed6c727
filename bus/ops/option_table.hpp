#pragma once
// The table of all configuration options: what a configuration file may say. OPTIONS.md is this
// table for people.
#include "bus/ops/config.hpp"
#include "bus/ops/option.hpp"

namespace vera::ops {

/// The keys of the file, in the order in which they are read and shown. What others refer to stands
/// before them.
[[nodiscard]] const OptionTable<Config>& config_options();
/// The keys of a subscription, in the file or in a file of its own.
[[nodiscard]] const OptionTable<SubscriptionConfig>& subscription_options();

}  // namespace vera::ops
