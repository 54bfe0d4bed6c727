#pragma once
// Which channel and handle an attach frame uses: Proton has no way to ask. Only for frames that the
// guard has let pass. Pure.
#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::amqp {

struct AttachPlace {
    std::uint16_t channel = 0;
    std::uint32_t handle = 0;
};

/// `frame` is one whole AMQP frame; nothing if it is no attach.
[[nodiscard]] std::optional<AttachPlace> peek_attach(std::string_view frame);

}  // namespace vera::amqp
