#include "bus/amqp/sent_frames.hpp"

#include "bus/amqp/amqp_codec.hpp"
#include "bus/amqp/performative.hpp"

#include <algorithm>
#include <cstring>

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
        // As many as the size takes, then as many as are looked at.
        const std::size_t size =
            head_size_ < size_bytes ? most_looked_at : std::size_t{read32(head_.data())};
        const std::size_t wanted =
            head_size_ < size_bytes ? size_bytes : std::min(most_looked_at, size);
        const std::size_t taken = std::min(wanted - head_size_, bytes.size());
        std::memcpy(head_.data() + head_size_, bytes.data(), taken);
        head_size_ += taken;
        bytes.remove_prefix(taken);
        if (head_size_ < wanted || head_size_ == size_bytes) continue;
        look();
        left_ = size - head_size_;
        head_size_ = 0;
    }
}

// The engine writes descriptors as smallulong, without an extended header.
void SentFrames::look() {
    if (head_size_ < frame_header + 3 || head_[8] != code::described) return;
    const std::uint16_t channel = read16(head_.data() + 6);
    if (sessions_.size() <= channel) sessions_.resize(channel + std::size_t{1});
    Session& session = sessions_[channel];
    const auto kind = static_cast<Performative>(head_[10]);
    if (kind == Performative::transfer) {
        ++session.transfers;
    } else if (kind == Performative::begin) {
        const std::size_t field = head_[11] == code::list32 ? 20 : 14;
        if (field + 3 <= head_size_ && head_[field] == code::ushort)
            session = {
                .peer_channel = read16(head_.data() + field + 1), .transfers = 0, .is_begun = true};
    } else if (kind == Performative::end) {
        session.is_begun = false;
    }
}

std::uint32_t SentFrames::transfers(std::uint16_t peer_channel) const {
    const auto at = std::ranges::find_if(sessions_, [&](const Session& session) {
        return session.is_begun && session.peer_channel == peer_channel;
    });
    return at == sessions_.end() ? 0 : at->transfers;
}

}  // namespace vera::amqp
