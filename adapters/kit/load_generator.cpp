#include "adapters/kit/load_generator.hpp"

#include "adapters/kit/load_receiving.hpp"
#include "adapters/kit/load_sending.hpp"
#include "adapters/kit/process_facts.hpp"

#include <algorithm>
#include <memory>

namespace vera::kit {
namespace {

Result<void> check(const LoadOptions& options) {
    if (options.send_to.empty() && options.receive_from.empty())
        return fail(Errc::bad_input, "neither an address to send to nor one to receive from");
    if (options.is_listening && (options.send_to.empty() || !options.receive_from.empty()))
        return fail(Errc::bad_input,
                    "listening needs an address to send to and none to receive from");
    if (options.event.body.empty() && options.body_bytes < 8)
        return fail(Errc::bad_input, "the body must have 8 bytes or more");
    if (options.window == 0 || options.credit == 0 || options.count == 0)
        return fail(Errc::bad_input, "window, credit and count must be 1 or more");
    if (options.rate < 0) return fail(Errc::bad_input, "the rate must not be negative");
    if (!options.event.body.empty() && options.event.id_at.empty())
        return fail(Errc::bad_input, "the event template has no id to replace");
    return {};
}

struct Waiting {
    std::size_t ready = 0;
    bool are_senders_done = false, are_receivers_done = false;
    std::string error;
};

// Takes notes until `is_enough`, an error or the deadline. false: the deadline came first.
template <class Enough>
bool wait_for(LoadNotes& notes, Waiting& state, std::uint64_t deadline_ns, Enough is_enough) {
    std::vector<LoadNote> batch;
    while (!is_enough() && state.error.empty()) {
        const std::uint64_t now = now_ns();
        if (now >= deadline_ns) return false;
        notes.take(batch, Millis{static_cast<std::int64_t>((deadline_ns - now) / 1'000'000U + 1)});
        for (LoadNote& note : batch) {
            if (note.kind == LoadNote::Kind::receiver_ready) ++state.ready;
            if (note.kind == LoadNote::Kind::senders_done) state.are_senders_done = true;
            if (note.kind == LoadNote::Kind::receivers_done) state.are_receivers_done = true;
            if (note.kind == LoadNote::Kind::error && state.error.empty())
                state.error = std::move(note.text);
        }
    }
    return true;
}

double per_second(std::uint64_t count, std::uint64_t from_ns, std::uint64_t to_ns) {
    return from_ns == UINT64_MAX || to_ns <= from_ns
               ? 0
               : static_cast<double>(count) * 1e9 / static_cast<double>(to_ns - from_ns);
}

void add_results(LoadReport& report, const SendSide* sending, const ReceiveSide* receiving) {
    std::uint64_t first_sent = UINT64_MAX, last_settled = 0;
    std::uint64_t first_received = UINT64_MAX, last_received = 0;
    std::vector<std::uint32_t> latencies;
    if (sending != nullptr) {
        for (const Sender& sender : sending->senders()) {
            report.sent += sender.sent;
            report.settled += sender.settled;
            report.not_accepted += sender.not_accepted;
            if (sender.first_ns > 0) first_sent = std::min(first_sent, sender.first_ns);
            last_settled = std::max(last_settled, sender.last_ns);
        }
        report.sender_cpu_s = sending->cpu_s();
        report.first_refusal = sending->first_refusal();
    }
    if (receiving != nullptr) {
        for (const Receiver& receiver : receiving->receivers()) {
            report.received += receiver.received;
            if (receiver.first_ns > 0) first_received = std::min(first_received, receiver.first_ns);
            last_received = std::max(last_received, receiver.last_ns);
            latencies.insert(latencies.end(), receiver.latencies.begin(), receiver.latencies.end());
        }
        report.receiver_cpu_s = receiving->cpu_s();
    }
    report.send_rate = per_second(report.settled, first_sent, last_settled);
    report.receive_rate = per_second(report.received, first_received, last_received);
    report.rate = per_second(std::max(report.received, report.settled),
                             first_sent != UINT64_MAX ? first_sent : first_received,
                             std::max(last_received, last_settled));
    if (latencies.empty()) return;
    std::ranges::sort(latencies);
    const auto quantile = [&](double part) {
        const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size()));
        return static_cast<double>(latencies[std::min(at, latencies.size() - 1)]) / 10.0;
    };
    report.has_latency = true;
    report.p50_us = quantile(0.5);
    report.p99_us = quantile(0.99);
    report.p999_us = quantile(0.999);
    report.longest_us = static_cast<double>(latencies.back()) / 10.0;
}

}  // namespace

Result<LoadReport> generate_load(const LoadOptions& options) {
    if (const auto checked = check(options); !checked)
        return fail(checked.error().code, checked.error().text);
    if (options.broker_pid != 0)
        if (const auto facts = read_process(options.broker_pid); !facts)
            return fail(facts.error().code, facts.error().text);
    LoadNotes notes;
    std::unique_ptr<SendSide> sending;
    std::unique_ptr<ReceiveSide> receiving;
    if (!options.send_to.empty()) sending = std::make_unique<SendSide>(options, notes);
    if (!options.receive_from.empty() || options.is_listening)
        receiving = std::make_unique<ReceiveSide>(options, notes);

    LoadReport report;
    Waiting state;
    const std::uint64_t deadline =
        now_ns() + static_cast<std::uint64_t>(options.timeout.count()) * 1'000'000U;
    const std::size_t receivers =
        receiving ? std::max<std::size_t>(options.receive_from.size(), 1) : 0;
    if (receiving) receiving->start();
    bool is_in_time = wait_for(notes, state, deadline, [&] { return state.ready >= receivers; });
    if (receiving && sending) {
        const auto pause = static_cast<std::uint64_t>(options.pause.count()) * 1'000'000U;
        // The whole pause, unless something fails meanwhile.
        (void)wait_for(notes, state, std::min(deadline, now_ns() + pause), [] { return false; });
    }
    const auto before = read_process(options.broker_pid);
    const std::uint64_t began = now_ns();
    if (is_in_time && state.error.empty()) {
        if (sending) sending->start();
        is_in_time = wait_for(notes, state, deadline, [&] {
            return (!sending || state.are_senders_done) && (!receiving || state.are_receivers_done);
        });
    }
    const auto after = read_process(options.broker_pid);
    report.wall_s = static_cast<double>(now_ns() - began) / 1e9;
    if (sending) sending->stop();
    if (receiving) receiving->stop();
    report.is_timed_out = !is_in_time;
    report.error = state.error;
    add_results(report, sending.get(), receiving.get());
    if (options.broker_pid != 0 && before && after) {
        report.broker_user_s = after->user_s - before->user_s;
        report.broker_system_s = after->system_s - before->system_s;
        report.broker_rss_mib = after->rss_mib;
        const std::uint64_t base = report.sent > 0 ? report.sent : report.received;
        if (base > 0)
            report.broker_cpu_per_100k_s =
                (report.broker_user_s + report.broker_system_s) * 1e5 / static_cast<double>(base);
    }
    return report;
}

}  // namespace vera::kit
