// A process under the shim for its own test: a journal on real files that accepts events until it
// is killed, and a check of what is left. Accepted event sequences are printed, one a line, each
// after its commit.
//   shim_probe run FOLDER N        accepts N events, then ends without an orderly stop
//   shim_probe check FOLDER LAST   exits with 0 if every event up to LAST is there with its
//   message, else with 1
#include "bus/store/journal.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <unistd.h>

namespace {

using namespace vera;

std::string message_of(std::uint64_t seq) {
    return std::string(100 + seq % 700, static_cast<char>('a' + seq % 26)) + std::to_string(seq);
}

class Collector final : public flow::RecoverySink {
public:
    void on_queue(flow::QueueSpec) override {}
    void on_ids(std::span<const flow::RecoveredId>) override {}
    void on_event(const flow::RecoveredEvent& event) override { events.push_back(event); }
    void start_over() override { events.clear(); }
    std::vector<flow::RecoveredEvent> events;
};

int run(store::Journal& journal, std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t seq = from; seq < from + count; ++seq) {
        flow::Batch batch;
        batch.ticket = seq;
        batch.now = Timestamp{1'795'000'000'000};
        flow::EventCommit& event = batch.events.emplace_back();
        event.seq.value = seq;
        event.id_hash = seq;
        event.retain_until = Timestamp{1'999'000'000'000};
        event.message = Block::copy_of(message_of(seq));
        event.copies.push_back({CopySeq{seq}, QueueId{1}});
        bool is_ok = false;
        std::string error;
        journal.commit({&batch, 1}, [&](const flow::Outcome& outcome) {
            is_ok = outcome.ok;
            error = outcome.error.text;
        });
        if (!is_ok) {
            std::fprintf(stderr, "%s\n", error.c_str());
            return 3;
        }
        std::printf("%llu\n", static_cast<unsigned long long>(seq));
        std::fflush(stdout);
    }
    return 0;
}

int check(store::Journal& journal, const Collector& found, std::uint64_t last) {
    if (found.events.size() < last) {
        std::fprintf(stderr,
                     "%zu of %llu events\n",
                     found.events.size(),
                     static_cast<unsigned long long>(last));
        return 1;
    }
    for (const flow::RecoveredEvent& event : found.events) {
        const auto body = journal.bodies().fetch(event.body);
        if (!body || body->view() != message_of(event.seq.value)) {
            std::fprintf(stderr,
                         "event %llu is altered\n",
                         static_cast<unsigned long long>(event.seq.value));
            return 1;
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string folder = argv[2];
    constexpr std::uint64_t segment_bytes = 64U << 10U;
    store::SyncSpares spares(host::posix_file_system(), folder, segment_bytes, 2);
    Collector found;
    flow::Recovery recovery;
    store::JournalOptions options;
    options.path = folder;
    options.segment_bytes = segment_bytes;
    auto journal =
        store::Journal::open(host::posix_file_system(), options, spares, found, recovery);
    if (!journal) {
        std::fprintf(stderr, "%s\n", journal.error().text.c_str());
        return 4;
    }
    const std::uint64_t number = std::strtoull(argv[3], nullptr, 10);
    if (std::string(argv[1]) == "check") return check(**journal, found, number);
    const int status = run(**journal, recovery.last_event.value + 1, number);
    std::fflush(stdout);
    ::_exit(status);  // as a kill: nothing is closed in order
}
