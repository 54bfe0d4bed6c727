#include "bus/ops/config.hpp"

#include "bus/audit/record.hpp"
#include "bus/ops/names.hpp"
#include "bus/ops/option_table.hpp"
#include "bus/ops/reading.hpp"
#include "bus/ops/section.hpp"
#include "bus/ops/yaml_tree.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <netinet/in.h>
#include <system_error>
#include <utility>
#include <variant>

namespace vera::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t max_file_bytes = 64ULL << 20U;

std::optional<std::string> read_file(const std::string& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || size > max_file_bytes) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!in.read(text.data(), static_cast<std::streamsize>(text.size()))) return std::nullopt;
    return text;
}

/// Reads the file and its folder.
class Loader {
public:
    explicit Loader(const LoadOptions& options) : reading_(options, out_.config) {
        findings_.keeps_sources = options.keeps_sources;
    }
    LoadedConfig load(const std::string& file);

private:
    std::optional<YamlNode> parse(const std::string& path, const std::string& shown);
    void read_top(Section& top);
    /// The names of the folder's files, in order.
    [[nodiscard]] std::vector<fs::path> list_folder(Section& top);
    void read_subscription(const fs::path& path);
    void check_whole(Section& top);
    void make_contexts(Section& top);
    void sort(std::vector<Problem>& problems) const;
    [[nodiscard]] fs::path absolute(const std::string& given) const {
        return (folder_ / given).lexically_normal();  // `given` itself if it is absolute
    }

    LoadedConfig out_;
    Findings findings_;
    Reading reading_;
    fs::path folder_;  ///< of the configuration file
    std::string all_bytes_;
};

LoadedConfig Loader::load(const std::string& file) {
    std::error_code error;
    folder_ = fs::absolute(file, error).parent_path();
    reading_.pem_files().set_folder(folder_);
    const auto tree = parse(file, file);
    if (tree) {
        Section top(*tree, file, "", "", findings_);
        read_top(top);
        top.finish();
    }
    out_.config.digest = digest_of(all_bytes_ + reading_.pem_files().public_bytes() +
                                   reading_.catalogue_bytes() + reading_.mapping_bytes());
    sort(findings_.problems);
    sort(findings_.warnings);
    out_.problems = std::move(findings_.problems);
    out_.warnings = std::move(findings_.warnings);
    out_.sources = std::move(findings_.sources);
    return std::move(out_);
}

void Loader::sort(std::vector<Problem>& problems) const {
    std::map<std::string, std::size_t>
        rank;  // the configuration file comes first, others as they were read
    for (const Problem& problem : problems)
        rank.try_emplace(problem.file, rank.size());
    std::ranges::stable_sort(problems, {}, [&](const Problem& problem) {
        return std::pair(rank[problem.file], problem.line);
    });
}

std::optional<YamlNode> Loader::parse(const std::string& path, const std::string& shown) {
    const auto text = read_file(path);
    if (!text) {
        findings_.problems.push_back(
            {shown, 0, "", "cannot be read as a file of at most " + size_text(max_file_bytes)});
        return std::nullopt;
    }
    // Length before content: no two sets of files have the same concatenation.
    all_bytes_ +=
        fs::path(path).filename().string() + '\0' + std::to_string(text->size()) + '\0' + *text;
    auto parsed = parse_yaml(*text);
    if (const auto* broken = std::get_if<YamlError>(&parsed)) {
        findings_.problems.push_back({shown, broken->line, "", broken->reason});
        return std::nullopt;
    }
    return std::move(std::get<YamlNode>(parsed));
}

void Loader::read_top(Section& top) {
    Config& config = out_.config;
    read_all(config_options(), top, config, reading_);
    config.store.path = absolute(config.store.path).string();
    for (const fs::path& path : list_folder(top))
        read_subscription(path);
    check_whole(top);
    make_contexts(top);
}

