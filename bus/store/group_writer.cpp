#include "bus/store/group_writer.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <cstring>

namespace vera::store {

void GroupWriter::begin(std::uint32_t segment,
                        std::uint64_t seed,
                        std::uint64_t offset,
                        const LogPosition& position,
                        std::uint64_t record_bytes) {
    const std::uint64_t needed = group_bytes(record_bytes);
    if (needed > capacity_) {
        capacity_ = std::max(needed, std::min<std::uint64_t>(capacity_ * 2, 8U << 20U));
        capacity_ = round_to_page(capacity_);
        buffer_ = allocate_pages(capacity_);
    }
    segment_ = segment;
    seed_ = seed;
    offset_ = offset;
    position_ = position;
    used_ = 0;
    records_ = 0;
}

char* GroupWriter::next(std::uint64_t length) {
    VERA_CHECK(length <= capacity_ - used_);
    return buffer_.get() + used_;
}

void GroupWriter::close_record(RecordType type, std::uint64_t length) {
    char* at = buffer_.get() + used_;
    put(at + record::length, static_cast<std::uint32_t>(length));
    put(at + record::type, static_cast<std::uint8_t>(type));
    put(at + record::flags, used_ == 0 ? record::first_of_group : std::uint8_t{0});
    put(at + record::zero, std::uint16_t{0});
    put(at + record::sequence, position_.record_sequence++);
    const std::uint64_t checksum = record_checksum({at, length}, seed_, offset_ + used_);
    put(at + record::checksum, checksum);
    used_ += length;
    if (type == RecordType::commit) return;
    position_.chain = next_chain(position_.chain, checksum);
    ++records_;
}

flow::BodyRef GroupWriter::add(const flow::EventCommit& event) {
    const std::uint64_t length = encoded_bytes(event);
    const flow::BodyRef body = place(length, encode(event, next(length)));
    close_record(RecordType::event, length);
    return body;
}

flow::BodyRef GroupWriter::add(const EventView& event,
                               std::span<const flow::RecoveredCopy> copies,
                               Timestamp carried) {
    const std::uint64_t length = encoded_bytes(event, copies);
    const flow::BodyRef body = place(length, encode(event, copies, carried, next(length)));
    close_record(RecordType::carried, length);
    return body;
}

/// Of the record that begins here.
flow::BodyRef GroupWriter::place(std::uint64_t length, std::uint32_t message_offset) const {
    return {std::uint64_t{segment_} << 32U | (offset_ + used_),
            static_cast<std::uint32_t>(length),
            message_offset};
}

void GroupWriter::add(const flow::Transition& transition) {
    const std::uint64_t length = encoded_bytes(transition);
    encode(transition, next(length));
    close_record(RecordType::transition, length);
}

void GroupWriter::add(const ConfigHead& head, std::span<const flow::QueueSpec> queues) {
    const std::uint64_t length = encoded_bytes(queues);
    encode(head, queues, next(length));
    close_record(RecordType::config, length);
}

std::string_view GroupWriter::finish(Timestamp stamp, std::uint64_t ticket) {
    char* at = next(commit::fixed_bytes);
    const std::uint64_t bytes = group_bytes(used_);
    put(at + commit::group_sequence, position_.group_sequence++);
    put(at + commit::chain, position_.chain);
    put(at + commit::stamp, stamp.ms);
    put(at + commit::ticket, ticket);
    put(at + commit::record_count, records_);
    put(at + commit::group_bytes, static_cast<std::uint32_t>(bytes));
    close_record(RecordType::commit, commit::fixed_bytes);
    VERA_CHECK(bytes <= capacity_);
    std::memset(buffer_.get() + used_, 0, bytes - used_);
    return {buffer_.get(), bytes};
}

void encode_superblock(std::span<char> page,
                       const Uuid& store,
                       std::uint32_t number,
                       std::uint64_t file_bytes,
                       const LogPosition& position) {
    VERA_CHECK(page.size() == page_bytes);
    std::memset(page.data(), 0, page.size());
    std::memcpy(page.data() + superblock::magic, superblock::magic_text, 8);
    put(page.data() + superblock::version, format_version);
    put(page.data() + superblock::number, number);
    std::memcpy(page.data() + superblock::store, store.bytes.data(), store.bytes.size());
    put(page.data() + superblock::file_bytes, file_bytes);
    put(page.data() + superblock::chain_before, position.chain);
    put(page.data() + superblock::group_sequence, position.group_sequence);
    put(page.data() + superblock::record_sequence, position.record_sequence);
    put(page.data() + superblock::checksum,
        page_checksum({page.data(), page.size()}, segment_seed(store, number)));
}

}  // namespace vera::store
