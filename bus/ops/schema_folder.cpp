#include "bus/ops/schema_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace vera::ops {
namespace {

namespace fs = std::filesystem;
using event::SchemaFolder;
using event::SchemaProblem;
using event::SchemaSet;

constexpr int max_depth = 16;

bool is_schema(const std::string& name) {
    return event::is_proto(name) || event::is_descriptor_set(name);
}

/// Walks one folder; stops at the first problem.
class FolderReading {
public:
    FolderReading(fs::path root, std::string shown) : root_(std::move(root)) {
        folder_.place = std::move(shown);
    }

    std::variant<SchemaFolder, SchemaProblem> read() {
        std::error_code error;
        const fs::file_status status = fs::status(root_, error);
        if (!fs::exists(status))
            return SchemaProblem{folder_.place,
                                 0,
                                 0,
                                 status.type() == fs::file_type::not_found
                                     ? "is not there"
                                     : "cannot be read: " + error.message()};
        if (!fs::is_directory(status)) return single();
        walk(root_, 0);
        if (problem_) return *std::move(problem_);
        if (folder_.files.empty())
            return SchemaProblem{
                folder_.place, 0, 0, "holds no schemas (*.proto, *.binpb, *.pb, *.desc)"};
        std::ranges::sort(folder_.files, {}, &event::SchemaFile::name);
        return std::move(folder_);
    }

private:
    std::variant<SchemaFolder, SchemaProblem> single() {
        const fs::path file(folder_.place);
        folder_.place = file.parent_path().string();
        if (!is_schema(root_.filename().string()))
            return SchemaProblem{
                file.string(), 0, 0, "is neither a folder nor *.proto, *.binpb, *.pb or *.desc"};
        take(root_, root_.filename().string());
        if (problem_) return *std::move(problem_);
        return std::move(folder_);
    }

    void walk(const fs::path& folder, int depth) {
        std::error_code error;
        fs::directory_iterator at(folder, error);
        for (const fs::directory_iterator end; !error && at != end && !problem_;
             at.increment(error))
            entry(*at, depth);
        if (error && !problem_)
            problem_ = {folder.string(), 0, 0, "cannot be listed: " + error.message()};
    }

    void entry(const fs::directory_entry& at, int depth) {
        const std::string own = at.path().filename().string();
        if (own.starts_with('.')) return;
        std::error_code error;
        const fs::file_status status = at.status(error);
        if (depth >= max_depth)
            problem_ = {at.path().string(), 0, 0, "lies more than 16 folders deep"};
        else if (!fs::exists(status))  // a link to nothing may have been a folder of schemas
            problem_ = {at.path().string(), 0, 0, "cannot be read: " + error.message()};
        else if (fs::is_directory(status))
            walk(at.path(), depth + 1);
        else if (is_schema(own) && fs::is_regular_file(status))
            take(at.path(), at.path().lexically_relative(root_).generic_string());
    }

    void take(const fs::path& path, std::string name) {
        const auto wrong = [&](const std::string& what) { problem_ = {path.string(), 0, 0, what}; };
        std::error_code error;
        const auto size = fs::file_size(path, error);
        if (error) return wrong("cannot be read: " + error.message());
        if (size > SchemaSet::max_file_bytes) return wrong("is larger than 16 MiB");
        bytes_ += size;
        if (bytes_ > SchemaSet::max_folder_bytes || folder_.files.size() >= SchemaSet::max_files)
            return wrong("the folder holds more than 1000 files or 64 MiB of schemas");
        std::string bytes(static_cast<std::size_t>(size), '\0');
        std::ifstream in(path, std::ios::binary);
        if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
            return wrong("cannot be read");
        folder_.files.push_back({std::move(name), std::move(bytes)});
    }

    fs::path root_;
    SchemaFolder folder_;
    std::uintmax_t bytes_ = 0;
    std::optional<SchemaProblem> problem_;
};

}  // namespace

std::variant<SchemaFolder, SchemaProblem> read_schemas(const std::string& path,
                                                       const std::string& shown) {
    try {
        return FolderReading(path, shown).read();
    } catch (const fs::filesystem_error& error) {
        return SchemaProblem{shown, 0, 0, error.code().message()};
    }
}

}  // namespace vera::ops
