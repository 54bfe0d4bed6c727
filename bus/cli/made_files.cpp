#include "bus/cli/made_files.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace vera::cli {
namespace {

namespace fs = std::filesystem;

bool has_mark(const fs::path& path, std::string_view mark) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4096> begin{};
    file.read(begin.data(), begin.size());
    const std::string_view read(begin.data(), static_cast<std::size_t>(file.gcount()));
    return read.find(mark) != std::string_view::npos;
}

Failure failed(const std::string& path, const std::error_code& error) {
    return fail(Errc::io, "cannot write '" + path + "': " + error.message());
}

/// Whether something is in the folder that is not one of the files, and none of these is there yet.
bool is_taken(const std::string& folder, const std::vector<MadeFile>& files) {
    std::error_code error;
    if (folder.empty() || !fs::is_directory(folder, error) || fs::is_empty(folder, error))
        return false;
    for (const MadeFile& file : files)
        if (fs::exists(file.path, error)) return false;
    return true;
}

Result<void> make_file(const MadeFile& file) {
    const fs::path path(file.path);
    const std::string beside = file.path + ".new";
    std::error_code error;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
    if (error) return failed(file.path, error);
    errno = 0;
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << file.contents;
    out.close();
    if (!out) {
        const std::error_code reason(errno != 0 ? errno : EIO, std::generic_category());
        fs::remove(beside, error);
        return failed(file.path, reason);
    }
    fs::rename(beside, path, error);
    if (!error) return {};
    const Failure reason = failed(file.path, error);
    fs::remove(beside, error);
    return reason;
}

}  // namespace

Result<void> may_be_made(const std::vector<MadeFile>& files,
                         const std::string& folder,
                         std::string_view mark) {
    std::error_code error;
    for (const MadeFile& file : files) {
        if (fs::is_directory(file.path, error))
            return fail(Errc::refused, "'" + file.path + "' is a folder");
        if (fs::exists(file.path, error) && fs::file_size(file.path, error) != 0 &&
            !has_mark(file.path, mark))
            return fail(Errc::refused,
                        "'" + file.path + "' was not made by this verb; --force overwrites it");
    }
    if (is_taken(folder, files))
        return fail(Errc::refused,
                    "'" + folder + "' is not empty; --force writes into it all the same");
    return {};
}

Result<void> make_files(const std::vector<MadeFile>& files) {
    for (const MadeFile& file : files)
        if (auto made = make_file(file); !made) return made;
    return {};
}

}  // namespace vera::cli