void Loader::make_contexts(Section& top) {
    if (!findings_.problems.empty()) return;
    std::vector<ListenConfig>& listen = out_.config.listen;
    for (std::size_t i = 0; i < listen.size(); ++i) {
        if (!listen[i].tls.is_on()) continue;
        auto made = reading_.make_context(listen[i].tls);
        if (made)
            listen[i].tls.context = std::move(*made);
        else
            top.problem("listen", "[" + std::to_string(i) + "].tls: " + made.error().text);
    }
}

std::vector<fs::path> Loader::list_folder(Section& top) {
    std::vector<fs::path> files;
    if (out_.config.subscriptions_folder.empty()) return files;
    std::error_code error;
    fs::directory_iterator at(absolute(out_.config.subscriptions_folder), error);
    for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
        const fs::path& path = at->path();
        if (path.filename().string().front() == '.') continue;
        if (path.extension() == ".yaml")
            files.push_back(path);
        else if (path.extension() == ".yml")
            findings_.problems.push_back(
                {path.string(), 0, "", "ends in .yml: only *.yaml is read"});
    }
    if (error) top.problem("subscriptions_folder", "cannot be listed: " + error.message());
    if (error) files.clear();
    std::ranges::sort(files);
    return files;
}

void Loader::read_subscription(const fs::path& path) {
    const auto tree = parse(path.string(), path.string());
    if (!tree) return;
    std::vector<SubscriptionConfig>& all = out_.config.subscriptions;
    Section section(
        *tree, path.string(), "", "subscriptions[" + std::to_string(all.size()) + "]", findings_);
    SubscriptionConfig subscription;
    read_all(subscription_options(), section, subscription, reading_);
    reading_.check_subscription(section, subscription);
    all.push_back(std::move(subscription));
    section.finish();
}

void Loader::check_whole(Section& top) {
    // Of what could not be read the defaults stand there: they contradict nothing.
    const bool is_good = findings_.problems.empty();
    for (auto& [key, reason] : contradictions(out_.config))
        if (is_good || key == "door") top.problem(key, std::move(reason));
}

}  // namespace

bool ListenConfig::is_loopback() const {
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

bool matches(const SubjectConfig& wanted, const amqp::CertificateSubject& subject) {
    bool has_any = false;
    for (std::size_t i = 0; i < subject_attributes.size(); ++i) {
        if (wanted.values[i].empty()) continue;
        has_any = true;
        std::size_t times = 0;
        bool is_equal = false;
        for (const auto& [name, value] : subject.attributes) {
            if (name != subject_attributes[i]) continue;
            ++times;
            is_equal = compose(value) == wanted.values[i];
        }
        if (times != 1 || !is_equal) return false;
    }
    return has_any;
}

bool excludes(const SubjectConfig& one, const SubjectConfig& other) {
    for (std::size_t i = 0; i < subject_attributes.size(); ++i)
        if (!one.values[i].empty() && !other.values[i].empty() && one.values[i] != other.values[i])
            return true;
    return false;
}

std::string digest_of(const std::string& bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : audit::sha256(bytes)) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string to_text(const Problem& problem) {
    std::string text = problem.file;
    if (problem.line > 0) text += ":" + std::to_string(problem.line);
    if (!problem.key.empty()) text += ": " + problem.key;
    return text + ": " + problem.reason;
}

std::string to_text(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems)
        text += (text.empty() ? "" : "\n") + to_text(problem);
    return text;
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
    const bool asks_for_certificates = std::ranges::any_of(
        config.listen, [](const ListenConfig& one) { return !one.tls.client_ca.empty(); });
    for (const SystemConfig& system : config.systems)
        if (system.secrets.empty() && !asks_for_certificates)
            found.emplace_back("systems",
                               "`" + system.name +
                                   "` has certificates only, and no listener asks for one "
                                   "(listen[].tls.client_ca)");
    if (std::ranges::any_of(config.subscriptions, &SubscriptionConfig::has_protected_addresses) &&
        std::ranges::none_of(config.systems, &SystemConfig::has_protected_addresses))
        found.emplace_back(
            "systems",
            "a subscription has protected_addresses, and no system has: nobody could "
            "get them");
    return found;
}

LoadedConfig load_config(const std::string& file, const LoadOptions& options) {
    return Loader(options).load(file);
}

}  // namespace vera::ops
