#include "bus/store/spares.hpp"

#include "bus/store/format.hpp"
#include "bus/store/pages.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vera::store {
namespace {

constexpr std::uint64_t write_bytes = 1U << 20U;
constexpr std::uint64_t sync_bytes =
    8U << 20U;  ///< small enough not to keep a commit's sync waiting for long

Result<void> fill_with_zeros(host::File& file, std::uint64_t bytes) {
    const std::uint64_t most = std::min(bytes, write_bytes);
    const Pages zeros = allocate_pages(round_to_page(most));
    std::memset(zeros.get(), 0, most);
    for (std::uint64_t at = 0; at < bytes;) {
        const std::uint64_t count = std::min(most, bytes - at);
        if (auto written = file.write(at, {zeros.get(), count}); !written) return written;
        at += count;
        if (at % sync_bytes == 0 || at == bytes)
            if (auto synced = file.sync(); !synced) return synced;
    }
    return {};
}

}  // namespace

Result<Spare> make_spare(host::FileSystem& files, const std::string& path, std::uint64_t bytes) {
    auto file = files.open(path, host::OpenMode::write);
    if (file) {
        const auto size = (*file)->size();
        if (!size || *size != bytes) file = files.open(path, host::OpenMode::create);
    } else {
        file = files.open(path, host::OpenMode::create);
    }
    if (!file) {
        (void)files.remove(path);
        return fail(file.error().code, file.error().text);
    }
    if (auto filled = fill_with_zeros(**file, bytes); !filled) {
        (void)files.remove(path);
        return fail(filled.error().code, filled.error().text);
    }
    return Spare{path, std::shared_ptr<host::File>(*std::move(file)), bytes};
}

Result<Spare> SyncSpares::take(std::uint64_t bytes) {
    if (unused_ && unused_->bytes >= bytes) return *std::exchange(unused_, std::nullopt);
    std::string path = names_.spare(next_number_);
    if (!old_.empty() && bytes <= bytes_) {
        path = old_.back();
        old_.pop_back();
    } else {
        ++next_number_;
    }
    return make_spare(files_, path, std::max(bytes, bytes_));
}

void SyncSpares::put_back(Spare spare) {
    unused_ = std::move(spare);
}

void SyncSpares::give(const std::string& path, std::uint64_t bytes) {
    if (bytes == bytes_ && old_.size() < recycle_) {
        const std::string spare = names_.spare(next_number_++);
        if (files_.rename(path, spare)) {
            old_.push_back(spare);
            return;
        }
    }
    // What cannot be removed is found and removed by the next start.
    (void)files_.remove(path);
}

}  // namespace vera::store
