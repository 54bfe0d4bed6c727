#include "tests/unit/amqp_door/live_bus.hpp"

#include "bus/base/check.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/host/clock.hpp"
#include "bus/route/routing_table.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace vera::amqp::test {
namespace {

flow::QueueSpec queue(std::uint32_t id, std::string name, flow::QueueKind kind) {
    flow::QueueSpec spec;
    spec.id = QueueId{id};
    spec.uuid.bytes[15] = static_cast<std::uint8_t>(id);
    spec.name = std::move(name);
    spec.kind = kind;
    spec.retry.backoff = {Millis{10}};
    spec.retry.max_attempts = 3;
    return spec;
}

}  // namespace

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

std::shared_ptr<const flow::Snapshot> test_snapshot(std::uint64_t generation, bool without_y) {
    auto snapshot = std::make_shared<flow::Snapshot>();
    snapshot->generation = Generation{generation};
    snapshot->catalogue = event::Catalogue::built_in();
    snapshot->queues = {queue(1, "$unrouted", flow::QueueKind::unrouted),
                        queue(2, "sub/alt", flow::QueueKind::subscription),
                        queue(3, "sub/hastig", flow::QueueKind::subscription),
                        queue(4, "queue/x", flow::QueueKind::plain),
                        queue(5, "queue/y", flow::QueueKind::plain),
                        queue(6, "inbox/omsorg", flow::QueueKind::inbox),
                        queue(7, "inbox/laege", flow::QueueKind::inbox)};
    snapshot->queues[2].allows_presettled = true;
    snapshot->queues[4].allows_presettled = true;
    snapshot->queues[4].is_deleted = without_y;
    snapshot->routes = std::make_shared<const route::RoutingTable>(
        std::vector<route::Subscription>{{QueueId{2}, "alt", {}}, {QueueId{3}, "hastig", {}}});
    for (std::size_t i = 0; i < snapshot->queues.size(); ++i)
        if (!snapshot->queues[i].is_deleted)
            snapshot->by_address.emplace(snapshot->queues[i].name, i);
    snapshot->unrouted = QueueId{1};
    snapshot->limits.max_message_bytes = 8U << 20U;
    snapshot->hash_seed = 42;
    return snapshot;
}

DoorOptions test_options() {
    DoorOptions options;
    options.listeners = {
        {.address = "127.0.0.1", .port = 0, .allows_anonymous = true, .allows_plain = true}};
    options.container_id = "vera-test";
    return options;
}

LiveBus::LiveBus(DoorOptions options) : snapshot_(test_snapshot()), core_(flow::CoreOptions{}) {
    const auto authenticate =
        [](const std::string& user,
           const std::string& password,
           const std::function<void(std::shared_ptr<const event::Identity>)>& done) {
            if ((user == "omsorg" || user == "laege") && password == "hemmelig")
                done(std::make_shared<const event::Identity>(event::Identity{
                    .system = user, .authority = "29189420", .mechanism = "PLAIN"}));
            else
                done(nullptr);
        };
    const auto manage = [](const ManagementRequest& request,
                           const std::function<void(ManagementReply)>& done) {
        if (request.operation == "ECHO")
            done({.status = 200, .description = "OK", .body = request.body});
        else
            done({.status = 501,
                  .description = "unknown operation",
                  .body = nlohmann::json::object()});
    };
    const auto identify = [](const CertificateSubject& subject,
                             std::string_view wanted) -> std::shared_ptr<const event::Identity> {
        const bool is_known = std::ranges::find(subject.attributes,
                                                std::pair<std::string, std::string>(
                                                    "CN", "omsorg")) != subject.attributes.end();
        if (!is_known || (!wanted.empty() && wanted != "omsorg")) return nullptr;
        return std::make_shared<const event::Identity>(
            event::Identity{.system = "omsorg", .authority = "29189420", .mechanism = "EXTERNAL"});
    };
    door = std::make_unique<FrontDoor>(
        std::move(options), *this, engine, authenticate, manage, identify);
    const auto recovery = engine.recover(core_);
    engine.start(*this);
    core_.start(snapshot_.get(), *recovery, now(), effects_);
    if (effects_.has_commit()) engine.submit(std::exchange(effects_.commit, {}));
    effects_.clear();
    const auto opened = door->open();
    VERA_CHECK(opened.has_value());
    port_ = door->ports().front();
    // Time passes: what backs off comes back.
    ticker_ = std::jthread([this](const std::stop_token& stop) {
        host::Mailbox<int> clock;
        std::vector<int> none;
        while (!stop.stop_requested()) {
            static_cast<void>(clock.take(none, std::chrono::milliseconds(5)));
            post({flow::Tick{}});
        }
    });
}

