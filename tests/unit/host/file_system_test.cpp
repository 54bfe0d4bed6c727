#include "bus/host/file_system.hpp"

#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <stdlib.h>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace vera;
using namespace vera::host;
namespace fs = std::filesystem;

namespace {

/// A folder that goes with the test.
class TempFolder {
public:
    TempFolder() {
        std::string pattern = (fs::temp_directory_path() / "vera-files-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// Few open files are allowed while it lives.
class FewFiles {
public:
    explicit FewFiles(rlim_t count) {
        (void)::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{count, before_.rlim_max};
        (void)::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewFiles() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }
    FewFiles(const FewFiles&) = delete;
    FewFiles& operator=(const FewFiles&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("files: a folder is made for its owner alone, with its parents", "[host]") {
    const TempFolder folder;
    const std::string name = GENERATE("a", "a/b/c", "a/b/", "a//b//");
    CAPTURE(name);
    const std::string path = folder.at(name);
    REQUIRE(posix_file_system().make_folder(path));
    CHECK(fs::status(folder.at("a")).permissions() == fs::perms::owner_all);
    CHECK(fs::is_directory(path));
    CHECK(fs::status(path).permissions() == fs::perms::owner_all);
    CHECK(posix_file_system().make_folder(path));
}

TEST_CASE("files: a folder that is there keeps its permissions", "[host]") {
    const TempFolder folder;
    fs::create_directory(folder.at("a"));
    fs::permissions(folder.at("a"), fs::perms::owner_all | fs::perms::group_all);
    REQUIRE(posix_file_system().make_folder(folder.at("a")));
    CHECK(fs::status(folder.at("a")).permissions() ==
          (fs::perms::owner_all | fs::perms::group_all));
}

TEST_CASE("files: a file is not taken for a folder", "[host]") {
    const TempFolder folder;
    std::ofstream(folder.at("file")) << "x";
    for (const char* name : {"file", "file/", "file/below"}) {
        CAPTURE(name);
        const auto made = posix_file_system().make_folder(folder.at(name));
        REQUIRE_FALSE(made);
        CHECK(made.error().code == Errc::io);
        CHECK(made.error().text.find(folder.at("file")) != std::string::npos);
    }
}

TEST_CASE("files: too many open files are a lack of room, no failure of the disk", "[host]") {
    const TempFolder folder;
    FileSystem& files = posix_file_system();
    auto held = files.open_folder(folder.at("."));
    REQUIRE(held);
    struct Codes {
        std::optional<Errc> file, lock, folder, sync;
    };
    const auto code_of = [](const auto& result) {
        return result ? std::optional<Errc>() : std::optional(result.error().code);
    };
    const auto attempt = [&] {
        return Codes{code_of(files.open(folder.at("file"), OpenMode::create)),
                     code_of(files.lock(folder.at("LOCK"))),
                     code_of(files.open_folder(folder.at("."))),
                     code_of((*held)->sync())};
    };
    // The checks of a sanitizer may need descriptors: they and the test framework come before and
    // after.
    const Codes before = attempt();
    Codes without;
    {
        const FewFiles few(4);
        without = attempt();
    }
    const Codes after = attempt();
    for (const Codes& codes : {before, after}) {
        CHECK_FALSE(codes.file);
        CHECK_FALSE(codes.lock);
        CHECK_FALSE(codes.folder);
        CHECK_FALSE(codes.sync);
    }
    CHECK(without.file == Errc::unavailable);
    CHECK(without.lock == Errc::unavailable);
    CHECK(without.folder == Errc::unavailable);
    CHECK_FALSE(without.sync);  // what is open goes on
}
