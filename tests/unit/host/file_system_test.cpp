#include "bus/host/file_system.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdlib.h>
#include <string>
#include <string_view>
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

TEST_CASE("files: whole aligned pages and other bytes are one file", "[host]") {
    const TempFolder folder;
    FileSystem& files = posix_file_system();
    auto file = files.open(folder.at("file"), OpenMode::create);
    REQUIRE(file);
    constexpr std::size_t page = 4096;
    alignas(page) static std::array<char, 4 * page> pages;
    std::string wanted;
    for (std::size_t i = 0; i < pages.size(); ++i)
        pages[i] = static_cast<char>(i * 7 + i / page);
    const std::string_view all(pages.data(), pages.size());
    wanted = all;
    REQUIRE((*file)->write(0, all));
    // What was read lies in the page cache when the next pages go past it.
    std::string got(page, '\0');
    REQUIRE((*file)->read(page, got));
    const auto put = [&](std::size_t at, std::string_view bytes) {
        REQUIRE((*file)->write(at, bytes));
        wanted.replace(at, bytes.size(), bytes);
    };
    put(page, all.substr(0, 2 * page));
    put(page + 5, "not a page");
    put(2 * page, all.substr(3 * page));
    put(3 * page, all.substr(1, page));  // a page from anywhere in memory
    put(7, all.substr(0, page));         // a page to anywhere in the file
    REQUIRE((*file)->sync());

    std::string read(pages.size() + 1, '\0');
    const auto size = (*file)->read(0, read);
    REQUIRE(size);
    CHECK(*size == wanted.size());
    read.resize(*size);
    CHECK(read == wanted);
}

TEST_CASE("files: a file that was renamed while open takes no pages of its old name", "[host]") {
    const TempFolder folder;
    FileSystem& files = posix_file_system();
    auto first = files.open(folder.at("a"), OpenMode::create);
    REQUIRE(first);
    REQUIRE(files.rename(folder.at("a"), folder.at("b")));
    REQUIRE(files.open(folder.at("a"), OpenMode::create));
    alignas(4096) static const std::array<char, 4096> page{'x'};
    REQUIRE((*first)->write(0, {page.data(), page.size()}));
    CHECK(fs::file_size(folder.at("b")) == page.size());
    CHECK(fs::file_size(folder.at("a")) == 0);
}