LiveBus::~LiveBus() {
    engine.hold_commits(false);
    door->close(Millis{1000});
    ticker_.request_stop();
    ticker_.join();
}

Timestamp LiveBus::now() {
    return host::system_clock().wall() + Millis{passed_ms_.load()};
}

void LiveBus::post(std::vector<flow::Input> inputs) {
    {
        const std::lock_guard lock(mutex_);
        bool is_tick = true;
        for (const flow::Input& input : inputs) {
            note(input);
            is_tick = is_tick && std::holds_alternative<flow::Tick>(input);
        }
        if (!is_tick) ++seen_.posts;
    }
    if (inbox_.put(std::move(inputs))) run();
}

void LiveBus::on_outcome(flow::Outcome outcome) {
    std::vector<flow::Input> one;
    one.emplace_back(std::move(outcome));
    post(std::move(one));
}

void LiveBus::run() {
    while (inbox_.take(batch_)) {
        for (flow::Input& input : batch_)
            core_.on(std::move(input), now(), effects_);
        core_.finish(now(), effects_);
        if (effects_.has_commit()) engine.submit(std::exchange(effects_.commit, {}));
        for (flow::Answer& answer : effects_.answers)
            answers_.put(std::move(answer));
        door->carry_out(effects_);
        effects_.clear();
    }
}

void LiveBus::note(const flow::Input& input) {
    if (std::holds_alternative<flow::ConsumerOpened>(input)) ++seen_.consumer_opened;
    if (std::holds_alternative<flow::PublisherClosed>(input)) ++seen_.publisher_closed;
    if (std::holds_alternative<flow::Published>(input)) ++seen_.published;
    if (const auto* closed = std::get_if<flow::ConsumerClosed>(&input))
        ++(closed->counts_as_failure ? seen_.closed_failed : seen_.closed_orderly);
    if (const auto* settled = std::get_if<flow::Settled>(&input)) {
        switch (settled->outcome) {
            case flow::ConsumerOutcome::accepted:
                ++seen_.accepted;
                break;
            case flow::ConsumerOutcome::released:
                ++seen_.released;
                break;
            case flow::ConsumerOutcome::failed:
                ++seen_.failed;
                break;
            case flow::ConsumerOutcome::rejected:
                ++seen_.rejected;
                break;
        }
        seen_.last_reason = settled->reason;
        seen_.last_error = settled->error;
    }
}

LiveBus::Seen LiveBus::seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
}

void LiveBus::reload(std::shared_ptr<const flow::Snapshot> snapshot) {
    snapshot_.set(snapshot);
    post({flow::Reloaded{std::move(snapshot)}});
}

flow::Counts LiveBus::counts() {
    post({flow::Ask{1}});
    std::vector<flow::Answer> answers;
    while (answers.empty())
        static_cast<void>(answers_.take(answers, std::chrono::seconds(10)));
    return std::get<flow::Counts>(answers.back().what);
}

flow::QueueCounts LiveBus::counts(const std::string& name) {
    const flow::Counts all = counts();
    const auto at = std::ranges::find(all.queues, name, &flow::QueueCounts::name);
    VERA_CHECK(at != all.queues.end());
    return *at;
}

}  // namespace vera::amqp::test
