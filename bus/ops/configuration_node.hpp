#pragma once
// What `$management` answers about the type `configuration`: READ (the options in force, secrets
// masked) and RELOAD, both for operators only. Values in, values out.
#include "bus/amqp/front_door.hpp"
#include "bus/base/ids.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/ops/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vera::ops {

/// What a reload came to.
struct ReloadReport {
    bool is_applied = false;
    Generation before, after;
    std::string digest_before, digest_after;  ///< equal, as are the generations, if not applied
    std::vector<Problem> problems;
    std::vector<std::string> kept;  ///< changed options that take a restart
};

[[nodiscard]] bool is_about_configuration(const amqp::ManagementRequest& request);
/// The system has `operator`, or the client is one without a name, which only a loopback listener
/// lets in.
[[nodiscard]] bool is_operator(const Config& config, const event::Identity* identity);
/// 401, 404 or 501; none: a READ or RELOAD to be carried out.
[[nodiscard]] std::optional<amqp::ManagementReply> refusal_of(
    const amqp::ManagementRequest& request, const Config& config);
[[nodiscard]] amqp::ManagementReply read_configuration(const Config& config,
                                                       Generation generation,
                                                       const std::string& file);
/// 400 with every error if it was not applied.
[[nodiscard]] amqp::ManagementReply reply_of(const ReloadReport& report);

}  // namespace vera::ops
