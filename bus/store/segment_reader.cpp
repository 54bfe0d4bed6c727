#include "bus/store/segment_reader.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {

bool is_all_zero(std::string_view bytes) {
    // All zero = the first byte is, and each byte equals the one before it.
    return bytes.empty() ||
           (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

SegmentReader::SegmentReader(std::string_view bytes, const Uuid& store, std::uint32_t number)
    : SegmentReader(bytes, 0, bytes.size(), store, number) {}

SegmentReader::SegmentReader(std::string_view part,
                             std::uint64_t begin,
                             std::uint64_t file_bytes,
                             const Uuid& store,
                             std::uint32_t number)
    : bytes_(part),
      begin_(begin),
      file_bytes_(file_bytes),
      store_(store),
      number_(number),
      seed_(segment_seed(store, number)) {}

bool has_last_commit(std::string_view bytes,
                     std::uint64_t offset,
                     const Uuid& store,
                     std::uint32_t number,
                     std::uint64_t chain) {
    const std::uint64_t seed = segment_seed(store, number);
    for (std::size_t at = 0; at + commit::fixed_bytes <= bytes.size(); at += 8) {
        const std::string_view record = bytes.substr(at, commit::fixed_bytes);
        if (get<std::uint32_t>(record.data() + record::length) != commit::fixed_bytes ||
            type_of(record) != RecordType::commit ||
            get<std::uint64_t>(record.data() + commit::chain) != chain ||
            get<std::uint64_t>(record.data() + record::checksum) !=
                record_checksum(record, seed, offset + at))
            continue;
        return is_all_zero(bytes.substr(at + commit::fixed_bytes));
    }
    return false;
}

std::variant<SegmentHead, Damage> SegmentReader::check_superblock(std::uint64_t size) const {
    if (bytes_.size() < page_bytes)
        return Damage{bytes_.size(), "the file ends inside the superblock"};
    const char* at = bytes_.data();
    if (bytes_.substr(superblock::magic, 8) != superblock::magic_text)
        return Damage{superblock::magic, "this is not a segment"};
    const auto version = get<std::uint32_t>(at + superblock::version);
    if (version != format_version)
        return Damage{superblock::version, version_refusal(version), Errc::refused};
    Uuid store;
    std::memcpy(store.bytes.data(), at + superblock::store, store.bytes.size());
    if (store != store_)
        return Damage{superblock::store, "the segment belongs to store " + to_text(store)};
    const auto number = get<std::uint32_t>(at + superblock::number);
    if (number != number_)
        return Damage{superblock::number,
                      "the file holds segment " + std::to_string(number) + ", expected " +
                          std::to_string(number_)};
    if (get<std::uint64_t>(at + superblock::checksum) !=
        page_checksum(bytes_.substr(0, page_bytes), seed_))
        return Damage{superblock::checksum, "the superblock's checksum does not hold"};
    const auto file_bytes = get<std::uint64_t>(at + superblock::file_bytes);
    if (file_bytes != size)
        return Damage{superblock::file_bytes,
                      "the file has " + std::to_string(size) + " bytes, the superblock says " +
                          std::to_string(file_bytes)};
    if (!is_all_zero(bytes_.substr(superblock::fixed_bytes, page_bytes - superblock::fixed_bytes)))
        return Damage{superblock::fixed_bytes, "bytes behind the superblock's fields are not zero"};
    return SegmentHead{file_bytes,
                       {get<std::uint64_t>(at + superblock::group_sequence),
                        get<std::uint64_t>(at + superblock::record_sequence),
                        get<std::uint64_t>(at + superblock::chain_before)}};
}

std::string_view SegmentReader::record_at(std::uint64_t offset) const {
    return piece(offset, get<std::uint32_t>(data(offset) + record::length));
}

Damage SegmentReader::too_short(std::uint64_t offset, std::string text, bool is_tear) const {
    return {offset, std::move(text), Errc::corrupt, is_tear, end() < file_bytes_};
}

std::optional<Damage> SegmentReader::check_record(std::uint64_t offset) const {
    if (offset + record::header_bytes > end())
        return too_short(offset, "the file ends before the record", true);
    const char* header = data(offset);
    const auto length = get<std::uint32_t>(header + record::length);
    if (length < record::header_bytes || length % 8 != 0)
        return Damage{offset, "no record here: the length cannot be", Errc::corrupt, true};
    if (length > end() - offset)
        return too_short(offset, "no record here: the length cannot be", true);
    const auto type = get<std::uint8_t>(header + record::type);
    if (type == 0 || get<std::uint16_t>(header + record::zero) != 0 ||
        get<std::uint8_t>(header + record::flags) > record::first_of_group)
        return Damage{offset, "no record here: type or flags cannot be", Errc::corrupt, true};
    if (get<std::uint64_t>(header + record::checksum) !=
        record_checksum(piece(offset, length), seed_, offset))
        return Damage{offset, "the record's checksum does not hold", Errc::corrupt, true};
    switch (static_cast<RecordType>(type)) {
        case RecordType::event:
        case RecordType::transition:
        case RecordType::config:
        case RecordType::commit:
        case RecordType::carried:
            return std::nullopt;
        case RecordType::range:
        case RecordType::erase:
            break;
    }
    return Damage{offset,
                  "record type " + std::to_string(type) + " is unknown to this program",
                  Errc::refused};
}

std::variant<GroupInfo, Damage> SegmentReader::check_group(std::uint64_t offset,
                                                           const LogPosition& position) const {
    GroupInfo group{offset, 0, 0, {}, 0, position};
    for (std::uint64_t at = offset;; at += record_at(at).size()) {
        if (auto damage = check_record(at)) return *std::move(damage);
        const std::string_view record = record_at(at);
        const bool is_first =
            (get<std::uint8_t>(record.data() + record::flags) & record::first_of_group) != 0;
        if (is_first != (at == offset)) return Damage{at, "the group ends without a commit record"};
        if (get<std::uint64_t>(record.data() + record::sequence) != group.after.record_sequence)
            return Damage{at, "the record does not follow the one before it"};
        ++group.after.record_sequence;
        if (type_of(record) == RecordType::commit) {
            if (auto damage = check_commit(group, at, position)) return *std::move(damage);
            group.bytes = get<std::uint32_t>(record.data() + commit::group_bytes);
            group.stamp.ms = get<std::int64_t>(record.data() + commit::stamp);
            group.ticket = get<std::uint64_t>(record.data() + commit::ticket);
            ++group.after.group_sequence;
            return group;
        }
        group.after.chain =
            next_chain(group.after.chain, get<std::uint64_t>(record.data() + record::checksum));
        ++group.records;
    }
}

std::optional<Damage> SegmentReader::check_commit(const GroupInfo& group,
                                                  std::uint64_t at,
                                                  const LogPosition& position) const {
    const std::string_view record = record_at(at);
    if (record.size() != commit::fixed_bytes)
        return Damage{at, "the commit record has a wrong length"};
    if (get<std::uint64_t>(record.data() + commit::group_sequence) != position.group_sequence)
        return Damage{at, "the group does not follow the one before it"};
    if (get<std::uint32_t>(record.data() + commit::record_count) != group.records)
        return Damage{at, "records of the group are missing"};
    if (get<std::uint64_t>(record.data() + commit::chain) != group.after.chain)
        return Damage{at, "the chain of checksums is broken"};
    const std::uint64_t used = at + record.size() - group.offset;
    const auto bytes = get<std::uint32_t>(record.data() + commit::group_bytes);
    if (bytes != round_to_page(used)) return Damage{at, "the group's length cannot be"};
    if (group.offset + bytes > end()) return too_short(at, "the group's length cannot be", false);
    if (!is_all_zero(piece(group.offset + used, bytes - used)))
        return Damage{
            group.offset + used, "the padding of the group is not zero", Errc::corrupt, true};
    return std::nullopt;
}

std::optional<std::uint64_t> SegmentReader::find_group(std::uint64_t from) const {
    for (std::uint64_t at = round_to_page(from); at + page_bytes <= bytes_.size();
         at += page_bytes) {
        const char* header = bytes_.data() + at;
        if (get<std::uint32_t>(header + record::length) == 0) continue;
        if (get<std::uint8_t>(header + record::flags) != record::first_of_group) continue;
        const auto damage = check_record(at);
        if (!damage || damage->code == Errc::refused) return at;
    }
    return std::nullopt;
}

std::uint64_t SegmentReader::written_end(std::uint64_t from) const {
    std::uint64_t end = bytes_.size();
    while (end > from) {
        const std::uint64_t begin = end - std::min(page_bytes, end - from);
        const std::string_view part = bytes_.substr(begin, end - begin);
        if (!is_all_zero(part)) return begin + part.find_last_not_of('\0') + 1;
        end = begin;
    }
    return from;
}

}  // namespace vera::store
