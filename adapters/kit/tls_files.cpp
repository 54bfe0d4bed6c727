#include "adapters/kit/tls_files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace vera::kit {
namespace {

constexpr mode_t of_others = 0137;  // reading by the group is fine

Result<void> check_file(const std::string& what, const std::string& path, bool is_key) {
    const std::string about = what + " '" + path + "': ";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return fail(Errc::io, about + std::strerror(errno));
    struct stat facts = {};
    const bool is_known = ::fstat(file, &facts) == 0;
    ::close(file);
    if (!is_known) return fail(Errc::io, about + std::strerror(errno));
    if (is_key && !S_ISREG(facts.st_mode)) return fail(Errc::bad_input, about + "not a file");
    if (is_key && (facts.st_mode & of_others) != 0)
        return fail(Errc::refused, about + "others can read it; chmod 0600 it first");
    return {};
}

}  // namespace

Result<void> check_tls_files(const TlsFiles& files) {
    if (files.certificate.empty() != files.key.empty())
        return fail(Errc::bad_input,
                    files.key.empty() ? "a client certificate needs its key"
                                      : "a client key needs its certificate");
    if (!files.ca.empty())
        if (auto checked = check_file("trusted certificates", files.ca, false); !checked)
            return fail(checked.error().code, checked.error().text);
    if (files.certificate.empty()) return {};
    if (auto checked = check_file("client certificate", files.certificate, false); !checked)
        return fail(checked.error().code, checked.error().text);
    return check_file("client key", files.key, true);
}

bool is_secure_url(std::string_view url) {
    return url.starts_with("amqps://");
}

bool is_loopback_url(std::string_view url) {
    const auto at = url.find("://");
    const std::string_view host = at == std::string_view::npos ? url : url.substr(at + 3);
    if (host.starts_with("localhost:") || host.starts_with("[::1]:")) return true;
    // An address, not a name that only begins like one.
    const std::string_view address = host.substr(0, host.rfind(':'));
    return address.starts_with("127.") &&
           address.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<void> check_transport(const std::string& url, bool has_secret, const TlsFiles& files) {
    if (!is_secure_url(url) && !files.is_empty())
        return fail(Errc::bad_input, "url '" + url + "': TLS files are for amqps://");
    if (!is_secure_url(url) && has_secret && !is_loopback_url(url))
        return fail(Errc::refused,
                    "url '" + url + "': no secret goes beyond this machine without amqps://");
    return check_tls_files(files);
}

}  // namespace vera::kit
