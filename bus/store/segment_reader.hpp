#pragma once
// Checks of one segment's bytes in memory: superblock, groups, what lies behind the end. Knows
// bytes, not files.
#include "bus/base/result.hpp"
#include "bus/store/codec.hpp"
#include "bus/store/group_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace vera::store {

struct SegmentHead {
    std::uint64_t file_bytes = 0;
    LogPosition position;  ///< where the segment begins
};

/// What is wrong, and where in the file.
struct Damage {
    std::uint64_t offset = 0;
    std::string text;
    Errc code = Errc::corrupt;  ///< or refused: unknown version or record type
    bool is_tear = false;       ///< a write that was cut short can look like this
    bool is_cut = false;  ///< only a part of the file was at hand, and what follows may mend it
};

struct GroupInfo {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t records = 0;  ///< without the commit record
    Timestamp stamp;
    std::uint64_t ticket = 0;
    LogPosition after;
};

/// One segment's bytes: the whole file, or a part of it. Keeps a view only.
class SegmentReader {
public:
    SegmentReader(std::string_view bytes, const Uuid& store, std::uint32_t number);
    /// `part` lies at `begin` of a file of `file_bytes` bytes. Offsets are the file's everywhere;
    /// records and groups that reach beyond the part are damage that is_cut.
    SegmentReader(std::string_view part,
                  std::uint64_t begin,
                  std::uint64_t file_bytes,
                  const Uuid& store,
                  std::uint32_t number);

    [[nodiscard]] std::variant<SegmentHead, Damage> check_superblock() const {
        return check_superblock(file_bytes_);
    }
    /// If the first page is at hand of a file of `size` bytes.
    [[nodiscard]] std::variant<SegmentHead, Damage> check_superblock(std::uint64_t size) const;
    /// The group at `offset`, which must continue `position`: every checksum, the commit record,
    /// the padding.
    [[nodiscard]] std::variant<GroupInfo, Damage> check_group(std::uint64_t offset,
                                                              const LogPosition& position) const;
    /// Where, at `from` or behind it, a group visibly begins: a multiple of the page with a valid
    /// first record. Of the whole file only, like written_end.
    [[nodiscard]] std::optional<std::uint64_t> find_group(std::uint64_t from) const;
    /// End of the last byte behind `from` that is not zero; `from` if there is none.
    [[nodiscard]] std::uint64_t written_end(std::uint64_t from) const;
    /// The record at `offset` of a checked group.
    [[nodiscard]] std::string_view record_at(std::uint64_t offset) const;

private:
    [[nodiscard]] std::optional<Damage> check_record(std::uint64_t offset) const;
    [[nodiscard]] std::optional<Damage> check_commit(const GroupInfo& group,
                                                     std::uint64_t at,
                                                     const LogPosition& position) const;

    [[nodiscard]] std::uint64_t end() const { return begin_ + bytes_.size(); }
    [[nodiscard]] std::string_view piece(std::uint64_t offset, std::uint64_t length) const {
        return bytes_.substr(offset - begin_, length);
    }
    [[nodiscard]] const char* data(std::uint64_t offset) const {
        return bytes_.data() + (offset - begin_);
    }
    /// Damage at what the bytes at hand do not hold whole.
    [[nodiscard]] Damage too_short(std::uint64_t offset, std::string text, bool is_tear) const;

    std::string_view bytes_;  // at begin_ of the file
    std::uint64_t begin_;
    std::uint64_t file_bytes_;
    Uuid store_;
    std::uint32_t number_;
    std::uint64_t seed_;
};

[[nodiscard]] inline RecordType type_of(std::string_view record) {
    return static_cast<RecordType>(get<std::uint8_t>(record.data() + record::type));
}

/// Whether a valid commit record with this chain is in `bytes`, which lie at `offset` of the
/// segment, and nothing but zeros behind it.
[[nodiscard]] bool has_last_commit(std::string_view bytes,
                                   std::uint64_t offset,
                                   const Uuid& store,
                                   std::uint32_t number,
                                   std::uint64_t chain);

/// Whether all bytes are zero; fast.
[[nodiscard]] bool is_all_zero(std::string_view bytes);

}  // namespace vera::store
