#include "bus/cli/input_file.hpp"

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace vera::cli {

Result<std::ifstream> open_input(const std::string& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored))
        return fail(Errc::io, "cannot read '" + file + "': it is a folder");
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(Errc::io,
                    "cannot read '" + file + "': " + std::generic_category().message(errno));
    return in;
}

Result<std::string> read_input(const std::string& file, std::istream& standard_input) {
    const auto rest = [](std::istream& in) {
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    if (file == "-") return rest(standard_input);
    auto in = open_input(file);
    if (!in) return fail(in.error().code, in.error().text);
    return rest(*in);
}

}  // namespace vera::cli
