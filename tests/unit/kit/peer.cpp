#include "tests/unit/kit/peer.hpp"

#include <proton/connection.hpp>
#include <proton/connection_options.hpp>
#include <proton/container.hpp>
#include <proton/delivery.h>
#include <proton/delivery.hpp>
#include <proton/disposition.h>
#include <proton/error_condition.hpp>
#include <proton/link.h>
#include <proton/link.hpp>
#include <proton/listen_handler.hpp>
#include <proton/listener.hpp>
#include <proton/message.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/source.hpp>
#include <proton/source_options.hpp>
#include <proton/target.hpp>
#include <proton/target_options.hpp>
#include <proton/terminus.h>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>
#include <proton/types.hpp>
#include <proton/work_queue.hpp>

#include <chrono>
#include <cstring>
#include <thread>

namespace vera::test {
namespace {

struct DeliveryHandle : proton::delivery {
    explicit DeliveryHandle(const proton::delivery& of) : proton::delivery(of) {}
    using proton::delivery::pn_object;
};
struct TrackerHandle : proton::tracker {
    explicit TrackerHandle(const proton::tracker& of) : proton::tracker(of) {}
    using proton::tracker::pn_object;
};

template <class Link>
struct LinkHandle : Link {
    explicit LinkHandle(const Link& of) : Link(of) {}
    using Link::pn_object;
};

std::string text_of(const char* text) {
    return text == nullptr ? std::string{} : std::string(text);
}

}  // namespace

class Peer::Driver : public proton::messaging_handler, public proton::listen_handler {
public:
    explicit Driver(PeerScript script) : script_(std::move(script)), container_(*this) {
        container_.auto_stop(false);
        listener_ = container_.listen("127.0.0.1:0", *this);
        thread_ = std::jthread([this] { container_.run(); });
        std::vector<int> ports;
        ports_.take(ports, std::chrono::seconds(10));
        port = ports.empty() ? 0 : ports.front();
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    ~Driver() override {
        container_.stop();
        thread_.join();
    }

    int port = 0;
    host::Mailbox<std::string> bodies;
    host::Mailbox<PeerOutcome> outcomes;
    host::Cell<std::map<std::string, std::string>> facts{{}};

private:
    void on_open(proton::listener& listener) override { ports_.put(listener.port()); }
    void on_error(proton::listener& /*listener*/, const std::string& /*text*/) override {
        ports_.put(0);
    }
    proton::connection_options on_accept(proton::listener& /*listener*/) override {
        proton::connection_options options;
        return options.handler(*this).sasl_allowed_mechs("ANONYMOUS");
    }

    void note(const std::string& name, const std::string& value) {
        auto known = facts.get();
        known[name] = value;
        facts.set(std::move(known));
    }

    void on_error(const proton::error_condition& /*condition*/) override {}

    void on_receiver_open(proton::receiver& receiver) override {
        const std::string address = receiver.target().address();
        if (address == script_.unknown_address) {
            pn_link_t* link = LinkHandle<proton::receiver>(receiver).pn_object();
            pn_terminus_set_type(pn_link_target(link), PN_UNSPECIFIED);
            pn_link_open(link);
            receiver.close(proton::error_condition("amqp:not-found", "no such address"));
            return;
        }
        proton::receiver_options options;
        proton::target_options target;
        target.address(address);
        receiver.open(options.auto_accept(false).credit_window(0).target(target));
        receiver.add_credit(static_cast<std::uint32_t>(script_.credit));
    }

    void on_connection_open(proton::connection& connection) override {
        is_broken_off_ = false;
        connection.open();
    }

    void on_message(proton::delivery& delivery, proton::message& message) override {
        if (is_broken_off_) return;  // was on its way already
        if (delivery.receiver().target().address() == "$management") {
            reply(delivery, message);
            return;
        }
        std::string body;
        if (message.body().type() == proton::BINARY) {
            const auto bytes = proton::get<proton::binary>(message.body());
            body.assign(bytes.begin(), bytes.end());
        }
        note("content_type", message.content_type());
        note("durable", message.durable() ? "true" : "false");
        note("data", message.inferred() ? "true" : "false");
        note("id", message.id().empty() ? "" : proton::to_string(message.id()));
        note("ttl", std::to_string(message.ttl().milliseconds()));
        if (message.properties().exists("kommune"))
            note("kommune", proton::to_string(message.properties().get("kommune")));
        ++received_;
        const PeerAnswer answer = script_.answer ? script_.answer(received_, body) : PeerAnswer{};
        bodies.put(body);
        pn_delivery_t* handle = DeliveryHandle(delivery).pn_object();
        switch (answer.kind) {
            case PeerAnswer::Kind::accept:
                delivery.accept();
                break;
            case PeerAnswer::Kind::reject: {
                pn_condition_t* condition = pn_disposition_condition(pn_delivery_local(handle));
                pn_condition_set_name(condition, answer.condition.c_str());
                pn_condition_set_description(condition, answer.text.c_str());
                pn_delivery_update(handle, PN_REJECTED);
                pn_delivery_settle(handle);
                break;
            }
            case PeerAnswer::Kind::release:
                delivery.release();
                break;
            case PeerAnswer::Kind::modify:
                delivery.modify();
                break;
            case PeerAnswer::Kind::nothing:
                break;
            case PeerAnswer::Kind::break_off:
                is_broken_off_ = true;
                delivery.connection().close(
                    proton::error_condition("amqp:connection:forced", "going down"));
                return;
        }
        delivery.receiver().add_credit(1);
    }

    // Answers with what was asked, as a map.
    void reply(proton::delivery& delivery, const proton::message& request) {
        const auto found = reply_links_.find(request.reply_to());
        delivery.accept();
        if (found == reply_links_.end()) return;
        proton::message answer;
        answer.correlation_id(request.correlation_id());
        const std::string operation = proton::to_string(request.properties().get("operation"));
        answer.properties().put("statusCode", operation == "READ" ? 200 : 501);
        answer.properties().put("statusDescription", std::string("as you wish"));
        answer.properties().put("pilot", true);
        answer.body(std::map<std::string, proton::value>{
            {"operation", operation}, {"list", std::vector<std::int32_t>{1, 2}}});
        found->second.send(answer);
    }

    void on_sender_open(proton::sender& sender) override {
        const std::string address = sender.source().address();
        if (address == script_.unknown_address) {
            pn_link_t* link = LinkHandle<proton::sender>(sender).pn_object();
            pn_terminus_set_type(pn_link_source(link), PN_UNSPECIFIED);
            pn_link_open(link);
            sender.close(proton::error_condition("amqp:not-found", "no such address"));
            return;
        }
        const bool is_copy = sender.source().distribution_mode() == proton::source::COPY;
        note("copy", is_copy ? "true" : "false");
        if (sender.properties().count("vera:reason") > 0)
            note("reason", proton::to_string(sender.properties().at("vera:reason")));
        proton::sender_options options;
        proton::source_options source;
        source.address(address);
        if (is_copy) {
            source.distribution_mode(proton::source::COPY);
            options.delivery_mode(proton::delivery_mode::AT_MOST_ONCE);
        }
        sender.open(options.source(source));
        if (address == "$management") reply_links_[sender.target().address()] = sender;
    }

    void on_sendable(proton::sender& sender) override {
        if (sender.source().address() == "$management") return;
        while (sender.credit() > 0 && sent_ < script_.outgoing.size()) {
            const std::uint64_t number = ++sent_;
            const std::string& body = script_.outgoing[number - 1];
            proton::message message;
            message.inferred(true);
            message.body(proton::binary(body.begin(), body.end()));
            message.content_type("text/plain");
            message.delivery_count(2);
            message.message_annotations().put(proton::symbol("x-opt-vera-sequence"), number);
            message.message_annotations().put(proton::symbol("x-opt-vera-subscription"),
                                              std::string("alle"));
            proton::binary tag(sizeof number);
            std::memcpy(tag.data(), &number, sizeof number);
            sender.send(message, tag);
        }
        // The binding tells of a drain only once if no flow without drain was seen in between:
        // asked of the link itself.
        pn_link_t* link = LinkHandle<proton::sender>(sender).pn_object();
        if (pn_link_get_drain(link)) pn_link_drained(link);
    }
    void on_sender_drain_start(proton::sender& sender) override { on_sendable(sender); }

    void tell(proton::tracker& tracker, const std::string& state) {
        PeerOutcome outcome;
        const proton::binary tag = tracker.tag();
        if (tag.size() == sizeof outcome.number)
            std::memcpy(&outcome.number, tag.data(), sizeof outcome.number);
        pn_disposition_t* remote = pn_delivery_remote(TrackerHandle(tracker).pn_object());
        outcome.state = state;
        outcome.is_failed = state == "modified" && pn_disposition_is_failed(remote);
        pn_condition_t* condition = pn_disposition_condition(remote);
        if (state == "rejected" && pn_condition_is_set(condition)) {
            outcome.condition = text_of(pn_condition_get_name(condition));
            outcome.text = text_of(pn_condition_get_description(condition));
        }
        outcomes.put(std::move(outcome));
    }
    void on_tracker_accept(proton::tracker& tracker) override {
        if (tracker.sender().source().address() != "$management") tell(tracker, "accepted");
    }
    void on_tracker_reject(proton::tracker& tracker) override { tell(tracker, "rejected"); }
    void on_tracker_release(proton::tracker& tracker) override {
        tell(tracker, tracker.state() == proton::transfer::MODIFIED ? "modified" : "released");
    }

    PeerScript script_;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    bool is_broken_off_ = false;
    std::map<std::string, proton::sender> reply_links_;
    host::Mailbox<int> ports_;
    proton::listener listener_;
    proton::container container_;
    std::jthread thread_;
};

Peer::Peer(PeerScript script) : driver_(std::make_unique<Driver>(std::move(script))) {}
Peer::~Peer() = default;

std::string Peer::url() const {
    return "amqp://127.0.0.1:" + std::to_string(driver_->port);
}

namespace {

template <class T>
void gather(host::Mailbox<T>& from, std::vector<T>& into, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::vector<T> batch;
    for (;;) {
        from.take(batch, std::chrono::milliseconds(into.size() < count ? 50 : 0));
        into.insert(into.end(), batch.begin(), batch.end());
        if (into.size() >= count || std::chrono::steady_clock::now() > deadline) return;
    }
}

}  // namespace

std::vector<std::string> Peer::bodies(std::size_t count) {
    gather(driver_->bodies, bodies_, count);
    return bodies_;
}

std::vector<PeerOutcome> Peer::outcomes(std::size_t count) {
    gather(driver_->outcomes, outcomes_, count);
    return outcomes_;
}

std::map<std::string, std::string> Peer::facts() {
    return driver_->facts.get();
}

}  // namespace vera::test
