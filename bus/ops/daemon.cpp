#include "bus/ops/daemon.hpp"

#include "bus/amqp/front_door.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/flow/bus_core.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/file_system.hpp"
#include "bus/host/log.hpp"
#include "bus/ops/authenticator.hpp"
#include "bus/ops/bus.hpp"
#include "bus/ops/clock_keeper.hpp"
#include "bus/ops/effective.hpp"
#include "bus/ops/generation.hpp"
#include "bus/ops/management.hpp"
#include "bus/ops/orders.hpp"
#include "bus/store/journal_engine.hpp"

#include <algorithm>
#include <optional>
#include <sys/resource.h>
#include <utility>

namespace vera::ops {
namespace {

namespace log = host::log;
using namespace std::chrono_literals;

amqp::DoorOptions door_options(const Config& config) {
    amqp::DoorOptions options;
    for (const ListenConfig& listen : config.listen)
        options.listeners.push_back({listen.address,
                                     listen.port,
                                     listen.allows_anonymous,
                                     listen.allows_plain,
                                     listen.tls.context});
    options.io_threads = config.door.io_threads;
    options.container_id = config.node;
    options.max_frame_bytes = config.door.max_frame_bytes;
    options.max_sessions = config.door.max_sessions;
    options.max_links = config.door.max_links;
    options.max_connections = config.door.max_connections;
    options.idle_timeout = config.door.idle_timeout;
    options.handshake_timeout = config.door.handshake_timeout;
    options.write_stall_timeout = config.door.write_stall_timeout;
    options.publisher_credit = config.door.publisher_credit;
    options.in_flight_bytes = config.door.in_flight_bytes;
    options.reply_messages = config.door.reply_messages;
    options.reply_bytes = config.door.reply_bytes;
    return options;
}

void log_generation(std::string_view message, const Config& config, Generation generation) {
    log::info(message,
              {{"generation", std::to_string(generation.value)},
               {"digest", config.digest},
               {"subscriptions", std::to_string(config.subscriptions.size())},
               {"queues", std::to_string(config.queues.size())},
               {"systems", std::to_string(config.systems.size())}});
}

/// What only a restart can change is kept as it is; each difference is told.
std::vector<std::string> keep_fixed_parts(Config& next, const Config& current) {
    std::vector<std::string> changed = keep_fixed(next, current);
    for (const std::string& key : changed)
        log::warn("a changed option needs a restart; the old value stays", {{"key", key}});
    return changed;
}

/// Connections must leave descriptors for the store: without any it would take nothing more.
void cap_connections(std::uint32_t& connections) {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return;
    const std::uint32_t allowed = allowed_connections(connections, files.rlim_cur);
    if (allowed == connections) return;
    log::warn("fewer connections than configured: too few open files are allowed",
              {{"open_files", std::to_string(files.rlim_cur)},
               {"max_connections", std::to_string(connections)},
               {"connections", std::to_string(allowed)}});
    connections = allowed;
}

void log_warnings(const std::vector<Problem>& warnings) {
    for (const Problem& warning : warnings)
        log::warn("configuration warning",
                  {{"file", warning.file},
                   {"line", std::to_string(warning.line)},
                   {"key", warning.key},
                   {"reason", warning.reason}});
}

void log_problems(const std::vector<Problem>& problems) {
    for (const Problem& problem : problems)
        log::error("configuration error",
                   {{"file", problem.file},
                    {"line", std::to_string(problem.line)},
                    {"key", problem.key},
                    {"reason", problem.reason}});
}

void log_order(const decltype(flow::Ask::what)& what) {
    if (const auto* pause = std::get_if<flow::SetPause>(&what))
        log::info(pause->is_paused ? "queue to be paused" : "queue to be resumed",
                  {{"queue", std::to_string(pause->queue.value)}, {"actor", pause->actor}});
    if (const auto* cancel = std::get_if<flow::Cancel>(&what))
        log::info("schedule to be cancelled",
                  {{"copy", std::to_string(cancel->copy.value)},
                   {"event", std::to_string(cancel->event.value)},
                   {"actor", cancel->actor}});
}

void log_recovery(const flow::Recovery& recovery, const StoreConfig& store) {
    for (const std::string& note : recovery.notes)
        log::warn("store recovery", {{"note", note}});
    log::info("store recovered",
              {{"path", store.path},
               {"store", to_text(recovery.store)},
               {"clean", recovery.was_clean ? "yes" : "no"},
               {"last_event", std::to_string(recovery.last_event.value)},
               {"last_leaf", std::to_string(recovery.last_leaf.value)}});
}

}  // namespace

std::uint32_t allowed_connections(std::uint32_t wanted, std::uint64_t open_files) {
    constexpr std::uint64_t for_the_rest = 256;
    const std::uint64_t left = open_files > for_the_rest ? open_files - for_the_rest : 1;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, left));
}

