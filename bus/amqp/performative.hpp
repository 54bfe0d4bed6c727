#pragma once
// The performatives of AMQP 1.0 (§2.7, §5.3.3) as typed field lists: which fields there are, of
// which type, which must be set. Every field is checked to its end before anybody looks at a value.
// Pure.
#include "bus/amqp/amqp_codec.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::amqp {

/// Descriptor codes; all in domain 0x00000000.
enum class Performative : std::uint64_t {
    open = 0x10,
    begin = 0x11,
    attach = 0x12,
    flow = 0x13,
    transfer = 0x14,
    disposition = 0x15,
    detach = 0x16,
    end = 0x17,
    close = 0x18,
    sasl_init = 0x41,
    sasl_response = 0x43,
};

/// A field's value. Of source, target and delivery-state `number` is the descriptor code; of maps
/// and lists nothing is kept.
struct Field {
    bool is_set = false;
    std::uint64_t number = 0;
    std::string_view bytes;
};
constexpr std::size_t most_fields = 14;
using Fields = std::array<Field, most_fields>;

/// Names of the fields by position, for reading code.
namespace open_field {
enum : std::size_t { container_id, hostname, max_frame_size, channel_max, idle_time_out };
}
namespace begin_field {
enum : std::size_t {
    remote_channel,
    next_outgoing_id,
    incoming_window,
    outgoing_window,
    handle_max
};
}
namespace attach_field {
enum : std::size_t {
    name,
    handle,
    role,
    snd_settle_mode,
    rcv_settle_mode,
    source,
    target,
    unsettled,
    incomplete,
    initial_delivery_count
};
}
namespace flow_field {
enum : std::size_t {
    next_incoming_id,
    incoming_window,
    next_outgoing_id,
    outgoing_window,
    handle,
    delivery_count,
    link_credit,
    available,
    drain,
    echo
};
}
namespace transfer_field {
enum : std::size_t {
    handle,
    delivery_id,
    delivery_tag,
    message_format,
    settled,
    more,
    rcv_settle_mode,
    state,
    resume,
    aborted
};
}
namespace disposition_field {
enum : std::size_t { role, first, last, settled, state };
}

/// Why something is refused.
struct Objection {
    std::string_view condition;
    std::string text;
};

/// Reads the descriptor of a performative. Only the numeric form is taken: the engine ignores the
/// symbolic one.
[[nodiscard]] bool read_descriptor(Cursor& cursor, std::uint64_t& descriptor, Objection& why);

/// Reads the list behind the descriptor of `kind` into `fields`; absent ones are unset. The cursor
/// ends behind the list. `values` is how many there may be, and then how many of them were not
/// used.
[[nodiscard]] bool read_fields(Cursor& cursor,
                               Performative kind,
                               int nesting,
                               std::uint32_t& values,
                               Fields& fields,
                               Objection& why);

/// "transfer" and so on; "performative" for what is none.
[[nodiscard]] std::string_view name_of(Performative kind);

}  // namespace vera::amqp
