#include "bus/amqp/frame_guard.hpp"

#include "bus/amqp/peer_sessions.hpp"
#include "bus/amqp/sasl.hpp"
#include "bus/base/check.hpp"

#include <algorithm>
#include <utility>

namespace vera::amqp {

namespace {

constexpr std::size_t frame_header = 8;
constexpr std::uint32_t largest_sasl_frame = 4096;
constexpr Byte type_amqp = 0, type_sasl = 1;
constexpr std::uint64_t value_weight = 72;  // bytes of a node in the engine's trees
constexpr std::uint64_t smallest_max_frame = 512;
constexpr std::uint32_t largest_window = 0x7fffffff;  // the engine's own outgoing-window
constexpr std::string_view framing_error = "amqp:connection:framing-error";

enum class Phase : std::uint8_t {
    sasl_header,
    sasl,
    verifying,
    amqp_header,
    open,
    running,
    closed,
    refused
};

bool is_barrier(Performative kind) {
    return kind == Performative::begin || kind == Performative::attach ||
           kind == Performative::detach || kind == Performative::end || kind == Performative::close;
}

// Without its properties.
std::string flow_frame(std::uint16_t channel, const Fields& fields) {
    std::string list;
    for (std::size_t i = flow_field::next_incoming_id; i <= flow_field::echo; ++i) {
        const bool is_flag = i == flow_field::drain || i == flow_field::echo;
        if (!fields[i].is_set) {
            list.push_back(static_cast<char>(code::null));
        } else if (is_flag) {
            list.push_back(static_cast<char>(fields[i].number != 0 ? code::yes : code::no));
        } else {
            list.push_back(static_cast<char>(code::uint));
            put32(list, static_cast<std::uint32_t>(fields[i].number));
        }
    }
    std::string out;
    constexpr std::uint32_t before_list = frame_header + 3 + 3;  // descriptor, then list8
    put32(out, before_list + static_cast<std::uint32_t>(list.size()));
    out.append({2, static_cast<char>(type_amqp)});
    put16(out, channel);
    out.append({static_cast<char>(code::described),
                static_cast<char>(code::smallulong),
                0x13,
                static_cast<char>(code::list8),
                static_cast<char>(list.size() + 1),
                10});
    return out + list;
}

}  // namespace

struct FrameGuard::State {
    State(const GuardLimits& guard_limits, bool anonymous, bool plain)
        : limits(guard_limits),
          sasl(anonymous, plain),
          sessions(guard_limits, sent) {}

    Step refuse(std::string_view condition, std::string text) {
        phase = Phase::refused;
        objection = {condition, std::move(text)};
        return {.verdict = Verdict::refuse};
    }
    Step refuse() {
        phase = Phase::refused;
        return {.verdict = Verdict::refuse};
    }
    Step header(std::string_view input);
    Step frame(std::string_view input);
    Step sasl_frame(Cursor body, std::uint32_t size);
    Step amqp_frame(Cursor body, std::uint32_t size, std::uint16_t channel);
    bool check_open(std::uint16_t channel, const Fields& fields);

