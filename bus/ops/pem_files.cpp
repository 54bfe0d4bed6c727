#include "bus/ops/pem_files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vera::ops {
namespace {

constexpr std::size_t most_pem_bytes = 1U << 20U;
constexpr mode_t of_others = 0137;  // reading by the group is fine: 0400, 0440, 0600, 0640

std::string octal(mode_t mode) {
    std::string digits = "0000";
    for (std::size_t i = 0; i < digits.size(); ++i)
        digits[i] = static_cast<char>('0' + ((mode >> (9 - 3 * i)) & 7U));
    return digits;
}

struct Descriptor {
    explicit Descriptor(int opened) : fd(opened) {}
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int fd;
};

}  // namespace

Result<std::string> PemFiles::read(const std::string& path) {
    return texts_.try_emplace(path, open(path, false, most_pem_bytes)).first->second;
}

Result<std::string> PemFiles::read_key(const std::string& path) {
    return keys_.try_emplace(path, open(path, true, most_pem_bytes)).first->second;
}

Result<std::string> PemFiles::read_private(const std::string& path, std::size_t most_bytes) {
    return open(path, true, most_bytes);
}

Result<std::string> PemFiles::open(const std::string& path,
                                   bool is_private,
                                   std::size_t most_bytes) {
    const std::string whole = absolute(path);
    const std::string about = "file '" + whole + "' ";
    const Descriptor file(::open(whole.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.fd < 0) return fail(Errc::io, about + "cannot be read: " + std::strerror(errno));
    struct stat facts = {};
    if (::fstat(file.fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fail(Errc::io, about + "is no file");
    if (is_private && (facts.st_mode & of_others) != 0)
        return fail(Errc::refused,
                    about + "can be read by others (mode " + octal(facts.st_mode & 07777U) +
                        "): chmod 0600 or 0640");
    std::string text;
    std::array<char, 16384> buffer{};
    while (text.size() <= most_bytes) {
        const ssize_t got = ::read(file.fd, buffer.data(), buffer.size());
        if (got < 0) return fail(Errc::io, about + "cannot be read: " + std::strerror(errno));
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return fail(Errc::io, about + "has more than " + std::to_string(most_bytes >> 20U) + "MiB");
}

std::string PemFiles::public_bytes() const {
    std::string bytes;
    for (const auto& [path, text] : texts_)
        if (text) bytes += path + '\0' + std::to_string(text->size()) + '\0' + *text;
    return bytes;
}

}  // namespace vera::ops
