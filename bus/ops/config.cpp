#include "bus/ops/config.hpp"

#include "bus/audit/record.hpp"
#include "bus/ops/names.hpp"
#include "bus/ops/section.hpp"
#include "bus/ops/yaml_tree.hpp"
#include "bus/policy/secret.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <netinet/in.h>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

namespace vera::ops {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1ULL << 10U;
constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uintmax_t max_file_bytes = 64 * mib;
constexpr Millis day{86'400'000};

std::optional<std::string> read_file(const std::string& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || size > max_file_bytes) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!in.read(text.data(), static_cast<std::streamsize>(text.size()))) return std::nullopt;
    return text;
}

bool is_digits(std::string_view text, std::size_t least, std::size_t most) {
    return text.size() >= least && text.size() <= most &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string hex(const audit::Sha256& hash) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : hash) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

/// One reading of a configuration: the values, the errors, and what must be unique over all files.
class Loader {
public:
    explicit Loader(const LoadOptions& options) : options_(options) {}
    LoadedConfig load(const std::string& file);

private:
    std::optional<YamlNode> parse(const std::string& path, const std::string& shown);
    void read_top(Section& top);
    void read_listen(Section& section);
    void read_store(Section& section);
    void read_limits(Section& section);
    void read_door(Section& section);
    void read_system(Section& section);
    void read_authority(Section& section);
    void read_subscription(Section& section);
    void read_filter(Section& section, route::Filter& filter);
    void read_queue(Section& section);
    void read_retry(Section& section, flow::RetryPolicy& retry);
    void read_folder(Section& top);
    void check_whole(Section& top);
    void sort_problems();
    /// Checks the form of `name` and that no other of its kind folds to the same.
    void check_name(Section& section, const std::string& kind, const std::string& name);
    void check_type(Section& section, std::size_t index, const std::string& type);
    /// `value` is new among its kind; otherwise where it was first.
    std::optional<std::string> first_use(const std::string& kind,
                                         const std::string& value,
                                         const Section& section);

    const LoadOptions& options_;
    LoadedConfig out_;
    fs::path folder_;  ///< of the configuration file
    std::string all_bytes_;
    std::map<std::pair<std::string, std::string>, std::string> seen_;
};

LoadedConfig Loader::load(const std::string& file) {
    std::error_code error;
    folder_ = fs::absolute(file, error).parent_path();
    const auto tree = parse(file, file);
    if (tree) {
        Section top(*tree, file, "", out_.problems);
        read_top(top);
        top.finish();
    }
    out_.config.digest = hex(audit::sha256(all_bytes_));
    sort_problems();
    return std::move(out_);
}

void Loader::sort_problems() {
    std::map<std::string, std::size_t>
        rank;  // the configuration file comes first, others as they were read
    for (const Problem& problem : out_.problems)
        rank.try_emplace(problem.file, rank.size());
    std::ranges::stable_sort(out_.problems, {}, [&](const Problem& problem) {
        return std::pair(rank[problem.file], problem.line);
    });
}

std::optional<YamlNode> Loader::parse(const std::string& path, const std::string& shown) {
    const auto text = read_file(path);
    if (!text) {
        out_.problems.push_back(
            {shown, 0, "", "cannot be read as a file of at most " + size_text(max_file_bytes)});
        return std::nullopt;
    }
    // Length before content: no two sets of files have the same concatenation.
    all_bytes_ +=
        fs::path(path).filename().string() + '\0' + std::to_string(text->size()) + '\0' + *text;
    auto parsed = parse_yaml(*text);
    if (const auto* broken = std::get_if<YamlError>(&parsed)) {
        out_.problems.push_back({shown, broken->line, "", broken->reason});
        return std::nullopt;
    }
    return std::move(std::get<YamlNode>(parsed));
}

