#include "tests/support/faulty_file_system.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace vera::test {

namespace {
constexpr std::size_t sector_bytes = 512;
}

struct FaultyFileSystem::Inode {
    std::string now;
    std::string durable;
    std::set<std::size_t> dirty;  // sectors that differ, perhaps
};

struct FaultyFileSystem::FolderChange {
    std::string name;
    std::string new_name;         // of a rename
    std::shared_ptr<Inode> made;  // null: a removal or a rename
};

class FaultyFile final : public host::File {
public:
    FaultyFile(FaultyFileSystem& owner,
               std::shared_ptr<FaultyFileSystem::Inode> inode,
               std::string path)
        : owner_(owner),
          inode_(std::move(inode)),
          path_(std::move(path)),
          generation_(owner.generation_) {}

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        const std::lock_guard lock(owner_.mutex_);
        if (auto stopped = stop(Call::write)) {
            // A write that fails may have done a part of its work.
            put(offset, bytes.substr(0, bytes.size() / 2), false);
            return *stopped;
        }
        if (!put(offset, bytes, true))
            return fail(Errc::unavailable, "write to " + path_ + ": no space left");
        return {};
    }
    Result<void> sync() override {
        const std::lock_guard lock(owner_.mutex_);
        if (auto stopped = stop(Call::sync)) {
            // As Linux does: the pages are clean now, and nobody knows whether they are on disk.
            // Here they are not.
            inode_->dirty.clear();

            return *stopped;
        }
        if (owner_.ignores_syncs_) return {};
        // A sync after a failed one says yes and has not written what was dropped.
        std::string& durable = inode_->durable;
        if (durable.size() != inode_->now.size()) durable.resize(inode_->now.size(), '\0');
        for (const std::size_t sector : inode_->dirty)
            copy_sector(sector);
        inode_->dirty.clear();
        return {};
    }
    Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
        const std::lock_guard lock(owner_.mutex_);
        if (auto stopped = stop(Call::read)) return *stopped;
        const std::string& now = inode_->now;
        if (offset >= now.size()) return std::size_t{0};
        const std::size_t count = std::min<std::size_t>(out.size(), now.size() - offset);
        std::memcpy(out.data(), now.data() + offset, count);
        return count;
    }
    std::optional<Result<std::size_t>> read_now(std::uint64_t offset,
                                                std::span<char> out) override {
        return read(offset, out);
    }
    Result<std::uint64_t> size() override {
        const std::lock_guard lock(owner_.mutex_);
        if (generation_ != owner_.generation_) return fail(Errc::io, path_ + ": the power was off");
        return std::uint64_t{inode_->now.size()};
    }

private:
    std::optional<Failure> stop(Call call) {
        if (generation_ != owner_.generation_) return fail(Errc::io, path_ + ": the power was off");
        return owner_.planned(call, path_);
    }
    bool put(std::uint64_t offset, std::string_view bytes, bool checks_space) {
        std::string& now = inode_->now;
        const std::size_t end = offset + bytes.size();
        if (checks_space && end > now.size() &&
            owner_.used() + (end - now.size()) > owner_.capacity_)
            return false;
        if (end > now.size()) now.resize(end, '\0');
        now.replace(offset, bytes.size(), bytes);
        for (std::size_t s = offset / sector_bytes; s * sector_bytes < end; ++s)
            inode_->dirty.insert(s);
        return true;
    }
    void copy_sector(std::size_t sector) {
        const std::size_t at = sector * sector_bytes;
        if (at >= inode_->now.size()) return;
        const std::size_t count = std::min(sector_bytes, inode_->now.size() - at);
        inode_->durable.replace(at, count, inode_->now, at, count);
    }

    FaultyFileSystem& owner_;
    std::shared_ptr<FaultyFileSystem::Inode> inode_;
    std::string path_;
    std::uint64_t generation_;
};

class FaultyLock final : public host::Lock {
public:
    FaultyLock(FaultyFileSystem& owner, std::string path)
        : owner_(owner),
          path_(std::move(path)),
          generation_(owner.generation_) {}
    ~FaultyLock() override {
        const std::lock_guard lock(owner_.mutex_);
        if (generation_ == owner_.generation_) owner_.locks_.erase(path_);
    }

private:
    FaultyFileSystem& owner_;
    std::string path_;
    std::uint64_t generation_;
};