/// In the order in which they come up; they go down the other way round.
struct Daemon::Parts {
    explicit Parts(DaemonOptions given) : options(std::move(given)) {}
    ~Parts() { stop(0ms); }

    Result<void> open_store();
    Result<void> open_door();
    void apply(Config next);
    void stop(Millis grace);
    /// For whoever asks: what the listeners are like now. Warns of certificates that soon expire.
    void tell_listeners();
    void manage_request(amqp::ManagementRequest request,
                        std::function<void(amqp::ManagementReply)> done);

    DaemonOptions options;
    Config config;             ///< main thread
    Generation generation{1};  ///< goes on behind the highest that the store's events know
    GenerationBase base;
    BusFacts facts;  ///< what of them stays the same while the process lives
    host::Cell<std::string> digest{std::string{}};
    host::Cell<std::vector<ListenerFacts>> listeners{std::vector<ListenerFacts>{}};
    std::shared_ptr<const flow::Snapshot> latest;  ///< main thread; the core may not have it yet
    std::unique_ptr<flow::Engine> engine;
    std::unique_ptr<flow::BusCore> core;
    flow::Recovery recovery;
    std::unique_ptr<ClockKeeper> clock;
    std::unique_ptr<Authenticator> authenticator;
    std::unique_ptr<Bus> bus;
    std::unique_ptr<amqp::FrontDoor> door;
    bool is_running = false;  ///< engine started, not stopped

    struct Request {
        amqp::ManagementRequest request;
        std::function<void(amqp::ManagementReply)> done;
    };
    host::Mailbox<Request> requests;  ///< for the main thread
};

Result<void> Daemon::Parts::open_store() {
    store::StoreOptions journal;
    journal.path = config.store.path;
    journal.segment_bytes = config.store.segment_bytes;
    journal.dedup_window = config.limits.dedup_window;
    journal.dedup_ids = config.limits.dedup_ids;
    auto opened = store::open_journal(host::posix_file_system(), std::move(journal));
    if (!opened) return fail(opened.error().code, "store: " + opened.error().text);
    engine = std::move(*opened);
    core = std::make_unique<flow::BusCore>(
        flow::CoreOptions{static_cast<std::size_t>(config.hot_bytes)});
    auto recovered = engine->recover(*core);
    if (!recovered) return fail(recovered.error().code, "store: " + recovered.error().text);
    recovery = std::move(*recovered);
    log_recovery(recovery, config.store);
    generation = Generation{recovery.last_generation.value + 1};
    auto kept = ClockKeeper::open(
        host::system_clock(), host::posix_file_system(), config.store.path, recovery.last_stamp);
    if (!kept) return fail(kept.error().code, "store: " + kept.error().text);
    clock = *std::move(kept);
    clock->start_thread();
    facts.node = config.node;
    facts.version = VERA_VERSION;
    facts.is_pilot = options.is_pilot;
    facts.store_path = config.store.path;
    facts.started = clock->clock().now();
    base.hash_seed = recovery.hash_seed;
    return {};
}

