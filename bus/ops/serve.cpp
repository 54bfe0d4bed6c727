#include "bus/ops/serve.hpp"

#include "bus/host/log.hpp"
#include "bus/host/memory.hpp"
#include "bus/host/supervisor.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/core_watch.hpp"
#include "bus/ops/daemon.hpp"
#include "bus/ops/management.hpp"
#include "bus/ops/spare_memory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
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

constexpr std::size_t most_spare_bytes = 32U << 20U;
/// Beyond what was promised, until the supervisor gives up on an orderly end.
constexpr Millis to_spare{10'000};

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

std::string serving_text(const Daemon& daemon) {
    std::string text = "VeRA serves on ";
    bool is_first = true;
    for (const std::string& address : daemon.addresses())
        text += (std::exchange(is_first, false) ? "" : ", ") + address;
    return text;
}

void say_serving(const std::string& serving, bool is_pilot) {
    const std::string line =
        serving + " (pid " + std::to_string(::getpid()) + (is_pilot ? ", pilot" : "") + ")\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
}

int cannot_start(const Error& error) {
    std::istringstream lines(error.text);
    for (std::string line; std::getline(lines, line);)
        log::error("cannot start", {{"reason", line}});
    return 1;
}

/// Wakes the main thread from any other.
class Bell {
public:
    Bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    [[nodiscard]] int fd() const { return fd_.get(); }
    void ring() const {
        const std::uint64_t one = 1;
        if (::write(fd_.get(), &one, sizeof one) < 0) log::error("the main thread cannot be told");
    }
    /// Whether it rang since the last look.
    [[nodiscard]] bool rang() const {
        std::uint64_t times = 0;
        return ::read(fd_.get(), &times, sizeof times) == static_cast<ssize_t>(sizeof times);
    }

private:
    Fd fd_;
};

/// What the main thread waits for.
struct Bells {
    Bell sealed, request, alive;
    [[nodiscard]] bool are_there() const {
        return sealed.fd() >= 0 && request.fd() >= 0 && alive.fd() >= 0;
    }
};

/// How long the main thread may sleep for the watchdog's sake.
Millis time_to_watch(std::optional<CoreWatch>& watch,
                     const Bell& alive,
                     CoreWatch::Clock::time_point now) {
    return watch ? watch->look(alive.rang(), now) : SpareMemory::every;
}

/// Until a signal ends it (true) or the store has sealed itself (false).
bool wait_for_end(Daemon& daemon,
                  int signal_fd,
                  const Bells& bells,
                  std::optional<CoreWatch> watch) {
    SpareMemory spare([] { host::give_back_memory(most_spare_bytes); }, CoreWatch::Clock::now());
    for (;;) {
        const auto now = CoreWatch::Clock::now();
        const Millis most = std::min(spare.look(now), time_to_watch(watch, bells.alive, now));
        std::array<pollfd, 4> ready{{{signal_fd, POLLIN, 0},
                                     {bells.sealed.fd(), POLLIN, 0},
                                     {bells.request.fd(), POLLIN, 0},
                                     {bells.alive.fd(), POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), static_cast<int>(most.count())) < 0) {
            if (errno == EINTR) continue;
            log::error("waiting for signals failed", {{"errno", std::to_string(errno)}});
            return false;
        }
        if (bells.sealed.rang()) return false;
        if (bells.request.rang()) daemon.answer_requests();
        if (ready[0].revents == 0) continue;
        signalfd_siginfo signal{};
        if (::read(signal_fd, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal))
            continue;
        if (signal.ssi_signo == static_cast<std::uint32_t>(SIGHUP)) {
            static_cast<void>(daemon.reload());
            continue;
        }
        log::info(
            "stopping",
            {{"signal",
              signal.ssi_signo == static_cast<std::uint32_t>(SIGINT) ? "SIGINT" : "SIGTERM"}});
        return true;
    }
}

DaemonOptions daemon_options(const ServeOptions& options,
                             const Bells& bells,
                             const host::Supervisor& supervisor) {
    DaemonOptions made;
    made.config_file = options.config_file;
    made.is_pilot = options.is_pilot;
    made.on_sealed = [&bells](const std::string& reason) {
        log::error("the store has sealed itself: nothing more is accepted, stopping",
                   {{"reason", reason}});
        bells.sealed.ring();
    };
    made.on_request = [&bells] { bells.request.ring(); };
    made.on_reload = [&supervisor](bool begins) {
        if (begins)
            supervisor.tell_reloading();
        else
            supervisor.tell("READY=1");
    };
    return made;
}

}  // namespace

int serve(const ServeOptions& options) {
    if (!log::set_level(options.log_level)) {
        log::error("cannot start", {{"reason", "unknown log level: debug, info, warn or error"}});
        return 1;
    }
    const auto supervisor = host::Supervisor::from_environment();
    const sigset_t signals = block_signals();
    set_process_limits();
    const Fd signal_fd(::signalfd(-1, &signals, SFD_CLOEXEC));
    const Bells bells;
    if (signal_fd.get() < 0 || !bells.are_there())
        return cannot_start({Errc::unavailable, "no file descriptors for signals"});

    supervisor.tell("STATUS=Recovering the store");
    auto daemon = Daemon::start(daemon_options(options, bells, supervisor));
    if (!daemon) return cannot_start(daemon.error());
    if (!options.port_file.empty() && !write_port_file(options.port_file, (*daemon)->ports()))
        return cannot_start({Errc::io, "cannot write the port file " + options.port_file});
    const std::string serving = serving_text(**daemon);
    say_serving(serving, options.is_pilot);
    supervisor.tell("READY=1\nSTATUS=" + serving);

    std::optional<CoreWatch> watch;
    if (const auto period = supervisor.watchdog())
        watch.emplace(
            *period,
            [&] { (*daemon)->ask_core([bell = &bells.alive] { bell->ring(); }); },
            [&] { supervisor.tell("WATCHDOG=1"); });
    const bool is_orderly = wait_for_end(**daemon, signal_fd.get(), bells, std::move(watch));
    const Millis grace = (*daemon)->stop_timeout();
    const std::chrono::microseconds most = grace + finish_within + to_spare;
    supervisor.tell("STOPPING=1\nSTATUS=Stopping\nEXTEND_TIMEOUT_USEC=" +
                    std::to_string(most.count()));
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

Result<CheckedConfig> check_config(const std::string& config_file) {
    // Beyond loopback is for `serve --pilot` to decide: here it is a fact to be told.
    const LoadedConfig loaded = load_config(config_file, {true, false});
    if (!loaded.is_good()) return fail(Errc::bad_input, to_text(loaded.problems));
    const Config& config = loaded.config;
    CheckedConfig checked;
    for (const Problem& warning : loaded.warnings)
        checked.warnings.push_back(to_text(warning));
    std::vector<std::string>& facts = checked.facts;
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
    return checked;
}

}  // namespace vera::ops
