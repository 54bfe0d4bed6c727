#include "adapters/kit/wire.hpp"

#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"

#include <proton/annotation_key.hpp>
#include <proton/connection.hpp>
#include <proton/connection_options.hpp>
#include <proton/container.hpp>
#include <proton/delivery.h>
#include <proton/delivery.hpp>
#include <proton/disposition.h>
#include <proton/engine.h>
#include <proton/error_condition.hpp>
#include <proton/link.hpp>
#include <proton/message.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/source_options.hpp>
#include <proton/target_options.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>
#include <proton/types.hpp>
#include <proton/work_queue.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>

namespace vera::kit {
namespace {

using nlohmann::json;

// ---- values -------------------------------------------------------------------------------------------

// The C++ binding has no condition on reject, no delivery-failed on modify: the C handle has.
struct DeliveryHandle : proton::delivery {
    explicit DeliveryHandle(const proton::delivery& of) : proton::delivery(of) {}
    using proton::delivery::pn_object;
};
struct TrackerHandle : proton::tracker {
    explicit TrackerHandle(const proton::tracker& of) : proton::tracker(of) {}
    using proton::tracker::pn_object;
};
struct ConnectionHandle : proton::connection {
    explicit ConnectionHandle(const proton::connection& of) : proton::connection(of) {}
    using proton::connection::pn_object;
};

std::string hexadecimal(const proton::binary& bytes) {
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

json to_json(const proton::value& value);

json map_to_json(const proton::value& value) {
    json object = json::object();
    std::map<proton::value, proton::value> entries;
    proton::get(value, entries);
    for (const auto& [key, element] : entries) {
        const json name = to_json(key);
        object[name.is_string() ? name.get<std::string>() : name.dump()] = to_json(element);
    }
    return object;
}

json to_json(const proton::value& value) {
    const proton::type_id type = value.type();
    if (value.empty()) return nullptr;
    if (type == proton::BOOLEAN) return proton::get<bool>(value);
    if (proton::type_id_is_signed_int(type)) return proton::coerce<std::int64_t>(value);
    if (proton::type_id_is_unsigned_int(type)) return proton::coerce<std::uint64_t>(value);
    if (proton::type_id_is_floating_point(type)) return proton::coerce<double>(value);
    if (type == proton::STRING || type == proton::SYMBOL)
        return proton::coerce<std::string>(value);
    if (type == proton::BINARY) return hexadecimal(proton::get<proton::binary>(value));
    if (type == proton::TIMESTAMP)
        return to_rfc3339(Timestamp{proton::get<proton::timestamp>(value).milliseconds()});
    if (type == proton::MAP) return map_to_json(value);
    if (type == proton::LIST || type == proton::ARRAY) {
        json list = json::array();
        std::vector<proton::value> elements;
        proton::get(value, elements);
        for (const proton::value& element : elements) list.push_back(to_json(element));
        return list;
    }
    return proton::to_string(value);
}

proton::value to_value(const json& from) {
    if (from.is_null()) return proton::value(proton::null());
    if (from.is_boolean()) return from.get<bool>();
    if (from.is_number_float()) return from.get<double>();
    if (from.is_number()) return from.get<std::int64_t>();
    if (from.is_string()) return from.get<std::string>();
    if (from.is_array()) {
        std::vector<proton::value> list;
        for (const json& element : from) list.push_back(to_value(element));
        return list;
    }
    std::map<std::string, proton::value> map;
    for (const auto& [key, element] : from.items()) map.emplace(key, to_value(element));
    return map;
}

std::string id_text(const proton::message_id& id) {
    return id.empty() ? std::string{} : proton::to_string(id);
}

proton::message to_proton(const Message& from) {
    proton::message to;
    if (from.value.is_null()) {
        to.inferred(true);  // binary goes as a data section
        to.body(proton::binary(from.body.begin(), from.body.end()));
    } else {
        to.body(to_value(from.value));
    }
    if (!from.content_type.empty()) to.content_type(from.content_type);
    if (!from.id.empty()) to.id(from.id);
    if (!from.subject.empty()) to.subject(from.subject);
    if (!from.reply_to.empty()) to.reply_to(from.reply_to);
    if (!from.correlation_id.empty()) to.correlation_id(from.correlation_id);
    for (const auto& [key, property] : from.properties.items()) {
        if (property.is_string())
            to.properties().put(key, property.get<std::string>());
        else if (property.is_boolean())
            to.properties().put(key, property.get<bool>());
        else if (property.is_number_float())
            to.properties().put(key, property.get<double>());
        else if (property.is_number())
            to.properties().put(key, property.get<std::int64_t>());
        else
            to.properties().put(key, property.dump());
    }
    to.durable(from.is_durable);
    if (from.ttl > Millis{0})
        to.ttl(proton::duration(static_cast<proton::duration::numeric_type>(from.ttl.count())));
    return to;
}

Received to_received(const proton::message& from) {
    Received to;
    to.is_data = from.inferred();
    const proton::value& body = from.body();
    if (body.type() == proton::BINARY) {
        const auto bytes = proton::get<proton::binary>(body);
        to.body.assign(bytes.begin(), bytes.end());
    } else if (body.type() == proton::STRING) {
        to.body = proton::get<std::string>(body);
    } else if (!body.empty()) {
        to.value = to_json(body);
    }
    to.content_type = from.content_type();
    to.id = id_text(from.id());
    to.subject = from.subject();
    to.reply_to = from.reply_to();
    to.correlation_id = id_text(from.correlation_id());
    if (!from.properties().empty()) to.properties = to_json(from.properties().value());
    if (!from.message_annotations().empty())
        to.annotations = to_json(from.message_annotations().value());
    to.delivery_count = from.delivery_count();
    to.is_first_acquirer = from.first_acquirer();
    to.is_durable = from.durable();
    to.ttl = Millis{static_cast<std::int64_t>(from.ttl().milliseconds())};
    return to;
}

std::map<proton::symbol, proton::value> to_properties(
    const std::vector<std::pair<std::string, std::string>>& from) {
    std::map<proton::symbol, proton::value> to;
    for (const auto& [name, text] : from) to[proton::symbol(name)] = text;
    return to;
}

Errc code_of(const std::string& condition) {
    if (condition == "amqp:not-found") return Errc::not_found;
    if (condition == "amqp:unauthorized-access" || condition == "amqp:not-allowed" ||
        condition == "vera:not-authorized")
        return Errc::refused;
    if (condition == "amqp:invalid-field" || condition == "amqp:not-implemented")
        return Errc::bad_input;
    return Errc::unavailable;
}

Error to_error(const proton::error_condition& condition, const std::string& otherwise) {
    if (condition.empty()) return {Errc::unavailable, otherwise};
    return {code_of(condition.name()), condition.name() + ": " + condition.description()};
}

proton::duration to_proton(Millis wait) {
    return proton::duration(
        static_cast<proton::duration::numeric_type>(std::max<std::int64_t>(wait.count(), 0)));
}

struct SenderSlot {
    OpenSender spec;
    Outbox outbox;
    proton::sender link;
    std::map<std::uint64_t, std::uint64_t> in_flight;  // delivery number → ticket
};

struct ReceiverSlot {
    OpenReceiver spec;
    proton::receiver link;
    std::unordered_map<std::uint64_t, proton::delivery> held;
    std::uint64_t received = 0;
    std::uint32_t granted = 0;  // credit given and not used
    std::uint32_t owed = 0;     // settled since credit was last given
    bool is_draining = false;       // wanted by the subscriber, until the peer has no more
    bool is_drain_running = false;  // asked of the peer
};

}  // namespace

// Thread: wire (the container's), but for the constructor, post(), close() and the counters. Everything of Proton is touched within
// a callback or a job of the connection's work queue.
class Wire::Driver : public proton::messaging_handler {
public:
    explicit Driver(ConnectOptions options)
        : options_(std::move(options)),
          name_(to_text(host::random_uuid())),
          container_(*this,
                     options_.container_id.empty() ? "vera-kit-" + name_ : options_.container_id),
          queue_(container_) {
        container_.auto_stop(false);
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    ~Driver() override {
        if (!thread_.joinable()) return;
        queue_.add([this] { guarded([this] { close(); }); });
        thread_.join();
    }

    Result<void> open();
    void post(Command command);
    std::uint32_t next_link() { return ++last_link_; }
    std::uint64_t reconnects() const { return reconnects_; }

private:
    template <class Job>
    void guarded(Job&& job) noexcept;
    void connect();
    void give_up_connecting(std::uint64_t attempt);
    void lost();
    void fail_for_good(Error error);
    void close();
    void drain_inbox();
    void sync();
    void hop(std::function<void()> job);

    void apply(OpenSender& command);
    void apply(OpenReceiver& command);
    void apply(Send& command);
    void apply(Withdraw& command);
    void apply(Settle& command);
    void apply(Drain& command);
    void apply(Detach& command);

    void attach(SenderSlot& slot);
    void attach(ReceiverSlot& slot);
    void pump(SenderSlot& slot);
    void grant(ReceiverSlot& slot);
    void settle(const proton::delivery& delivery, const Settlement& settlement);
    void answered(const proton::tracker& tracker, Confirmation answer);
    void link_failed(std::uint32_t number, Error error);
    std::uint32_t number_of(const proton::link& link) const;

    // messaging_handler; every one is guarded, none may throw (a throw stops the container).
    void on_container_start(proton::container& /*container*/) override {
        guarded([this] { connect(); });
    }
    void on_connection_open(proton::connection& connection) override;
    void on_connection_error(proton::connection& connection) override {
        last_error_ = to_error(connection.error(), "the peer closed the connection");
    }
    void on_transport_error(proton::transport& transport) override {
        if (!last_error_) last_error_ = to_error(transport.error(), "the connection broke");
    }
    void on_transport_close(proton::transport& /*transport*/) override {
        guarded([this] { lost(); });
    }
    void on_sendable(proton::sender& sender) override;
    void on_sender_open(proton::sender& sender) override;
    void on_sender_close(proton::sender& sender) override;
    void on_sender_error(proton::sender& sender) override { on_sender_close(sender); }
    void on_sender_detach(proton::sender& sender) override { on_sender_close(sender); }
    void on_tracker_accept(proton::tracker& tracker) override;
    void on_tracker_reject(proton::tracker& tracker) override;
    void on_tracker_release(proton::tracker& tracker) override;
    void on_tracker_settle(proton::tracker& tracker) override;
    void on_receiver_open(proton::receiver& receiver) override;
    void on_receiver_close(proton::receiver& receiver) override;
    void on_receiver_error(proton::receiver& receiver) override { on_receiver_close(receiver); }
    void on_receiver_detach(proton::receiver& receiver) override { on_receiver_close(receiver); }
    void on_receiver_drain_finish(proton::receiver& receiver) override;
    void on_message(proton::delivery& delivery, proton::message& message) override;
    void on_session_error(proton::session& /*session*/) override {}
    void on_error(const proton::error_condition& condition) override {
        last_error_ = to_error(condition, "error");
    }

    ConnectOptions options_;
    std::string name_;
    host::Mailbox<std::optional<Error>> opened_;
    host::Inbox<Command> inbox_;
    std::atomic<std::uint32_t> last_link_{0};
    std::atomic<std::uint64_t> reconnects_{0};

    std::vector<Command> pending_;
    std::map<std::uint32_t, SenderSlot> senders_;
    std::map<std::uint32_t, ReceiverSlot> receivers_;
    std::uint64_t last_delivery_ = 0;
    std::uint64_t last_token_ = 0;
    std::uint64_t attempt_ = 0;
    Millis next_wait_{0};
    bool was_open_ = false;
    bool is_open_ = false;
    bool is_closing_ = false;
    std::optional<Error> last_error_;
    std::optional<Error> failed_;
    proton::connection connection_;

    proton::container container_;
    proton::work_queue queue_;
    std::jthread thread_;
};

// ---- life of the connection ---------------------------------------------------------------------------

template <class Job>
void Wire::Driver::guarded(Job&& job) noexcept {
    try {
        job();
    } catch (const std::exception& error) {
        if (!last_error_) last_error_ = Error{Errc::unavailable, error.what()};
        try {
            if (!!connection_) connection_.close();
        } catch (const std::exception&) {
            is_open_ = false;
        }
    }
}

Result<void> Wire::Driver::open() {
    thread_ = std::jthread([this] {
        try {
            container_.run();
        } catch (const std::exception& error) {
            fail_for_good({Errc::unavailable, error.what()});
        }
    });
    std::vector<std::optional<Error>> answers;
    opened_.take(answers, options_.connect_timeout + Millis{500});
    if (answers.empty())
        return fail(Errc::unavailable, "no answer within " + to_text(options_.connect_timeout));
    if (answers.front()) return fail(answers.front()->code, answers.front()->text);
    return {};
}

void Wire::Driver::connect() {
    if (is_closing_) return;
    last_error_.reset();
    proton::connection_options with;
    if (options_.user.empty())
        with.sasl_allowed_mechs("ANONYMOUS");
    else
        with.user(options_.user).password(options_.secret).sasl_allowed_mechs("PLAIN");
    with.sasl_allow_insecure_mechs(true);
    if (options_.idle_timeout > Millis{0}) with.idle_timeout(to_proton(options_.idle_timeout));
    connection_ = container_.connect(options_.url, with);
    const std::uint64_t attempt = ++attempt_;
    container_.schedule(to_proton(options_.connect_timeout), [this, attempt] {
        guarded([&] { give_up_connecting(attempt); });
    });
}

// A peer that takes the socket and says nothing would hold the attempt for ever.
void Wire::Driver::give_up_connecting(std::uint64_t attempt) {
    if (is_open_ || attempt != attempt_ || !connection_) return;
    hop([this, attempt] {
        if (is_open_ || attempt != attempt_) return;
        last_error_ = Error{Errc::unavailable,
                            "no answer within " + to_text(options_.connect_timeout)};
        pn_transport_t* transport =
            pn_connection_transport(ConnectionHandle(connection_).pn_object());
        if (transport == nullptr) return;
        pn_transport_close_tail(transport);
        pn_transport_close_head(transport);
    });
}

void Wire::Driver::on_connection_open(proton::connection& connection) {
    guarded([&] {
        connection_ = connection;
        is_open_ = true;
        next_wait_ = options_.reconnect.first_wait;
        if (was_open_)
            ++reconnects_;
        else
            opened_.put(std::nullopt);
        was_open_ = true;
        for (auto& [number, slot] : senders_) attach(slot);
        for (auto& [number, slot] : receivers_) attach(slot);
        sync();
    });
}

void Wire::Driver::lost() {
    is_open_ = false;
    connection_ = proton::connection();
    for (auto& [number, slot] : senders_) {
        slot.link = proton::sender();
        slot.in_flight.clear();
        slot.outbox.connection_lost();
    }
    for (auto& [number, slot] : receivers_) {
        slot.link = proton::receiver();
        slot.held.clear();
        slot.granted = 0;
        slot.owed = 0;
    }
    if (is_closing_) {
        container_.stop();
        return;
    }
    const Error error =
        last_error_.value_or(Error{Errc::unavailable, "the peer closed the connection"});
    if (!was_open_ || !options_.reconnect.is_enabled || error.code == Errc::refused) {
        fail_for_good(error);
        return;
    }
    const auto jitter = host::random_u64() % 1000;
    const Millis wait = next_wait_ + next_wait_ * static_cast<std::int64_t>(jitter) / 4000;
    next_wait_ = std::min(options_.reconnect.longest_wait, next_wait_ * 2);
    container_.schedule(to_proton(wait), [this] { guarded([this] { connect(); }); });
}

void Wire::Driver::fail_for_good(Error error) {
    failed_ = error;
    if (!was_open_) opened_.put(error);
    for (auto& [number, slot] : senders_) slot.spec.port->notes.put(error);
    for (auto& [number, slot] : receivers_) slot.spec.port->notes.put(error);
    senders_.clear();
    receivers_.clear();
    drain_inbox();
}

void Wire::Driver::close() {
    is_closing_ = true;
    drain_inbox();
    if (!is_open_) {
        container_.stop();
        return;
    }
    hop([this] {
        sync();
        connection_.close();
    });
    container_.schedule(proton::duration(2000), [this] { container_.stop(); });
}

// ---- commands -----------------------------------------------------------------------------------------

void Wire::Driver::post(Command command) {
    std::vector<Command> one;
    one.push_back(std::move(command));
    if (inbox_.put(std::move(one))) queue_.add([this] { guarded([this] { drain_inbox(); }); });
}

void Wire::Driver::hop(std::function<void()> job) {
    connection_.work_queue().add([this, job = std::move(job)] { guarded(job); });
}

void Wire::Driver::drain_inbox() {
    std::vector<Command> batch;
    while (inbox_.take(batch)) std::move(batch.begin(), batch.end(), std::back_inserter(pending_));
    if (failed_) {
        for (Command& command : pending_) {
            if (auto* sender = std::get_if<OpenSender>(&command))
                sender->port->notes.put(*failed_);
            else if (auto* receiver = std::get_if<OpenReceiver>(&command))
                receiver->port->notes.put(*failed_);
        }
        pending_.clear();
    } else if (is_open_ && !pending_.empty()) {
        hop([this] { sync(); });
    }
}

void Wire::Driver::sync() {
    if (!is_open_) return;
    std::vector<Command> commands;
    commands.swap(pending_);
    for (Command& command : commands) std::visit([this](auto& one) { apply(one); }, command);
    for (auto& [number, slot] : senders_) pump(slot);
}

void Wire::Driver::apply(OpenSender& command) {
    const std::uint32_t number = command.link;
    Outbox outbox(command.options.retry);
    const auto [at, is_new] =
        senders_.emplace(number, SenderSlot{std::move(command), std::move(outbox), {}, {}});
    attach(at->second);
}

void Wire::Driver::apply(OpenReceiver& command) {
    const std::uint32_t number = command.link;
    ReceiverSlot slot;
    slot.spec = std::move(command);
    attach(receivers_.emplace(number, std::move(slot)).first->second);
}

void Wire::Driver::apply(Send& command) {
    const auto found = senders_.find(command.link);
    if (found != senders_.end())
        found->second.outbox.add(command.ticket, std::move(command.message));
}

void Wire::Driver::apply(Withdraw& command) {
    const auto found = senders_.find(command.link);
    if (found != senders_.end()) found->second.outbox.withdraw(command.ticket);
}

void Wire::Driver::apply(Settle& command) {
    const auto found = receivers_.find(command.link);
    if (found == receivers_.end()) return;
    ReceiverSlot& slot = found->second;
    if (command.token != 0) {
        const auto held = slot.held.find(command.token);
        if (held == slot.held.end()) return;  // of a connection that is gone
        settle(held->second, command.settlement);
        slot.held.erase(held);
    }
    ++slot.owed;
    grant(slot);
}

void Wire::Driver::apply(Drain& command) {
    const auto found = receivers_.find(command.link);
    if (found == receivers_.end() || found->second.is_draining) return;
    found->second.is_draining = true;
    grant(found->second);
}

void Wire::Driver::apply(Detach& command) {
    if (const auto found = senders_.find(command.link); found != senders_.end()) {
        if (!!found->second.link) found->second.link.close();
        senders_.erase(found);
    }
    if (const auto found = receivers_.find(command.link); found != receivers_.end()) {
        for (auto& [token, delivery] : found->second.held)
            settle(delivery, {Outcome::release, {}});
        if (!!found->second.link) found->second.link.close();
        receivers_.erase(found);
    }
}

// ---- links --------------------------------------------------------------------------------------------

std::uint32_t Wire::Driver::number_of(const proton::link& link) const {
    const std::string name = link.name();  // "<number>-<name_>"
    return static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
}

void Wire::Driver::attach(SenderSlot& slot) {
    proton::sender_options with;
    proton::target_options target;
    target.address(slot.spec.options.address);
    proton::source_options source;
    source.address(name_);
    with.name(std::to_string(slot.spec.link) + "-" + name_)
        .delivery_mode(proton::delivery_mode::AT_LEAST_ONCE)
        .target(target)
        .source(source)
        .properties(to_properties(slot.spec.options.link_properties));
    slot.link = connection_.open_sender(slot.spec.options.address, with);
}

void Wire::Driver::attach(ReceiverSlot& slot) {
    const SubscriberOptions& options = slot.spec.options;
    proton::source_options source;
    source.address(options.address);
    if (options.is_browsing) source.distribution_mode(proton::source::COPY);
    proton::target_options target;
    target.address(options.reply_to.empty() ? name_ : options.reply_to);
    proton::receiver_options with;
    with.name(std::to_string(slot.spec.link) + "-" + name_)
        .auto_accept(false)
        .credit_window(0)
        .delivery_mode(options.is_browsing ? proton::delivery_mode::AT_MOST_ONCE
                                           : proton::delivery_mode::AT_LEAST_ONCE)
        .source(source)
        .target(target)
        .properties(to_properties(options.link_properties));
    slot.link = connection_.open_receiver(options.address, with);
    slot.owed = std::max(options.credit, 1U);
    slot.is_drain_running = false;
    grant(slot);
}

void Wire::Driver::pump(SenderSlot& slot) {
    if (!slot.link || !slot.link.active()) return;
    const Millis now = host::system_clock().boot();
    while (slot.link.credit() > 0) {
        auto next = slot.outbox.next(now);
        if (!next) break;
        const std::uint64_t number = ++last_delivery_;
        proton::binary tag(sizeof number);
        std::memcpy(tag.data(), &number, sizeof number);
        slot.in_flight.emplace(number, next->ticket);
        slot.link.send(to_proton(*next->message), tag);
    }
}

// Gives back credit for what was settled, in halves of the window so that flow frames stay few. A drain that used up all credit does
// not tell whether there is more: it is asked again with new credit.
void Wire::Driver::grant(ReceiverSlot& slot) {
    if (!slot.link || slot.is_drain_running) return;
    const SubscriberOptions& options = slot.spec.options;
    const std::uint64_t used = slot.received + slot.granted;
    const std::uint64_t left = options.total == 0        ? UINT64_MAX
                               : options.total > used    ? options.total - used
                                                         : 0;
    if (slot.owed * 2 >= std::max(options.credit, 1U)) {
        const auto credit = static_cast<std::uint32_t>(std::min<std::uint64_t>(slot.owed, left));
        slot.owed = 0;
        slot.granted += credit;
        if (credit > 0) slot.link.add_credit(credit);
    }
    if (!slot.is_draining) return;
    if (slot.granted > 0) {
        slot.is_drain_running = true;
        slot.link.drain();
    } else if (left == 0) {
        slot.is_draining = false;
        slot.spec.port->notes.put(Drained{});
    }
}

void Wire::Driver::settle(const proton::delivery& delivery, const Settlement& settlement) {
    pn_delivery_t* handle = DeliveryHandle(delivery).pn_object();
    pn_disposition_t* local = pn_delivery_local(handle);
    switch (settlement.outcome) {
        case Outcome::accept:
            pn_delivery_update(handle, PN_ACCEPTED);
            break;
        case Outcome::release:
            pn_delivery_update(handle, PN_RELEASED);
            break;
        case Outcome::retry:
            pn_disposition_set_failed(local, true);
            pn_delivery_update(handle, PN_MODIFIED);
            break;
        case Outcome::dead_letter: {
            pn_condition_t* condition = pn_disposition_condition(local);
            pn_condition_set_name(condition, "vera:dead-letter");
            pn_condition_set_description(condition, settlement.reason.c_str());
            pn_delivery_update(handle, PN_REJECTED);
            break;
        }
    }
    pn_delivery_settle(handle);
}

void Wire::Driver::answered(const proton::tracker& tracker, Confirmation answer) {
    const auto found = senders_.find(number_of(tracker.sender()));
    if (found == senders_.end()) return;
    SenderSlot& slot = found->second;
    std::uint64_t number = 0;
    const proton::binary tag = tracker.tag();
    if (tag.size() != sizeof number) return;
    std::memcpy(&number, tag.data(), sizeof number);
    const auto in_flight = slot.in_flight.find(number);
    if (in_flight == slot.in_flight.end()) return;
    answer.ticket = in_flight->second;
    slot.in_flight.erase(in_flight);
    const Millis now = host::system_clock().boot();
    if (auto confirmation = slot.outbox.settled(std::move(answer), now)) {
        slot.spec.port->notes.put(std::move(*confirmation));
        return;
    }
    const auto due = slot.outbox.next_due();
    if (!due) return;
    container_.schedule(to_proton(*due - now + Millis{1}), [this] {
        guarded([this] {
            if (is_open_) hop([this] { sync(); });
        });
    });
}

void Wire::Driver::link_failed(std::uint32_t number, Error error) {
    if (const auto sender = senders_.find(number); sender != senders_.end()) {
        sender->second.spec.port->notes.put(std::move(error));
        senders_.erase(sender);
    } else if (const auto receiver = receivers_.find(number); receiver != receivers_.end()) {
        receiver->second.spec.port->notes.put(std::move(error));
        receivers_.erase(receiver);
    }
}

// ---- callbacks ----------------------------------------------------------------------------------------

void Wire::Driver::on_sendable(proton::sender& sender) {
    guarded([&] {
        const auto found = senders_.find(number_of(sender));
        if (found != senders_.end()) pump(found->second);
    });
}

void Wire::Driver::on_sender_open(proton::sender& sender) {
    guarded([&] {
        // AMQP 1.0 §2.6.3: a refused link is attached without a target, then detached with the reason.
        if (sender.target().address().empty() && !sender.target().anonymous()) return;
        const auto found = senders_.find(number_of(sender));
        if (found != senders_.end()) found->second.spec.port->notes.put(Attached{});
    });
}

void Wire::Driver::on_sender_close(proton::sender& sender) {
    guarded([&] {
        const auto found = senders_.find(number_of(sender));
        if (found == senders_.end()) return;
        const std::string address = found->second.spec.options.address;
        Error error = to_error(sender.error(), "the peer closed the link");
        error.text = "'" + address + "': " + error.text;
        link_failed(number_of(sender), std::move(error));
    });
}

void Wire::Driver::on_tracker_accept(proton::tracker& tracker) {
    guarded([&] { answered(tracker, {}); });
}

void Wire::Driver::on_tracker_reject(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::rejected;
        pn_condition_t* condition =
            pn_disposition_condition(pn_delivery_remote(TrackerHandle(tracker).pn_object()));
        if (condition != nullptr && pn_condition_is_set(condition)) {
            answer.condition = pn_condition_get_name(condition);
            const char* text = pn_condition_get_description(condition);
            answer.text = text == nullptr ? "" : text;
        }
        answered(tracker, std::move(answer));
    });
}

// Called for released and for modified.
void Wire::Driver::on_tracker_release(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::released;
        if (tracker.state() == proton::transfer::MODIFIED) {
            answer.verdict = Verdict::modified;
            pn_disposition_t* remote = pn_delivery_remote(TrackerHandle(tracker).pn_object());
            if (pn_disposition_is_undeliverable(remote)) {
                answer.verdict = Verdict::rejected;
                answer.text = "undeliverable here";
            }
        }
        answered(tracker, std::move(answer));
    });
}

