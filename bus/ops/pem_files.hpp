#pragma once
// The certificates, keys and authorities that a configuration names: each file is read once per
// load, so that what was checked is what is used.
#include "bus/base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace vera::ops {

class PemFiles {
public:
    /// What paths are relative to.
    void set_folder(std::filesystem::path folder) { folder_ = std::move(folder); }

    /// Errc::io: cannot be read as a file of at most 1 MiB; refused: a key that others can read.
    /// Blocks on disk.
    [[nodiscard]] Result<std::string> read(const std::string& path);
    [[nodiscard]] Result<std::string> read_key(const std::string& path);
    /// Of another kind, but as private as a key; not kept.
    [[nodiscard]] Result<std::string> read_private(const std::string& path, std::size_t most_bytes);
    [[nodiscard]] std::string absolute(const std::string& path) const {
        return (folder_ / path).lexically_normal().string();
    }

    /// Name, length and content of all that was read but keys: what a configuration's digest covers
    /// beside its own files. A key cannot change without its certificate.
    [[nodiscard]] std::string public_bytes() const;

private:
    Result<std::string> open(const std::string& path, bool is_private, std::size_t most_bytes);

    std::filesystem::path folder_;
    std::map<std::string, Result<std::string>> texts_;
    std::map<std::string, Result<std::string>> keys_;
};

}  // namespace vera::ops