void Loader::read_top(Section& top) {
    Config& config = out_.config;
    top.text("node", config.node);
    if (!is_name(config.node))
        top.problem("node",
                    "not a name: letters a-z, æ, ø, å, digits, then also . _ -, at most 64");
    std::vector<ListenConfig> defaults;
    defaults.swap(config.listen);
    if (!top.maps("listen", [this](Section& section) { read_listen(section); }))
        config.listen = std::move(defaults);
    else if (config.listen.empty())
        top.problem("listen", "is empty: nobody could connect");
    top.map("store", [this](Section& section) { read_store(section); });
    const fs::path store(config.store.path);
    config.store.path = (store.is_absolute() ? store : folder_ / store).lexically_normal().string();
    top.map("limits", [this](Section& section) { read_limits(section); });
    top.map("door", [this](Section& section) { read_door(section); });
    top.map("memory",
            [this](Section& section) { section.size("hot", 0, 64 * gib, out_.config.hot_bytes); });
    // Authorities first, whatever the order in the file: others name them.
    top.maps("authorities", [this](Section& section) { read_authority(section); });
    top.maps("systems", [this](Section& section) { read_system(section); });
    top.maps("subscriptions", [this](Section& section) { read_subscription(section); });
    read_folder(top);
    top.maps("queues", [this](Section& section) { read_queue(section); });
    check_whole(top);
}

void Loader::read_listen(Section& section) {
    ListenConfig listen;
    section.text("address", listen.address);
    section.integer("port", 0, 65535, listen.port);
    section.boolean("anonymous", listen.allows_anonymous);
    section.boolean("plain", listen.allows_plain);
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET, listen.address.c_str(), &v4) != 1 &&
        inet_pton(AF_INET6, listen.address.c_str(), &v6) != 1) {
        section.problem("address", "not an IP address");
    } else if (!listen.is_loopback()) {
        if (listen.allows_anonymous)
            section.problem("anonymous",
                            "only on a loopback address: nobody knows who is on the other end");
        if (!options_.allows_beyond_loopback)
            section.problem("address",
                            "until a configuration has agreements, the bus listens on loopback "
                            "only (127.0.0.1 or ::1); "
                            "`vera serve --pilot` overrides this");
    }
    if (!listen.allows_anonymous && !listen.allows_plain)
        section.problem("plain", "neither plain nor anonymous: nobody could connect");
    if (listen.port != 0)
        if (const auto first =
                first_use("listener", listen.address + " " + std::to_string(listen.port), section))
            section.problem("port", "this address and port are taken by " + *first);
    out_.config.listen.push_back(std::move(listen));
}

void Loader::read_store(Section& section) {
    StoreConfig& store = out_.config.store;
    section.text("path", store.path);
    if (store.path.empty()) section.problem("path", "is empty");
    section.size("segment", 64 * kib, 1 * gib, store.segment_bytes);
    if (store.segment_bytes % (4 * kib) != 0) section.problem("segment", "not a multiple of 4KiB");
    section.duration("retention", 1min, 3650 * day, out_.config.limits.retention);
}