// Settled without an outcome: the peer has not taken it.
void Wire::Driver::on_tracker_settle(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::released;
        answered(tracker, std::move(answer));
    });
}

void Wire::Driver::on_receiver_open(proton::receiver& receiver) {
    guarded([&] {
        if (receiver.source().address().empty()) return;  // refused, the detach follows
        const auto found = receivers_.find(number_of(receiver));
        if (found != receivers_.end()) found->second.spec.port->notes.put(Attached{});
    });
}

void Wire::Driver::on_receiver_close(proton::receiver& receiver) {
    guarded([&] {
        const auto found = receivers_.find(number_of(receiver));
        if (found == receivers_.end()) return;
        const std::string address = found->second.spec.options.address;
        Error error = to_error(receiver.error(), "the peer closed the link");
        error.text = "'" + address + "': " + error.text;
        link_failed(number_of(receiver), std::move(error));
    });
}

void Wire::Driver::on_receiver_drain_finish(proton::receiver& receiver) {
    guarded([&] {
        const auto found = receivers_.find(number_of(receiver));
        if (found == receivers_.end()) return;
        ReceiverSlot& slot = found->second;
        slot.is_drain_running = false;
        if (slot.granted == 0) {
            grant(slot);
            return;
        }
        slot.granted = 0;
        slot.is_draining = false;
        slot.spec.port->notes.put(Drained{});
    });
}

