#pragma once
// The parts that the table of options (option_table.hpp) is made of, and what they share. Private
// to this room.
#include "bus/ops/config.hpp"
#include "bus/ops/option_kinds.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace vera::ops {

constexpr Takes reload = Takes::reload;
constexpr Takes restart = Takes::restart;
constexpr std::uint64_t kib = 1ULL << 10U;
constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr Millis day{86'400'000};

/// A text that must fulfil something.
template <class Holds>
TextForm form(std::string range, Holds holds, std::string otherwise) {
    return {std::move(range), [=](const std::string& text) -> std::optional<std::string> {
                if (holds(text)) return std::nullopt;
                return otherwise;
            }};
}
inline const TextForm any_text{"", {}};
inline const TextForm path_form = form(
    "a path", [](const std::string& text) { return !text.empty(); }, "is empty");
inline const TextForm display_name_form = form(
    "1 – 256 bytes",
    [](const std::string& text) { return !text.empty() && text.size() <= 256; },
    "a name of 1 to 256 bytes is required");

// The node itself: node_options.cpp.

[[nodiscard]] OptionTable<ListenConfig> listen_options();
[[nodiscard]] OptionTable<Config> store_options();
[[nodiscard]] OptionTable<flow::Limits> limit_options();
[[nodiscard]] OptionTable<DoorConfig> door_options();
[[nodiscard]] OptionTable<Config> memory_options();

// Who uses it, and what they get: party_options.cpp.

[[nodiscard]] OptionTable<AuthorityConfig> authority_options();
[[nodiscard]] OptionTable<SystemConfig> system_options();
[[nodiscard]] OptionTable<QueueConfig> queue_options();

}  // namespace vera::ops