void Loader::read_limits(Section& section) {
    flow::Limits& limits = out_.config.limits;
    section.size("event", 1 * kib, 16 * mib, limits.max_event_bytes);
    section.size("message", 1 * kib, 256 * mib, limits.max_message_bytes);
    section.duration("dedup_window", 1s, 30 * day, limits.dedup_window);
    section.integer("dedup_ids", 1000, 1'000'000'000, limits.dedup_ids);
}

void Loader::read_door(Section& section) {
    DoorConfig& door = out_.config.door;
    section.integer("io_threads", 1, 64, door.io_threads);
    section.duration("idle_timeout", 1s, 1h, door.idle_timeout);
    section.duration("handshake_timeout", 100ms, 1min, door.handshake_timeout);
    section.duration("write_stall_timeout", 1s, 1h, door.write_stall_timeout);
    section.integer("publisher_credit", 1, 100'000, door.publisher_credit);
    section.size("in_flight", 1 * mib, 64 * gib, door.in_flight_bytes);
    section.integer("max_connections", 1, 1'000'000, door.max_connections);
    section.size(
        "max_frame", 512, 16 * mib, door.max_frame_bytes);  // AMQP 1.0 §2.7.1: at least 512
    section.integer("sessions", 1, 4096, door.max_sessions);
    section.integer("links", 1, 65536, door.max_links);
}

void Loader::read_authority(Section& section) {
    AuthorityConfig authority;
    section.text("cvr", authority.cvr);
    section.text("name", authority.name);
    section.text("code", authority.code);
    if (!is_digits(authority.cvr, 8, 8))
        section.problem("cvr", "not a CVR number: 8 digits, in quotes");
    if (authority.name.empty() || authority.name.size() > 256)
        section.problem("name", "a name of 1 to 256 bytes is required");
    if (section.has("code") && !is_digits(authority.code, 3, 4))
        section.problem("code", "not a municipality code: 3 or 4 digits, in quotes");
    if (const auto first = first_use("authority", authority.cvr, section))
        section.problem("cvr", "already given by " + *first);
    out_.config.authorities.push_back(std::move(authority));
}

void Loader::read_system(Section& section) {
    SystemConfig system;
    section.text("name", system.name);
    section.text("authority", system.authority);
    section.texts("secrets", system.secrets);
    check_name(section, "system", system.name);
    if (fold(system.name) == "anonymous")
        section.problem("name", "is what clients without a name are called");
    const auto& authorities = out_.config.authorities;
    if (std::ranges::none_of(
            authorities, [&](const AuthorityConfig& one) { return one.cvr == system.authority; })) {
        section.problem("authority",
                        is_digits(system.authority, 8, 8)
                            ? "this CVR number is not among `authorities`"
                            : "a CVR number (8 digits, in quotes) is required");
    }
    if (system.secrets.empty())
        section.problem("secrets", "at least one hashed secret is required");
    if (system.secrets.size() > 4) section.problem("secrets", "more than 4");
    for (std::size_t i = 0; i < system.secrets.size(); ++i)
        if (const auto checked = policy::check_hash(system.secrets[i]); !checked)
            section.problem(
                "secrets",
                "[" + std::to_string(i) + "] is no hashed secret: " + checked.error().text);
    out_.config.systems.push_back(std::move(system));
}

void Loader::read_subscription(Section& section) {
    SubscriptionConfig subscription;
    std::string id;
    section.text("id", id);
    if (section.has("id")) {
        subscription.id = parse_uuid(id);
        if (!subscription.id || subscription.id->is_nil()) {
            section.problem("id", "not a UUID");
        } else if (const auto first =
                       first_use("subscription id", to_text(*subscription.id), section)) {
            section.problem("id", "already the id of " + *first);
        }
    }
    section.text("name", subscription.name);
    check_name(section, "subscription", subscription.name);
    read_filter(section, subscription.filter);
    section.map("retry", [&](Section& retry) { read_retry(retry, subscription.retry); });
    section.boolean("presettled", subscription.allows_presettled);
    out_.config.subscriptions.push_back(std::move(subscription));
}

void Loader::read_filter(Section& section, route::Filter& filter) {
    section.some_texts("types", filter.types);
    for (std::size_t i = 0; i < filter.types.size(); ++i)
        check_type(section, i, filter.types[i]);
    section.some_texts("authorities", filter.authorities);
    for (std::size_t i = 0; i < filter.authorities.size(); ++i)
        if (!is_digits(filter.authorities[i], 8, 8))
            section.problem("authorities",
                            "[" + std::to_string(i) + "] is not a CVR number: 8 digits, in quotes");
    section.some_texts("objects", filter.objects);
    for (std::string& object : filter.objects)
        if (const auto uuid = parse_uuid(object))
            object = to_text(*uuid);  // the canonical form of an object id
}

void Loader::check_type(Section& section, std::size_t index, const std::string& type) {
    const std::string place = "[" + std::to_string(index) + "] ";
    if (std::ranges::find(options_.known_types, type) != options_.known_types.end()) return;
    if (type.size() > 2 && type.compare(type.size() - 2, 2, ".*") == 0) {
        const std::string_view prefix = std::string_view(type).substr(0, type.size() - 1);
        // A package of one level: `vera.sag.v1.*` covers vera.sag.v1.SagOprettet.
        for (const std::string& known : options_.known_types)
            if (known.size() > prefix.size() && known.compare(0, prefix.size(), prefix) == 0 &&
                known.find('.', prefix.size()) == std::string::npos)
                return;
        return section.problem("types", place + "`" + type + "` covers no type of the catalogue");
    }
    const std::string near = nearest(type, options_.known_types);
    section.problem("types",
                    place + "`" + type + "` is not in the catalogue" +
                        (near.empty() ? "" : "; did you mean `" + near + "`?"));
}

void Loader::read_queue(Section& section) {
    QueueConfig queue;
    section.text("name", queue.name);
    check_name(section, "queue", queue.name);
    section.map("retry", [&](Section& retry) { read_retry(retry, queue.retry); });
    section.boolean("presettled", queue.allows_presettled);
    out_.config.queues.push_back(std::move(queue));
}

void Loader::read_retry(Section& section, flow::RetryPolicy& retry) {
    section.durations("backoff", 0ms, 30 * day, retry.backoff);
    if (retry.backoff.empty() || retry.backoff.size() > 64)
        section.problem("backoff", "expected 1 to 64 durations");
    section.integer("attempts", 1, 100'000, retry.max_attempts);
}

void Loader::read_folder(Section& top) {
    std::string name;
    top.text("subscriptions_folder", name);
    if (name.empty()) return;
    const fs::path given(name);
    const fs::path folder = given.is_absolute() ? given : folder_ / given;
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const fs::path& path = at->path();
        if (path.filename().string().front() == '.') continue;
        if (path.extension() == ".yaml")
            files.push_back(path);
        else if (path.extension() == ".yml")
            out_.problems.push_back(
                {path.lexically_normal().string(), 0, "", "ends in .yml: only *.yaml is read"});
    }
    if (error) return top.problem("subscriptions_folder", "cannot be listed: " + error.message());
    std::ranges::sort(files);
    for (const fs::path& path : files) {
        const std::string shown = path.lexically_normal().string();
        const auto tree = parse(path.string(), shown);
        if (!tree) continue;
        Section section(*tree, shown, "", out_.problems);
        read_subscription(section);
        section.finish();
    }
}

void Loader::check_whole(Section& top) {
    // Of what could not be read the defaults stand there: they contradict nothing.
    const bool is_good = out_.problems.empty();
    for (auto& [key, reason] : contradictions(out_.config))
        if (is_good || key == "door") top.problem(key, std::move(reason));
}

std::optional<std::string> Loader::first_use(const std::string& kind,
                                             const std::string& value,
                                             const Section& section) {
    const std::string here = section.file() + ":" + std::to_string(section.line()) +
                             (section.key().empty() ? "" : ": " + section.key());
    const auto [at, is_new] = seen_.try_emplace({kind, value}, here);
    if (is_new) return std::nullopt;
    return at->second;
}

void Loader::check_name(Section& section, const std::string& kind, const std::string& name) {
    if (name.empty()) return section.problem("name", "a name is required");
    if (!is_name(name))
        return section.problem(
            "name",
            "not a name: small letters a-z, æ, ø, å or digits, then also . _ -, at most 64");
    if (const auto first = first_use(kind, fold(name), section))
        section.problem("name",
                        "the same " + kind + " as " + *first + " (æ, ø, å count as ae, oe, aa)");
}

}  // namespace

bool ListenConfig::is_loopback() const {
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

std::string to_text(const Problem& problem) {
    std::string text = problem.file;
    if (problem.line > 0) text += ":" + std::to_string(problem.line);
    if (!problem.key.empty()) text += ": " + problem.key;
    return text + ": " + problem.reason;
}

std::vector<std::pair<std::string, std::string>> contradictions(const Config& config) {
    std::vector<std::pair<std::string, std::string>> found;
    const std::uint64_t largest =
        std::max(config.limits.max_event_bytes, config.limits.max_message_bytes);
    if (config.door.in_flight_bytes < largest)
        found.emplace_back(
            "door",
            "in_flight is less than the largest message (limits.event, limits.message): it could "
            "never come in");
    if (config.systems.empty() &&
        std::ranges::none_of(config.listen, &ListenConfig::allows_anonymous))
        found.emplace_back(
            "systems", "is empty and no listener allows anonymous clients: nobody could connect");
    return found;
}

LoadedConfig load_config(const std::string& file, const LoadOptions& options) {
    return Loader(options).load(file);
}

}  // namespace vera::ops
