#pragma once
// A folder of one test's own, gone when the test is.
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace vera::flow::test {

class TempFolder {
public:
    TempFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "vera-contract-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temp folder");
        path_ = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace vera::flow::test
