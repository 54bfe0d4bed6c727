#include "adapters/kit/load_generator.hpp"
#include "bus/cli/bench_event.hpp"
#include "bus/cli/connecting.hpp"
#include "bus/cli/verbs.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

namespace vera::cli {
namespace {

struct BenchFlags {
    kit::LoadOptions load;
    std::string label;
    bool is_event = false;
    std::uint64_t objects = 1000;
    double timeout_s = 120;
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

std::string rounded(double value, int decimals) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

nlohmann::json to_json(const kit::LoadReport& report, const BenchFlags& flags) {
    nlohmann::json out{
        {"version", 1},
        {"label", flags.label},
        {"size",
         flags.load.event.body.empty() ? flags.load.body_bytes : flags.load.event.body.size()},
        {"durable", flags.load.is_durable},
        {"event", flags.is_event},
        {"count", flags.load.count},
        {"sent", report.sent},
        {"settled", report.settled},
        {"not_accepted", report.not_accepted},
        {"received", report.received},
        {"send_rate", report.send_rate},
        {"receive_rate", report.receive_rate},
        {"rate", report.rate},
        {"sender_cpu_s", report.sender_cpu_s},
        {"receiver_cpu_s", report.receiver_cpu_s},
        {"wall_s", report.wall_s},
        {"timed_out", report.is_timed_out},
        {"error", report.error},
        {"first_refusal", report.first_refusal}};
    if (report.has_latency)
        out["latency_us"] = {{"p50", report.p50_us},
                             {"p99", report.p99_us},
                             {"p999", report.p999_us},
                             {"max", report.longest_us}};
    if (flags.load.broker_pid != 0)
        out["broker"] = {{"user_s", report.broker_user_s},
                         {"system_s", report.broker_system_s},
                         {"cpu_per_100k_s", report.broker_cpu_per_100k_s},
                         {"rss_mib", report.broker_rss_mib}};
    return out;
}

void print(const kit::LoadReport& report, const BenchFlags& flags, std::ostream& out) {
    if (!flags.label.empty()) out << flags.label << '\n';
    out << "sent " << report.sent << ", settled " << report.settled << ", not accepted "
        << report.not_accepted << ", received " << report.received << " in "
        << rounded(report.wall_s, 2) << " s\n"
        << "throughput   " << rounded(report.rate, 0) << "/s (sending "
        << rounded(report.send_rate, 0) << ", receiving " << rounded(report.receive_rate, 0)
        << ")\n";
    if (report.has_latency)
        out << (flags.load.rate > 0 ? "latency      p50 " : "in the queue p50 ")
            << rounded(report.p50_us / 1000, 2) << " ms, p99 " << rounded(report.p99_us / 1000, 2)
            << " ms, p99.9 " << rounded(report.p999_us / 1000, 2) << " ms, max "
            << rounded(report.longest_us / 1000, 2) << " ms\n";
    if (flags.load.broker_pid != 0)
        out << "broker       " << rounded(report.broker_cpu_per_100k_s, 3)
            << " CPU s per 100k sent (user " << rounded(report.broker_user_s, 2) << ", system "
            << rounded(report.broker_system_s, 2) << "), RSS " << rounded(report.broker_rss_mib, 1)
            << " MiB\n";
    out << "generator    " << rounded(report.sender_cpu_s, 2) << " s sending, "
        << rounded(report.receiver_cpu_s, 2) << " s receiving\n";
    if (!report.first_refusal.empty()) out << "first refusal: " << report.first_refusal << '\n';
}

Result<void> complete(BenchFlags& flags) {
    auto connect = connect_options(*flags.connect);
    if (!connect) return fail(connect.error().code, connect.error().text);
    const auto url = kit::complete_url(flags.connect->url);
    if (!url) return fail(url.error().code, url.error().text);
    const auto colon = url->rfind(':');
    const auto host = url->find("://") + 3;
    flags.load.host = url->substr(host, colon - host);
    if (flags.load.host.starts_with('['))
        flags.load.host = flags.load.host.substr(1, flags.load.host.size() - 2);
    flags.load.port = url->substr(colon + 1);
    flags.load.user = connect->user;
    flags.load.secret = connect->secret;
    flags.load.is_secure = kit::is_secure_url(*url);
    flags.load.tls = connect->tls;
    if (auto checked = kit::check_transport(*url, !connect->user.empty(), flags.load.tls); !checked)
        return fail(checked.error().code, checked.error().text);
    flags.load.timeout = Millis{static_cast<std::int64_t>(flags.timeout_s * 1000)};
    if (!flags.is_event) return {};
    auto event = bench_event(flags.load.body_bytes, flags.objects);
    if (!event) return fail(event.error().code, event.error().text);
    flags.load.event = std::move(*event);
    if (flags.load.send_to.empty() && flags.load.receive_from.empty())
        flags.load.send_to = {"events"};
    return {};
}

int bench(BenchFlags& flags, Io& io) {
    if (const auto completed = complete(flags); !completed) return report(io, completed.error());
    const auto result = kit::generate_load(flags.load);
    if (!result) {
        report(io, result.error());
        return result.error().code == Errc::bad_input ? exit_usage : exit_failed;
    }
    if (flags.is_json)
        io.out << to_json(*result, flags).dump() << '\n';
    else
        print(*result, flags, io.out);
    if (!result->error.empty()) return report(io, {Errc::unavailable, result->error});
    if (result->is_timed_out)
        return report(io, {Errc::unavailable, "not done within --timeout; see the counts"});
    return result->not_accepted > 0 ? exit_partly : exit_ok;
}

void add_load_flags(CLI::App& verb, BenchFlags& flags) {
    kit::LoadOptions& load = flags.load;
    verb.add_option("--send", load.send_to, "Addresses to send to, one connection each")
        ->delimiter(',');
    verb.add_option("--recv", load.receive_from, "Addresses to receive from, one connection each")
        ->delimiter(',');
    verb.add_option("--count", load.count, "Messages in all")->capture_default_str();
    verb.add_option("--size", load.body_bytes, "Body bytes")->capture_default_str();
    verb.add_flag("--durable", load.is_durable, "header.durable");
    verb.add_option("--rate", load.rate, "Messages per second; 0: as fast as it goes")
        ->capture_default_str();
    verb.add_option("--window", load.window, "Messages without a verdict per sender")
        ->capture_default_str();
    verb.add_option("--credit", load.credit, "Credit per receiver")->capture_default_str();
    verb.add_flag("--fanout", load.is_fanout, "Every receiver expects every message");
    verb.add_flag("--presettled", load.is_presettled, "Sent settled, no verdicts");
    verb.add_flag("--rich", load.is_rich, "With properties and application-properties");
    verb.add_flag("--event", flags.is_event, "Send valid kuverts, each with its own BeskedId");
    verb.add_option("--objects", flags.objects, "With --event: so many different objects")
        ->check(CLI::Range(1ULL, 1ULL << 40U))
        ->capture_default_str();
    verb.add_option("--warmup", load.warmup, "Messages per receiver that latency leaves out")
        ->capture_default_str();
    verb.add_option("--timeout", flags.timeout_s, "Seconds")->capture_default_str();
    verb.add_option("--broker-pid", load.broker_pid, "Read this process' CPU time and memory");
    verb.add_option("--source-capability", load.source_capability, "Symbol, for other brokers");
    verb.add_option("--target-capability", load.target_capability, "Symbol, for other brokers");
    verb.add_flag("--listen",
                  load.is_listening,
                  "No broker: receive on --url oneself, to see the generator's own ceiling");
}

}  // namespace

void add_bench(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("bench", "Measure any AMQP 1.0 broker");
    auto flags = std::make_shared<BenchFlags>();
    add_load_flags(*verb, *flags);
    verb->add_option("--label", flags->label, "Text to tell runs apart");
    verb->add_flag("--json", flags->is_json, "One line of JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera bench --send queue/a --recv queue/a --durable --count 300000\n"
        "  vera bench --event --send events --recv sub/alle --size 1024 --broker-pid 4711\n"
        "  vera bench --event --send events --recv sub/alle --rate 2000 --count 16000 --warmup "
        "2000\n"
        "  vera bench --listen --url 127.0.0.1:7001 --send x --count 1000000\n"
        "The cores are shared with the generator: compare CPU per 100k first, rates second, and "
        "interleave runs.\n"));
    verb->callback([flags, &session] { session.exit_code = bench(*flags, session.io); });
}

}  // namespace vera::cli
