#include "bus/cli/connecting.hpp"

#include "bus/host/clock.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace vera::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t interrupted_event = -1;  // an eventfd, once somebody waits

extern "C" void on_interrupt(int /*signal*/) {
    interrupted = 1;
    if (interrupted_event < 0) return;
    const int errno_before = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(interrupted_event, &one, sizeof one);
    errno = errno_before;
}

}  // namespace

bool is_interrupted() {
    static const bool is_listening = [] {
        struct sigaction action = {};
        action.sa_handler = on_interrupt;
        action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the process
        sigaction(SIGINT, &action, nullptr);
        sigaction(SIGTERM, &action, nullptr);
        return true;
    }();
    return is_listening && interrupted != 0;
}

bool wait_interrupted(Millis wait) {
    if (interrupted_event < 0) interrupted_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const Millis until = host::system_clock().boot() + wait;
    while (!is_interrupted()) {
        const Millis left = until - host::system_clock().boot();
        if (left <= Millis{0}) return false;
        pollfd interrupt{interrupted_event, POLLIN, 0};
        poll(&interrupt, 1, static_cast<int>(left.count()));
    }
    return true;
}

std::shared_ptr<ConnectFlags> add_connect_flags(CLI::App& verb) {
    auto flags = std::make_shared<ConnectFlags>();
    verb.add_option("--url", flags->url, "The bus, amqp://host:port, or amqps:// with TLS")
        ->envname("VERA_URL")
        ->capture_default_str();
    verb.add_option(
        "--user", flags->user, "System name for SASL PLAIN; without it EXTERNAL or ANONYMOUS");
    verb.add_option("--secret-file", flags->secret_file, "File with the secret, mode 0400 or 0600");
    verb.add_option("--tls-ca", flags->tls.ca, "Whom to trust (PEM); else whom the system trusts");
    verb.add_option("--tls-cert", flags->tls.certificate, "Client certificate (PEM), for EXTERNAL");
    verb.add_option("--tls-key", flags->tls.key, "Its key (PEM), for nobody else to read");
    return flags;
}

Result<std::string> read_secret_file(const std::string& path) {
    const std::string what = "secret file '" + path + "': ";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return fail(Errc::io, what + std::strerror(errno));
    struct stat facts = {};
    std::array<char, 4097> buffer{};
    const bool is_known = ::fstat(file, &facts) == 0;
    const ssize_t size = is_known ? ::read(file, buffer.data(), buffer.size()) : -1;
    ::close(file);
    if (!is_known || size < 0) return fail(Errc::io, what + std::strerror(errno));
    if (!S_ISREG(facts.st_mode)) return fail(Errc::bad_input, what + "not a regular file");
    if ((facts.st_mode & 0177U) != 0)
        return fail(Errc::refused, what + "others can read it; chmod 0600 it first");
    std::string secret(buffer.data(), static_cast<std::size_t>(size));
    secret = secret.substr(0, secret.find_first_of("\r\n"));
    if (secret.empty()) return fail(Errc::bad_input, what + "the first line is empty");
    if (secret.size() > 1024) return fail(Errc::bad_input, what + "more than 1024 bytes");
    return secret;
}

Result<kit::ConnectOptions> connect_options(const ConnectFlags& flags) {
    kit::ConnectOptions options;
    options.url = flags.url;
    options.tls = flags.tls;
    // What the environment says for all verbs does not stand in the way of one that goes elsewhere.
    if (kit::is_secure_url(flags.url))
        for (const auto& [variable, file] : {std::pair{"VERA_TLS_CA", &options.tls.ca},
                                             std::pair{"VERA_TLS_CERT", &options.tls.certificate},
                                             std::pair{"VERA_TLS_KEY", &options.tls.key}})
            if (const char* value = std::getenv(variable); file->empty() && value != nullptr)
                *file = value;
    options.user = flags.user;
    if (!flags.user.empty() && flags.secret_file.empty())
        return fail(Errc::bad_input, "--user needs --secret-file");
    if (flags.user.empty() && !flags.secret_file.empty())
        return fail(Errc::bad_input, "--secret-file needs --user");
    if (!flags.secret_file.empty()) {
        auto secret = read_secret_file(flags.secret_file);
        if (!secret) return fail(secret.error().code, secret.error().text);
        options.secret = std::move(*secret);
    }
    return options;
}

Result<kit::Connection> connect(const ConnectFlags& flags, bool reconnects) {
    auto options = connect_options(flags);
    if (!options) return fail(options.error().code, options.error().text);
    options->reconnect.is_enabled = reconnects;
    return kit::Connection::open(std::move(*options));
}

}  // namespace vera::cli