Result<void> Daemon::Parts::open_door() {
    authenticator = std::make_unique<Authenticator>(config.systems);
    bus = std::make_unique<Bus>(
        *core,
        *engine,
        clock->clock(),
        BusOutside{[this](std::function<void()> job) { door->post(std::move(job)); },
                   [this](flow::Effects& effects) { door->carry_out(effects); },
                   options.on_sealed});
    amqp::DoorOptions at_the_door = door_options(config);
    cap_connections(at_the_door.max_connections);
    door = std::make_unique<amqp::FrontDoor>(
        std::move(at_the_door),
        *bus,
        *engine,
        [this](std::string user, std::string password, Authenticator::Done done) {
            authenticator->verify(std::move(user), std::move(password), std::move(done));
        },
        [this](amqp::ManagementRequest request, std::function<void(amqp::ManagementReply)> done) {
            manage_request(std::move(request), std::move(done));
        },
        [this](const amqp::CertificateSubject& subject, std::string_view wanted) {
            return authenticator->identify(subject, wanted);
        });
    engine->start(*bus);
    is_running = true;
    latest = make_snapshot(config, core->known_queues(), generation, base);
    bus->start(latest, recovery);
    auto opened = door->open();
    if (!opened) return fail(opened.error().code, "listen: " + opened.error().text);
    tell_listeners();
    return {};
}

void Daemon::Parts::tell_listeners() {
    constexpr auto soon = std::chrono::hours{24 * 30};
    const auto now = host::system_clock().wall();
    std::vector<ListenerFacts> told;
    const std::vector<std::uint16_t> ports = door->ports();
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const ListenConfig& listen = config.listen[i];
        ListenerFacts one{.address = listen.address,
                          .port = ports[i],
                          .has_tls = listen.tls.is_on(),
                          .asks_for_certificate = !listen.tls.client_ca.empty(),
                          .requires_certificate = listen.tls.requires_client_certificate,
                          .allows_plain = listen.allows_plain,
                          .allows_anonymous = listen.allows_anonymous,
                          .certificates = {}};
        if (listen.tls.context) one.certificates = listen.tls.context->certificates();
        for (const amqp::TlsCertificate& certificate : one.certificates) {
            const Timestamp until = timestamp_of(certificate.not_after);
            if (until.ms - now.ms < std::chrono::duration_cast<Millis>(soon).count())
                log::warn("a certificate expires soon",
                          {{"subject", certificate.subject}, {"not_after", to_rfc3339(until)}});
        }
        told.push_back(std::move(one));
    }
    listeners.set(std::move(told));
}

void Daemon::Parts::manage_request(amqp::ManagementRequest request,
                                   std::function<void(amqp::ManagementReply)> done) {
    if (is_about_configuration(request) && options.on_request) {
        requests.put({std::move(request), std::move(done)});
        return options.on_request();
    }
    const Order order = read_order(request, *bus->snapshot());
    if (const auto* wrong = std::get_if<amqp::ManagementReply>(&order)) return done(*wrong);
    if (const auto* about = std::get_if<ClockOrder>(&order)) {
        if (!about->adopts) return done(reply_of(clock->facts()));
        return clock->adopt(
            about->actor, about->reason, [done = std::move(done)](const ClockFacts& now) {
                done(reply_of(now));
            });
    }
    if (const auto* what = std::get_if<decltype(flow::Ask::what)>(&order)) {
        log_order(*what);
        return bus->ask(*what,
                        [request = std::move(request), done = std::move(done)](
                            const flow::Answer& answer) { done(reply_of(request, answer)); });
    }
    bus->ask(
        [this, request = std::move(request), done = std::move(done)](const flow::Counts& counts) {
            BusFacts now = facts;
            now.listeners = listeners.get();
            now.digest = digest.get();
            now.door = door->counters();
            now.clock = clock->facts();
            done(manage(request, counts, now));
        });
}

void Daemon::Parts::apply(Config next) {
    config = std::move(next);
    ++generation.value;
    // The last generation knows every queue, deleted ones too.
    latest = make_snapshot(config, latest->queues, generation, base);
    std::vector<flow::Input> inputs;
    inputs.emplace_back(flow::Reloaded{latest});
    bus->post(std::move(inputs));
    authenticator->replace(config.systems);
    std::vector<std::shared_ptr<const amqp::TlsContext>> contexts;
    for (const ListenConfig& listen : config.listen)
        contexts.push_back(listen.tls.context);
    door->replace_tls(contexts);
    tell_listeners();
    digest.set(config.digest);
}

