// A life of a store from a seed: random batches, retirement, full disks, failing calls, kills and
// power losses, and after each start a comparison with a model. A failure prints its seed;
// VERA_SEED runs that one.
#include "tests/unit/store/filled_store.hpp"

#include <cstdlib>
#include <iostream>

using namespace vera;
using namespace vera::test;

namespace {

class Simulation {
public:
    explicit Simulation(std::uint64_t seed) : random_(seed), traffic_(seed * 31 + 1) {
        traffic_.retention = Millis{200};
    }

    /// Empty, or what went wrong.
    std::string run(int steps) {
        for (int step = 0; step < steps; ++step) {
            if (!opened_) {
                if (auto wrong = start(); !wrong.empty())
                    return "step " + std::to_string(step) + ": " + wrong;
                continue;
            }
            if (auto wrong = act(); !wrong.empty())
                return "step " + std::to_string(step) + ": " + wrong;
            traffic_.advance(Millis{static_cast<std::int64_t>(random_() % 30)});
        }
        return {};
    }

private:
    std::string act() {
        store::Journal& journal = *opened_->journal;
        switch (random_() % 36) {
            case 0:
                journal.close();
                end();
                files_.kill_process();
                return {};
            case 1:
                end();
                files_.kill_process();
                return {};
            case 2:
                end();
                files_.lose_power(Loss::all, random_);
                return {};
            case 3:
                end();
                files_.lose_power(Loss::random, random_);
                return {};
            case 4:
                files_.fail_call(static_cast<Call>(random_() % call_kinds),
                                 1 + random_() % 6,
                                 random_() % 2 == 0 ? Errc::io : Errc::unavailable);
                return {};
            case 5:
                files_.set_capacity((150U + random_() % 300) << 10U);
                return {};
            case 6:
                files_.set_capacity(UINT64_MAX);
                files_.heal();
                return {};
            case 7:
            case 8:
                journal.retire(traffic_.now());
                retired_ = traffic_.now();
                return {};
            case 32:
            case 33:
                return snapshot();
            case 34:
                // A month goes by: payload is overdue, and everything settled may go.
                if (random_() % 4 == 0) traffic_.advance(Millis{31LL * 86'400'000});
                return {};
            case 35:
                return commit_batches({traffic_.settle_most()});
            case 9:
                return commit_batches({traffic_.settle_all()});
            case 10:
                return commit_batches({traffic_.queues_batch(1)});
            default:
                break;
        }
        std::vector<flow::Batch> batches;
        // Later batches of a run know nothing of what earlier ones brought: transitions only in the
        // first.
        for (std::uint64_t i = 1 + random_() % 3; i > 0; --i)
            batches.push_back(traffic_.batch(random_() % 4,
                                             random_() % 6 == 0 ? 6000 : 400,
                                             batches.empty() ? random_() % 4 : 0));
        return commit_batches(batches);
    }

    void end() { opened_.reset(); }

    /// A snapshot with what may happen beside it, and after it every message under the place that
    /// was first told.
    std::string snapshot() {
        store::Journal& journal = *opened_->journal;
        std::string wrong;
        const std::string failed = do_job(
            files_,
            journal,
            traffic_.now(),
            [&] {
                if (wrong.empty() && random_() % 2 == 0)
                    wrong = commit_batches({traffic_.batch(random_() % 3, 300, random_() % 6)});
            },
            1 + random_() % 5000);
        if (!wrong.empty()) return wrong;
        if (!failed.empty() && failed.find("planned failure") == std::string::npos &&
            failed.find("no space left") == std::string::npos &&
            failed.find("sealed") == std::string::npos)
            return "snapshot: " + failed;
        for (const auto& [seq, event] : model_.shown().events) {
            const auto ref = opened_->bodies.find(seq);
            if (ref == opened_->bodies.end()) continue;
            const auto body = journal.bodies().fetch(ref->second);
            if (body && body->view() != event.message) return "another message at a place of old";
            if (!body && body.error().code != Errc::io && body.error().code != Errc::unavailable)
                return "event " + std::to_string(seq) + ": " + body.error().text;
        }
        return {};
    }