void Wire::Driver::on_message(proton::delivery& delivery, proton::message& message) {
    guarded([&] {
        const auto found = receivers_.find(number_of(delivery.receiver()));
        if (found == receivers_.end()) {
            settle(delivery, {Outcome::release, {}});
            return;
        }
        ReceiverSlot& slot = found->second;
        ++slot.received;
        if (slot.granted > 0) --slot.granted;
        Received received = to_received(message);
        received.is_settled = delivery.settled();
        if (!received.is_settled && slot.spec.options.is_browsing) {
            settle(delivery, {Outcome::release, {}});
            received.is_settled = true;
        } else if (!received.is_settled) {
            received.token = ++last_token_;
            slot.held.emplace(received.token, delivery);
        }
        slot.spec.port->notes.put(std::move(received));
    });
}

// ---- the outside --------------------------------------------------------------------------------------

Wire::Wire() = default;
Wire::~Wire() = default;

Result<std::shared_ptr<Wire>> Wire::open(ConnectOptions options) {
    try {
        std::shared_ptr<Wire> wire(new Wire());  // NOLINT(cppcoreguidelines-owning-memory): private
        wire->driver_ = std::make_unique<Driver>(std::move(options));
        const auto opened = wire->driver_->open();
        if (!opened) return fail(opened.error().code, opened.error().text);
        return wire;
    } catch (const std::exception& error) {
        return fail(Errc::unavailable, error.what());
    }
}

std::uint32_t Wire::next_link() {
    return driver_->next_link();
}
void Wire::post(Command command) {
    driver_->post(std::move(command));
}
std::uint64_t Wire::reconnects() const {
    return driver_->reconnects();
}

}  // namespace vera::kit