    GuardLimits limits;
    Sasl sasl;
    SentFrames sent;
    PeerSessions sessions;
    bool is_authenticated = false;
    bool has_credentials = false;
    Phase phase = Phase::sasl_header;
    std::uint64_t preauth_bytes = 0;
    std::uint32_t preauth_frames = 0;
    std::uint64_t time_ms = 0;
    std::string output;
    Objection objection;
};

FrameGuard::FrameGuard(const GuardLimits& limits, bool allows_anonymous, bool allows_plain)
    : state_(std::make_unique<State>(limits, allows_anonymous, allows_plain)) {}
FrameGuard::~FrameGuard() = default;

void FrameGuard::offer_external() {
    state_->sasl.offer_external();
}

Step FrameGuard::next(std::string_view input) {
    switch (state_->phase) {
        case Phase::sasl_header:
        case Phase::amqp_header:
            return state_->header(input);
        case Phase::sasl:
        case Phase::open:
        case Phase::running:
            return state_->frame(input);
        case Phase::verifying:
            return {.verdict = Verdict::wait};
        case Phase::closed:
            if (input.empty()) return {};
            return state_->refuse(framing_error, "bytes behind close");
        case Phase::refused:
            break;
    }
    return {.verdict = Verdict::refuse};
}

Step FrameGuard::State::header(std::string_view input) {
    const bool is_sasl = phase == Phase::sasl_header;
    const std::string_view want = is_sasl ? sasl_header : amqp_header;
    const std::size_t seen = std::min(input.size(), want.size());
    if (input.substr(0, seen) != want.substr(0, seen)) {
        if (!is_sasl) return refuse(framing_error, "protocol header: AMQP 1.0 was expected");
        // §2.2: answer with the header that would have been taken, then close.
        output.append(sasl_header);
        return refuse("amqp:unauthorized-access",
                      "protocol header: AMQP 1.0 with SASL was expected");
    }
    if (seen < want.size()) return {};
    if (!is_sasl) {
        phase = Phase::open;
        return {.verdict = Verdict::pass, .bytes = want.size()};
    }
    if (!sasl.has_mechanism())
        return refuse("amqp:unauthorized-access", "no SASL mechanism is allowed here");
    preauth_bytes += want.size();
    sasl.greet(output);
    phase = Phase::sasl;
    return {.verdict = Verdict::consumed, .bytes = want.size()};
}

Step FrameGuard::State::frame(std::string_view input) {
    const bool is_sasl = phase == Phase::sasl;
    Cursor cursor(input);
    if (cursor.left() < frame_header) return {};
    const std::uint32_t size = read32(cursor.at);
    const std::uint32_t most =
        is_sasl ? std::min(largest_sasl_frame, limits.max_frame) : limits.max_frame;
    if (size < frame_header || size > most)
        return refuse(framing_error, "frame: size " + std::to_string(size));
    const std::uint32_t offset = std::uint32_t{cursor.at[4]} * 4;
    if (offset < frame_header || offset > size)
        return refuse(framing_error, "frame: data offset " + std::to_string(offset));
    const Byte type = cursor.at[5];
    if (type != (is_sasl ? type_sasl : type_amqp))
        return refuse(framing_error, "frame: type " + std::to_string(type));
    if (cursor.left() < size) return {};
    const std::uint16_t channel = read16(cursor.at + 6);
    const Cursor body(cursor.at + offset, cursor.at + size);
    return is_sasl ? sasl_frame(body, size) : amqp_frame(body, size, channel);
}

Step FrameGuard::State::sasl_frame(Cursor body, std::uint32_t size) {
    preauth_bytes += size;
    if (preauth_bytes > limits.preauth_bytes)
        return refuse("amqp:resource-limit-exceeded", "sasl: too many bytes");
    if (++preauth_frames > limits.preauth_frames)
        return refuse("amqp:resource-limit-exceeded", "sasl: too many frames");
    if (!sasl.frame(body, output, objection)) return refuse();
    if (sasl.state() == Sasl::State::verifying) {
        phase = Phase::verifying;
        has_credentials = true;
    } else if (sasl.state() == Sasl::State::done) {
        phase = Phase::amqp_header;
        is_authenticated = true;
    }
    return {.verdict = Verdict::consumed, .bytes = size};
}

Step FrameGuard::State::amqp_frame(Cursor body, std::uint32_t size, std::uint16_t channel) {
    if (body.empty()) {
        if (phase == Phase::open) return refuse(framing_error, "frame: empty before open");
        return {.verdict = Verdict::pass, .bytes = size};
    }
    if (*body.at++ != code::described) return refuse("amqp:decode-error", "frame: no performative");
    std::uint64_t descriptor = 0;
    if (!read_descriptor(body, descriptor, objection)) return refuse();
    if (descriptor < 0x10 || descriptor > 0x18)
        return refuse("amqp:not-implemented", "frame: unknown performative");
    const auto kind = static_cast<Performative>(descriptor);
    if ((kind == Performative::open) != (phase == Phase::open)) {
        return refuse("amqp:not-allowed",
                      phase == Phase::open ? "frame: open was expected" : "open: stands twice");
    }
    Fields fields;
    auto values = static_cast<std::uint32_t>(limits.values);
    if (!read_fields(body, kind, limits.nesting, values, fields, objection)) return refuse();
    const std::uint64_t weight =
        size + value_weight * (static_cast<std::uint32_t>(limits.values) - values);
    if (kind != Performative::transfer && !body.empty()) {
        return refuse("amqp:decode-error",
                      std::string(name_of(kind)) + ": bytes behind the performative");
    }
    Step step{.verdict = Verdict::pass,
              .bytes = size,
              .is_barrier = is_barrier(kind),
              .channel = channel};
    if (kind == Performative::open) {
        if (!check_open(channel, fields)) return refuse();
        phase = Phase::running;
        const Field& channels = fields[open_field::channel_max];
        if (channels.is_set)
            sessions.set_peer_channel_max(static_cast<std::uint16_t>(channels.number));
        return step;
    }
    if (kind == Performative::close) {
        if (channel != 0) return refuse("amqp:not-allowed", "close: not on channel 0");
        phase = Phase::closed;
        return step;
    }
    switch (sessions.rule(kind, channel, fields, {body.left(), weight}, objection)) {
        case PeerSessions::Ruling::pass:
            break;
        case PeerSessions::Ruling::drop:
            step.verdict = Verdict::consumed;
            break;
        case PeerSessions::Ruling::refuse:
            return refuse();
    }
    if (kind == Performative::attach) {
        step.handle = static_cast<std::uint32_t>(fields[attach_field::handle].number);
        sent.expect_attach(channel, step.handle);
    }
    if (kind == Performative::flow) {
        step.handle = static_cast<std::uint32_t>(fields[flow_field::handle].number);
        step.credit_change = sessions.credit_change();
        step.window_short = sessions.window_short();
        step.is_of_link = fields[flow_field::handle].is_set;
        step.wants_echo = fields[flow_field::echo].number != 0;
    }
    if (kind == Performative::transfer && fields[transfer_field::message_format].number != 0) {
        step.has_foreign_format = true;
        step.handle = static_cast<std::uint32_t>(fields[transfer_field::handle].number);
    }
    if (kind == Performative::detach) step.handle = static_cast<std::uint32_t>(fields[0].number);
    return step;
}

bool FrameGuard::State::check_open(std::uint16_t channel, const Fields& fields) {
    using namespace open_field;
    const auto no = [&](std::string_view condition, std::string_view text) {
        objection = {condition, std::string(text)};
        return false;
    };
    if (channel != 0) return no("amqp:not-allowed", "open: not on channel 0");
    if (fields[max_frame_size].is_set && fields[max_frame_size].number < smallest_max_frame) {
        return no("amqp:invalid-field", "open.max-frame-size: below 512");
    }
    const Field& idle = fields[idle_time_out];
    if (idle.is_set && idle.number != 0 && idle.number < limits.min_idle_ms) {
        return no("amqp:invalid-field",
                  "open.idle-time-out: below " + std::to_string(limits.min_idle_ms) + " ms");
    }
    return true;
}

std::string FrameGuard::take_output() {
    return std::exchange(state_->output, {});
}

std::optional<Credentials> FrameGuard::take_credentials() {
    if (!std::exchange(state_->has_credentials, false)) return std::nullopt;
    Credentials credentials{
        state_->sasl.mechanism() == "EXTERNAL", state_->sasl.user(), state_->sasl.password()};
    state_->sasl.forget_password();
    return credentials;
}

void FrameGuard::verified(bool is_right) {
    if (state_->phase != Phase::verifying) return;
    if (!state_->sasl.verified(is_right, state_->output, state_->objection)) {
        state_->phase = Phase::refused;
        return;
    }
    state_->phase = Phase::amqp_header;
    state_->is_authenticated = true;
}

bool FrameGuard::is_authenticated() const {
    return state_->is_authenticated;
}

std::string_view FrameGuard::mechanism() const {
    return state_->is_authenticated ? state_->sasl.mechanism() : std::string_view{};
}

bool FrameGuard::is_open() const {
    return state_->phase == Phase::running || state_->phase == Phase::closed;
}

bool FrameGuard::is_closed() const {
    return state_->phase == Phase::closed;
}

std::string_view FrameGuard::condition() const {
    return state_->objection.condition;
}

std::string_view FrameGuard::text() const {
    return state_->objection.text;
}

void FrameGuard::written(std::string_view bytes) {
    state_->sent.add(bytes);
}

// The flow's properties are left out: the engine does not look at them.
std::string FrameGuard::eased_flow(std::string_view frame,
                                   std::uint32_t credit,
                                   std::uint32_t window) {
    Cursor cursor(frame);
    const std::uint16_t channel = read16(cursor.at + 6);
    cursor.at += std::size_t{cursor.at[4]} * 4 + 1;
    std::uint64_t descriptor = 0;
    Fields fields;
    auto values = static_cast<std::uint32_t>(state_->limits.values);
    Objection ignored;
    VERA_CHECK(
        read_descriptor(cursor, descriptor, ignored) &&
        read_fields(cursor, Performative::flow, state_->limits.nesting, values, fields, ignored));
    fields[flow_field::incoming_window].number += window;
    if (credit > 0) {
        fields[flow_field::link_credit].number += credit;
        const auto handle = static_cast<std::uint32_t>(fields[flow_field::handle].number);
        state_->sessions.raise_credit(channel, handle, credit);
    }
    return flow_frame(channel, fields);
}

std::string FrameGuard::state_flow(std::uint16_t channel,
                                   const std::optional<LinkState>& link) const {
    const auto next = state_->sessions.next_incoming(channel);
    const auto window = state_->sent.window(channel);
    if (!next || !window) return {};
    const std::uint32_t from =
        window->from ? *window->from : *state_->sessions.first_transfer_id(channel);
    const std::uint32_t used = *next - from;
    Fields fields;
    const auto set = [&](std::size_t field, std::uint32_t number) {
        fields[field].is_set = true;
        fields[field].number = number;
    };
    set(flow_field::next_incoming_id, *next);
    set(flow_field::incoming_window, window->size > used ? window->size - used : 0);
    set(flow_field::next_outgoing_id, state_->sent.transfers(channel));
    set(flow_field::outgoing_window, largest_window);
    if (link) {
        const auto handle = state_->sent.handle(channel, link->handle);
        const auto count = state_->sessions.link_count(channel, link->handle, link->credit);
        if (!handle || !count) return {};
        set(flow_field::handle, *handle);
        set(flow_field::delivery_count, *count);
        set(flow_field::link_credit, link->credit);
        set(flow_field::drain, link->is_draining ? 1 : 0);
    }
    return flow_frame(window->channel, fields);
}

void FrameGuard::set_link_limit(std::uint16_t channel, std::uint32_t handle, std::uint64_t bytes) {
    state_->sessions.set_link_limit(channel, handle, bytes);
}

void FrameGuard::delivery_sent(std::uint16_t channel, std::uint64_t deliveries) {
    state_->sessions.delivery_sent(channel, deliveries);
}

std::uint64_t FrameGuard::buffered_bytes() const {
    return state_->sessions.buffered();
}

void FrameGuard::set_time(std::uint64_t ms) {
    state_->time_ms = ms;
    state_->sessions.set_time(ms);
}

std::uint64_t FrameGuard::unfinished_ms() const {
    return state_->time_ms - state_->sessions.oldest_unfinished();
}

}  // namespace vera::amqp