    std::string commit_batches(const std::vector<flow::Batch>& batches) {
        store::Journal& journal = *opened_->journal;
        const auto outcomes = commit(journal, batches);
        if (outcomes.size() != batches.size()) return "an outcome is missing";
        for (std::size_t i = 0; i < batches.size(); ++i) {
            if (outcomes[i].ticket != batches[i].ticket) return "outcomes are out of order";
            if (outcomes[i].ok) {
                if (!unsure_.empty()) return "accepted after io";
                for (std::size_t e = 0; e < batches[i].events.size(); ++e) {
                    const auto body = journal.bodies().fetch(outcomes[i].bodies[e]);
                    if (body && body->view() != batches[i].events[e].message.view())
                        return "another message";
                    if (!body && body.error().code != Errc::io &&
                        body.error().code != Errc::unavailable)
                        return body.error().text;
                    opened_->bodies[batches[i].events[e].seq.value] = outcomes[i].bodies[e];
                }
                model_.apply(batches[i]);
                traffic_.stored(batches[i]);
            } else if (outcomes[i].error.code == Errc::io) {
                unsure_.push_back(batches[i]);
            } else if (outcomes[i].error.code != Errc::unavailable) {
                return outcomes[i].error.text;
            }
        }
        return {};
    }

    std::string start() {
        if (random_() % 3 != 0) {
            files_.heal();
            files_.set_capacity(UINT64_MAX);
        }
        auto opened = open_store(files_, busy_options());
        if (!opened) {
            const Errc code = opened.error().code;
            const bool is_planned =
                opened.error().text.find("planned failure") != std::string::npos ||
                opened.error().text.find("no space left") != std::string::npos;
            if (!is_planned) return "does not open: " + opened.error().text;
            if (code != Errc::io && code != Errc::unavailable)
                return "wrong code: " + opened.error().text;
            files_.kill_process();
            files_.heal();
            files_.set_capacity(UINT64_MAX);
            return {};
        }
        // Of the batches in hand at a seal the whole group may be there: a prefix, in order.
        for (std::size_t kept = 0; kept <= unsure_.size(); ++kept) {
            Model with = model_;
            for (std::size_t i = 0; i < kept; ++i)
                with.apply(unsure_[i]);
            const auto shown = [&](const Shown& s) {
                return Model::without_retired(s, with.retain(), retired_);
            };
            if (shown(opened->shown) != shown(with.shown())) continue;
            for (std::size_t i = 0; i < kept; ++i)
                traffic_.stored(unsure_[i]);
            model_ = with;
            unsure_.clear();
            opened_ = *std::move(opened);
            return {};
        }
        return "shows something else than the model";
    }

    std::mt19937_64 random_;
    FaultyFileSystem files_;
    Traffic traffic_;
    Model model_;
    std::vector<flow::Batch> unsure_;  // refused with io since the last start
    Timestamp retired_;
    std::optional<Opened> opened_;
};

void simulate(std::uint64_t first, std::uint64_t seeds, int steps) {
    if (const char* one = std::getenv("VERA_SEED")) {
        first = std::strtoull(one, nullptr, 10);
        seeds = 1;
    }
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        const std::string wrong = Simulation(seed).run(steps);
        if (wrong.empty()) continue;
        std::cout << "VERA_SEED=" << seed << "\n";
        CAPTURE(seed);
        FAIL(wrong);
    }
}

}  // namespace

TEST_CASE("simulation: a store lives through anything its model says it must", "[store]") {
    simulate(1, 15, 120);
}

TEST_CASE("simulation: a thousand lives", "[.][long][store]") {
    simulate(1000, 1000, 1000);
}
