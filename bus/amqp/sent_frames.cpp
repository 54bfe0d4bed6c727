#include "bus/amqp/sent_frames.hpp"

#include "bus/amqp/amqp_codec.hpp"
#include "bus/amqp/performative.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t size_bytes = 4, frame_header = 8;

}  // namespace

void SentFrames::add(std::string_view bytes) {
    while (!bytes.empty()) {
        if (left_ > 0) {
            const std::size_t passed = std::min(left_, bytes.size());
            left_ -= passed;
            bytes.remove_prefix(passed);
            continue;
        }
        const std::size_t taken = std::min(wanted() - head_size_, bytes.size());
        std::memcpy(head_.data() + head_size_, bytes.data(), taken);
        head_size_ += taken;
        bytes.remove_prefix(taken);
        if (head_size_ < wanted()) continue;
        look();
        left_ = read32(head_.data()) - std::exchange(head_size_, 0);
    }
}

// As many bytes as the size takes, then as many as are looked at.
std::size_t SentFrames::wanted() const {
    if (head_size_ < size_bytes) return size_bytes;
    const std::size_t size = read32(head_.data());
    const std::size_t usual = std::min(most_looked_at, size);
    if (head_size_ < usual || !is_of(static_cast<std::uint8_t>(Performative::attach))) return usual;
    return std::min(most_of_attach, size);
}

// The engine writes descriptors as smallulong, without an extended header.
bool SentFrames::is_of(std::uint8_t kind) const {
    return head_size_ >= frame_header + 3 && head_[8] == code::described && head_[10] == kind;
}

std::size_t SentFrames::first_field() const {
    return head_[11] == code::list32 ? 20 : 14;
}

// Moves on; none: it is null, or not whole.
std::optional<std::uint32_t> SentFrames::read_uint(std::size_t& at) const {
    if (at >= head_size_) return std::nullopt;
    const std::size_t start = at + 1;
    switch (head_[at]) {
        case code::uint0:
            at = start;
            return 0;
        case code::smalluint:
            at = start + 1;
            if (at > head_size_) return std::nullopt;
            return head_[start];
        case code::uint:
            at = start + 4;
            if (at > head_size_) return std::nullopt;
            return read32(head_.data() + start);
        default:
            at = start;
            return std::nullopt;
    }
}

void SentFrames::look() {
    if (head_size_ < frame_header + 3 || head_[8] != code::described) return;
    const std::uint16_t channel = read16(head_.data() + 6);
    if (sessions_.size() <= channel) sessions_.resize(channel + std::size_t{1});
    Session& session = sessions_[channel];
    switch (static_cast<Performative>(head_[10])) {
        case Performative::transfer:
            ++session.transfers;
            return;
        case Performative::begin:
            return look_at_begin(channel);
        case Performative::flow:
            return look_at_flow(session);
        case Performative::attach:
            return look_at_attach();
        case Performative::end:
            std::erase_if(handles_, [&](const auto& entry) {
                return entry.first.first == session.peer_channel;
            });
            session.is_begun = false;
            return;
        default:
            return;
    }
}

void SentFrames::look_at_begin(std::uint16_t channel) {
    std::size_t at = first_field();
    if (at + 3 > head_size_ || head_[at] != code::ushort) return;
    Session& session = sessions_[channel];
    session = {.peer_channel = read16(head_.data() + at + 1),
               .transfers = 0,
               .is_begun = true,
               .window = {.channel = channel, .from = {}, .size = 0}};
    at += 3;
    static_cast<void>(read_uint(at));  // next-outgoing-id
    session.window.size = read_uint(at).value_or(0);
}

void SentFrames::look_at_flow(Session& session) const {
    std::size_t at = first_field();
    session.window.from = read_uint(at);
    session.window.size = read_uint(at).value_or(0);
}

void SentFrames::look_at_attach() {
    if (unanswered_.empty()) return;
    const auto place = unanswered_.front();
    unanswered_.erase(unanswered_.begin());
    std::size_t at = first_field();
    if (at + 5 > head_size_) return;
    at += head_[at] == code::str8 ? std::size_t{2} + head_[at + 1]
                                  : std::size_t{5} + read32(head_.data() + at + 1);
    if (const auto handle = read_uint(at)) handles_[place] = *handle;
}

const SentFrames::Session* SentFrames::find(std::uint16_t peer_channel) const {
    const auto at = std::ranges::find_if(sessions_, [&](const Session& session) {
        return session.is_begun && session.peer_channel == peer_channel;
    });
    return at == sessions_.end() ? nullptr : &*at;
}

std::uint32_t SentFrames::transfers(std::uint16_t peer_channel) const {
    const Session* session = find(peer_channel);
    return session == nullptr ? 0 : session->transfers;
}

std::optional<std::uint32_t> SentFrames::handle(std::uint16_t peer_channel,
                                                std::uint32_t peer_handle) const {
    const auto at = handles_.find({peer_channel, peer_handle});
    if (at == handles_.end()) return std::nullopt;
    return at->second;
}

std::optional<SentFrames::Window> SentFrames::window(std::uint16_t peer_channel) const {
    const Session* session = find(peer_channel);
    if (session == nullptr) return std::nullopt;
    return session->window;
}

}  // namespace vera::amqp
