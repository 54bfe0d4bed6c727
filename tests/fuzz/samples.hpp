#pragma once
// What the seeded runs begin with.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

/// The files of a folder whose names end so, by name.
inline std::vector<std::string> samples_in(const std::string& folder, std::string_view end = {}) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().string().ends_with(end)) paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::vector<std::string> samples;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        samples.emplace_back(std::istreambuf_iterator<char>(file),
                             std::istreambuf_iterator<char>());
    }
    return samples;
}

}  // namespace vera::fuzz
