#include "bus/ops/serve.hpp"

#include "bus/host/log.hpp"
#include "bus/host/memory.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/daemon.hpp"
#include "bus/ops/management.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace vera::ops {
namespace {

namespace log = host::log;
using namespace std::chrono_literals;

constexpr Millis grace{10'000};
constexpr Millis memory_every{30'000};  // a burst is over, or goes on: then it costs little
constexpr std::size_t most_spare_bytes = 32U << 20U;

/// Closes itself.
class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

/// Many sockets; no memory image on disk, because it would hold personal data.
void set_process_limits() {
    std::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            log::warn("the limit of open files cannot be raised");
    }
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) log::warn("core dumps cannot be switched off");
    // A core pattern that pipes to a program ignores the limit: then it gets no mappings.
    std::ofstream("/proc/self/coredump_filter") << "0";
}

/// The signals that steer the daemon; blocked before any thread is started, so that all threads
/// inherit it.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int one : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&signals, one);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

/// Whole or not at all: who waits for the file finds all ports in it.
bool write_port_file(const std::string& path, const std::vector<std::uint16_t>& ports) {
    const std::string beside = path + ".new";
    std::ofstream out(beside);
    for (const std::uint16_t port : ports)
        out << port << '\n';
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(beside, path, error);
    return out && !error;
}

void say_serving(const Daemon& daemon, bool is_pilot) {
    std::string line = "VeRA serves on ";
    bool is_first = true;
    for (const std::string& address : daemon.addresses())
        line += (std::exchange(is_first, false) ? "" : ", ") + address;
    line += " (pid " + std::to_string(::getpid()) + (is_pilot ? ", pilot" : "") + ")\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
}

int cannot_start(const Error& error) {
    std::istringstream lines(error.text);
    for (std::string line; std::getline(lines, line);)
        log::error("cannot start", {{"reason", line}});
    return 1;
}

/// Until a signal ends it (true) or the store has sealed itself (false).
bool wait_for_end(Daemon& daemon, int signal_fd, int sealed_fd) {
    for (;;) {
        std::array<pollfd, 2> ready{{{signal_fd, POLLIN, 0}, {sealed_fd, POLLIN, 0}}};
        const int count =
            ::poll(ready.data(), ready.size(), static_cast<int>(memory_every.count()));
        if (count < 0) {
            if (errno == EINTR) continue;
            log::error("waiting for signals failed", {{"errno", std::to_string(errno)}});
            return false;
        }
        if (count == 0) {
            host::give_back_memory(most_spare_bytes);
            continue;
        }
        if (ready[1].revents != 0) return false;
        signalfd_siginfo signal{};
        if (::read(signal_fd, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal))
            continue;
        if (signal.ssi_signo == static_cast<std::uint32_t>(SIGHUP)) {
            daemon.reload();
            continue;
        }
        log::info(
            "stopping",
            {{"signal",
              signal.ssi_signo == static_cast<std::uint32_t>(SIGINT) ? "SIGINT" : "SIGTERM"}});
        return true;
    }
}

}  // namespace

int serve(const ServeOptions& options) {
    if (!log::set_level(options.log_level)) {
        log::error("cannot start", {{"reason", "unknown log level: debug, info, warn or error"}});
        return 1;
    }
    const sigset_t signals = block_signals();
    set_process_limits();
    const Fd signal_fd(::signalfd(-1, &signals, SFD_CLOEXEC));
    const Fd sealed_fd(::eventfd(0, EFD_CLOEXEC));
    if (signal_fd.get() < 0 || sealed_fd.get() < 0)
        return cannot_start({Errc::unavailable, "no file descriptors for signals"});

    DaemonOptions daemon_options;
    daemon_options.config_file = options.config_file;
    daemon_options.is_pilot = options.is_pilot;
    daemon_options.on_sealed = [fd = sealed_fd.get()](const std::string& reason) {
        log::error("the store has sealed itself: nothing more is accepted, stopping",
                   {{"reason", reason}});
        const std::uint64_t one = 1;
        if (::write(fd, &one, sizeof one) < 0) log::error("the main thread cannot be told");
    };
    auto daemon = Daemon::start(std::move(daemon_options));
    if (!daemon) return cannot_start(daemon.error());
    if (!options.port_file.empty() && !write_port_file(options.port_file, (*daemon)->ports()))
        return cannot_start({Errc::io, "cannot write the port file " + options.port_file});
    say_serving(**daemon, options.is_pilot);

    const bool is_orderly = wait_for_end(**daemon, signal_fd.get(), sealed_fd.get());
    (*daemon)->stop(grace);
    log::info("stopped");
    return is_orderly ? 0 : 1;
}

namespace {

std::string tls_text(const TlsConfig& tls) {
    if (!tls.is_on()) return ", without TLS";
    std::string text = ", TLS as";
    for (const amqp::TlsCertificate& one : tls.context->certificates())
        text += " " + one.subject + " until " + to_rfc3339(timestamp_of(one.not_after)) + ",";
    if (tls.client_ca.empty()) return text + " no client certificates";
    return text + " client certificates " +
           (tls.requires_client_certificate ? "required" : "optional");
}

}  // namespace

Result<std::vector<std::string>> check_config(const std::string& config_file) {
    // Beyond loopback is for `serve --pilot` to decide: here it is a fact to be told.
    const LoadedConfig loaded = load_config(config_file, {catalogue_types(), true, false});
    if (!loaded.is_good()) return fail(Errc::bad_input, to_text(loaded.problems));
    const Config& config = loaded.config;
    std::vector<std::string> facts;
    facts.push_back("node " + config.node + ", digest " + config.digest);
    for (const ListenConfig& listen : config.listen)
        facts.push_back(
            "listens on " + listen.address + " port " + std::to_string(listen.port) +
            (listen.allows_anonymous ? ", anonymous allowed" : "") + tls_text(listen.tls) +
            (listen.is_loopback() ? "" : ", beyond loopback: needs `vera serve --pilot`"));
    facts.push_back("store in " + config.store.path + ", kept for " +
                    vera::to_text(config.limits.retention));
    facts.push_back(std::to_string(config.authorities.size()) + " authorities, " +
                    std::to_string(config.systems.size()) + " systems, " +
                    std::to_string(config.subscriptions.size()) + " subscriptions, " +
                    std::to_string(config.queues.size()) + " queues");
    return facts;
}

}  // namespace vera::ops