void Daemon::Parts::stop(Millis grace) {
    if (door) door->close(grace);
    if (std::exchange(is_running, false)) {
        if (bus->finish(finish_within)) {
            engine->stop();
        } else {
            // Destroyed, not stopped: a store that lacks something is not marked as ended in order.
            log::error("the store has not taken everything in time; the next start tells of it");
            engine.reset();
        }
    }
    authenticator.reset();
    door.reset();
    bus.reset();
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
    LoadedConfig loaded = load_config(options.config_file, {options.is_pilot, false});
    if (!loaded.is_good()) return fail(Errc::bad_input, to_text(loaded.problems));
    log_warnings(loaded.warnings);
    auto parts = std::make_unique<Parts>(std::move(options));
    parts->config = std::move(loaded.config);
    parts->digest.set(parts->config.digest);
    if (auto opened = parts->open_store(); !opened)
        return fail(opened.error().code, opened.error().text);
    if (auto opened = parts->open_door(); !opened)
        return fail(opened.error().code, opened.error().text);
    log_generation("configuration applied", parts->config, parts->generation);
    for (const ListenConfig& listen : parts->config.listen)
        if (!listen.is_loopback())
            log::warn("pilot: clients beyond this machine are let in without agreements",
                      {{"address", listen.address}});
    return std::make_unique<Daemon>(std::move(parts));
}

std::vector<std::uint16_t> Daemon::ports() const {
    return parts_->door->ports();
}

std::vector<std::string> Daemon::addresses() const {
    std::vector<std::string> texts;
    const std::vector<std::uint16_t> bound = ports();
    for (std::size_t i = 0; i < bound.size(); ++i) {
        const std::string& address = parts_->config.listen[i].address;
        const bool is_v6 = address.find(':') != std::string::npos;
        texts.push_back((is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(bound[i]) +
                        (parts_->config.listen[i].tls.is_on() ? " (TLS)" : ""));
    }
    return texts;
}

ReloadReport Daemon::reload() {
    Parts& parts = *parts_;
    if (parts.options.on_reload) parts.options.on_reload(true);
    ReloadReport report;
    report.before = parts.generation;
    report.digest_before = parts.config.digest;
    LoadedConfig loaded = load_config(parts.options.config_file, {parts.options.is_pilot, false});
    if (loaded.is_good()) {
        report.kept = keep_fixed_parts(loaded.config, parts.config);
        for (auto& [key, reason] : contradictions(loaded.config))
            loaded.problems.push_back({parts.options.config_file,
                                       0,
                                       key,
                                       std::move(reason) + " (with what only a restart changes)"});
    }
    report.is_applied = loaded.is_good();
    if (report.is_applied) {
        log_warnings(loaded.warnings);
        parts.apply(std::move(loaded.config));
        log_generation("configuration reloaded", parts.config, parts.generation);
    } else {
        log_problems(loaded.problems);
        log::error("configuration not reloaded; the old generation stays",
                   {{"generation", std::to_string(parts.generation.value)},
                    {"digest", parts.config.digest}});
        report.problems = std::move(loaded.problems);
    }
    report.after = parts.generation;
    report.digest_after = parts.config.digest;
    if (parts.options.on_reload) parts.options.on_reload(false);
    return report;
}

void Daemon::answer_requests() {
    std::vector<Parts::Request> waiting;
    parts_->requests.take(waiting, 0ms);
    for (const Parts::Request& one : waiting) {
        if (auto refused = refusal_of(one.request, parts_->config))
            one.done(*std::move(refused));
        else if (one.request.operation == "RELOAD")
            one.done(reply_of(reload()));
        else
            one.done(read_configuration(
                parts_->config, parts_->generation, parts_->options.config_file));
    }
}

void Daemon::ask_core(std::function<void()> answered) {
    parts_->bus->ask([answered = std::move(answered)](const flow::Counts&) { answered(); });
}

Millis Daemon::stop_timeout() const {
    return parts_->config.stop_timeout;
}

void Daemon::stop(Millis grace) {
    parts_->stop(grace);
}

}  // namespace vera::ops