class FaultyFolder final : public host::Folder {
public:
    FaultyFolder(FaultyFileSystem& owner, std::string path)
        : owner_(owner),
          path_(std::move(path)),
          generation_(owner.generation_) {}

    Result<void> sync() override {
        const std::lock_guard lock(owner_.mutex_);
        if (generation_ != owner_.generation_) return fail(Errc::io, path_ + ": the power was off");
        if (auto stopped = owner_.planned(Call::sync_folder, path_)) return *stopped;
        if (owner_.ignores_syncs_) return {};
        for (const FaultyFileSystem::FolderChange& change : owner_.changes_)
            FaultyFileSystem::apply(owner_.durable_, change);
        owner_.changes_.clear();
        return {};
    }

private:
    FaultyFileSystem& owner_;
    std::string path_;
    std::uint64_t generation_;
};

FaultyFileSystem::FaultyFileSystem() = default;
FaultyFileSystem::~FaultyFileSystem() = default;

std::optional<Failure> FaultyFileSystem::planned(Call call, const std::string& path) {
    static constexpr const char* names[call_kinds] = {"open",
                                                      "write",
                                                      "sync",
                                                      "read",
                                                      "create",
                                                      "rename",
                                                      "remove",
                                                      "sync_folder",
                                                      "list",
                                                      "lock"};
    Plan& plan = plans_[static_cast<std::size_t>(call)];
    ++plan.count;
    if (plan.fail_at == 0 || plan.count < plan.fail_at) return std::nullopt;
    if (plan.count > plan.fail_at && !plan.is_forever) return std::nullopt;
    return fail(
        plan.code,
        std::string("planned failure of ") + names[static_cast<std::size_t>(call)] + " " + path);
}

std::uint64_t FaultyFileSystem::used() const {
    std::uint64_t bytes = 0;
    for (const auto& [name, inode] : names_)
        bytes += inode->now.size();
    return bytes;
}

void FaultyFileSystem::apply(std::map<std::string, std::shared_ptr<Inode>>& names,
                             const FolderChange& change) {
    if (change.made) {
        names[change.name] = change.made;
    } else if (!change.new_name.empty()) {
        const auto at = names.find(change.name);
        if (at == names.end()) return;
        names[change.new_name] = at->second;
        names.erase(change.name);
    } else {
        names.erase(change.name);
    }
}

Result<std::unique_ptr<host::File>> FaultyFileSystem::open(const std::string& path,
                                                           host::OpenMode mode) {
    const std::lock_guard lock(mutex_);
    const Call call = mode == host::OpenMode::create ? Call::create : Call::open;
    if (auto stopped = planned(call, path)) return *stopped;
    auto at = names_.find(path);
    if (at == names_.end()) {
        if (mode != host::OpenMode::create)
            return fail(Errc::not_found, "open " + path + ": no such file");
        const FolderChange change{path, {}, std::make_shared<Inode>()};
        apply(names_, change);
        changes_.push_back(change);
        at = names_.find(path);
    } else if (mode == host::OpenMode::create) {
        at->second->now.clear();
        at->second->dirty.clear();
    }
    return std::unique_ptr<host::File>(std::make_unique<FaultyFile>(*this, at->second, path));
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    if (auto stopped = planned(Call::rename, from)) return *stopped;
    if (!names_.contains(from)) return fail(Errc::not_found, "rename " + from + ": no such file");
    changes_.push_back({from, to, nullptr});
    apply(names_, changes_.back());
    return {};
}

Result<void> FaultyFileSystem::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (auto stopped = planned(Call::remove, path)) return *stopped;
    if (!names_.contains(path)) return fail(Errc::not_found, "remove " + path + ": no such file");
    changes_.push_back({path, {}, nullptr});
    apply(names_, changes_.back());
    return {};
}

Result<std::vector<std::string>> FaultyFileSystem::list(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    if (auto stopped = planned(Call::list, folder)) return *stopped;
    std::vector<std::string> found;
    for (const auto& [name, inode] : names_)
        if (name.starts_with(folder + "/")) found.push_back(name.substr(folder.size() + 1));
    return found;
}

