#include "bus/cli/connecting.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/host/random.hpp"
#include "bus/policy/secret.hpp"

#include <array>
#include <istream>
#include <memory>
#include <ostream>
#include <termios.h>
#include <unistd.h>

namespace vera::cli {
namespace {

// No echo while it lives; nothing if stdin is no terminal.
class Silence {
public:
    Silence() : is_terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!is_terminal_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool is_terminal_;
};

Result<std::string> read_secret(const std::string& file, Io& io) {
    if (!file.empty()) return read_secret_file(file);
    if (io.err_is_terminal) io.err << "Secret: " << std::flush;
    std::string secret;
    {
        const Silence silence;
        std::getline(io.in, secret);
    }
    if (io.err_is_terminal) io.err << '\n';
    while (!secret.empty() && secret.back() == '\r')
        secret.pop_back();
    if (secret.empty()) return fail(Errc::bad_input, "no secret on stdin");
    if (secret.size() > 1024) return fail(Errc::bad_input, "the secret has more than 1024 bytes");
    return secret;
}

int hash(const std::string& file, Io& io) {
    const auto secret = read_secret(file, io);
    if (!secret) return report(io, secret.error());
    std::array<std::uint8_t, 16> salt{};
    host::fill_random(salt.data(), salt.size());
    const auto line = policy::hash_secret(*secret, salt);
    if (!line) return report(io, line.error());
    io.out << *line << '\n';
    return exit_ok;
}

}  // namespace

void add_secret_hash(CLI::App& secret, Session& session) {
    CLI::App* verb =
        secret.add_subcommand("hash", "Hash a system's secret for the configuration (scrypt)");
    auto file = std::make_shared<std::string>();
    verb->add_option("FILE", *file, "File with the secret, mode 0400 or 0600; without it stdin");
    verb->footer(footer("  vera secret hash\n  vera secret hash omsorg.secret\n"));
    verb->callback([file, &session] { session.exit_code = hash(*file, session.io); });
}

}  // namespace vera::cli
