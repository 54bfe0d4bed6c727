#pragma once
// A temporary folder for the configurations of a test.
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>

namespace vera::test {

/// A folder that goes with the test.
class ConfigFolder {
public:
    ConfigFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "vera-config-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~ConfigFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ConfigFolder(const ConfigFolder&) = delete;
    ConfigFolder& operator=(const ConfigFolder&) = delete;
    std::string write(const std::string& name, const std::string& text) const {
        const auto path = std::filesystem::path(path_) / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace vera::test