Result<void> FaultyFileSystem::make_folder(const std::string&) {
    return {};
}

Result<std::unique_ptr<host::Folder>> FaultyFileSystem::open_folder(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return std::unique_ptr<host::Folder>(std::make_unique<FaultyFolder>(*this, path));
}

Result<std::unique_ptr<host::Lock>> FaultyFileSystem::lock(const std::string& path) {
    const std::lock_guard guard(mutex_);
    if (auto stopped = planned(Call::lock, path)) return *stopped;
    if (!locks_.emplace(path, generation_).second) return fail(Errc::refused, path + " is locked");
    return std::unique_ptr<host::Lock>(std::make_unique<FaultyLock>(*this, path));
}

void FaultyFileSystem::lose_power(Loss loss, std::mt19937_64& random) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    locks_.clear();
    std::size_t kept = 0;
    if (loss == Loss::nothing) kept = changes_.size();
    if (loss == Loss::random) kept = random() % (changes_.size() + 1);
    std::set<std::shared_ptr<Inode>> inodes;
    for (const auto& [name, inode] : names_)
        inodes.insert(inode);
    for (std::size_t i = 0; i < kept; ++i)
        apply(durable_, changes_[i]);
    changes_.clear();
    for (const auto& [name, inode] : durable_)
        inodes.insert(inode);
    names_ = durable_;
    for (const auto& inode : inodes) {
        std::string after = inode->durable;
        if (loss == Loss::nothing) {
            after = inode->now;
        } else if (loss == Loss::random) {
            if (random() % 2 == 0) after.resize(inode->now.size(), '\0');
            for (const std::size_t sector : inode->dirty) {
                const std::size_t at = sector * sector_bytes;
                if (at >= after.size() || at >= inode->now.size() || random() % 2 == 0) continue;
                const std::size_t count =
                    std::min({sector_bytes, after.size() - at, inode->now.size() - at});
                after.replace(at, count, inode->now, at, count);
            }
        }
        inode->now = after;
        inode->durable = after;
        inode->dirty.clear();
    }
}

void FaultyFileSystem::kill_process() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    locks_.clear();
}

void FaultyFileSystem::fail_call(Call call, std::uint64_t nth, Errc code, bool forever) {
    const std::lock_guard lock(mutex_);
    Plan& plan = plans_[static_cast<std::size_t>(call)];
    plan.fail_at = plan.count + nth;
    plan.code = code;
    plan.is_forever = forever;
}

void FaultyFileSystem::heal() {
    const std::lock_guard lock(mutex_);
    for (Plan& plan : plans_)
        plan.fail_at = 0;
}

void FaultyFileSystem::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
}

void FaultyFileSystem::ignore_syncs(bool ignores) {
    const std::lock_guard lock(mutex_);
    ignores_syncs_ = ignores;
}

std::uint64_t FaultyFileSystem::calls(Call call) const {
    const std::lock_guard lock(mutex_);
    return plans_[static_cast<std::size_t>(call)].count;
}

std::vector<std::string> FaultyFileSystem::names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, inode] : names_)
        names.push_back(name);
    return names;
}

std::string FaultyFileSystem::contents(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto at = names_.find(path);
    return at == names_.end() ? std::string() : at->second->now;
}

void FaultyFileSystem::put(const std::string& path, std::string bytes) {
    const std::lock_guard lock(mutex_);
    auto inode = std::make_shared<Inode>();
    inode->now = inode->durable = std::move(bytes);
    names_[path] = durable_[path] = inode;
}

void FaultyFileSystem::erase(const std::string& path) {
    const std::lock_guard lock(mutex_);
    names_.erase(path);
    durable_.erase(path);
}

std::map<std::string, std::string> FaultyFileSystem::image() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::string> image;
    for (const auto& [name, inode] : names_)
        image[name] = inode->now;
    return image;
}

void FaultyFileSystem::set_image(const std::map<std::string, std::string>& image) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    locks_.clear();
    names_.clear();
    durable_.clear();
    changes_.clear();
    for (const auto& [name, bytes] : image) {
        auto inode = std::make_shared<Inode>();
        inode->now = inode->durable = bytes;
        names_[name] = durable_[name] = inode;
    }
}

}  // namespace vera::test
