#include "adapters/kit/connection.hpp"

#include "adapters/kit/wire.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"

#include <utility>

namespace vera::kit {

Result<std::string> complete_url(const std::string& url) {
    std::string_view scheme = "amqp://";
    std::string rest = url;
    if (const auto at = url.find("://"); at != std::string::npos) {
        if (is_secure_url(url)) scheme = "amqps://";
        if (!url.starts_with(scheme))
            return fail(Errc::bad_input, "url '" + url + "': only amqp:// and amqps:// are known");
        rest = url.substr(scheme.size());
    }
    while (!rest.empty() && rest.back() == '/')
        rest.pop_back();
    if (rest.find('@') != std::string::npos)
        return fail(Errc::bad_input,
                    "the url holds a user; give the user and the secret on their own");
    const bool is_bracketed = rest.starts_with('[');
    const auto colon = rest.find(':', is_bracketed ? rest.find(']') : 0);
    const std::string host = rest.substr(0, colon);
    if (host.empty() || host.find_first_of("/ ?#") != std::string::npos)
        return fail(Errc::bad_input,
                    "url '" + url + "': want " + std::string(scheme) + "host:port");
    const std::string usual = scheme == "amqps://" ? "5671" : "5672";
    const std::string port = colon == std::string::npos ? usual : rest.substr(colon + 1);
    const bool is_number = !port.empty() && port.size() <= 5 &&
                           port.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoul(port) == 0 || std::stoul(port) > 65535)
        return fail(Errc::bad_input, "url '" + url + "': port: want 1 to 65535");
    return std::string(scheme) + host + ":" + port;
}

Connection::Connection(std::shared_ptr<Wire> wire, Millis timeout)
    : wire_(std::move(wire)),
      timeout_(timeout) {}

Result<Connection> Connection::open(ConnectOptions options) {
    auto url = complete_url(options.url);
    if (!url) return fail(url.error().code, url.error().text);
    options.url = *url;
    if (const auto checked = check_transport(*url, !options.user.empty(), options.tls); !checked)
        return fail(checked.error().code, checked.error().text);
    const Millis timeout = options.connect_timeout;
    auto wire = Wire::open(std::move(options));
    if (!wire) return fail(wire.error().code, "connecting to " + *url + ": " + wire.error().text);
    return Connection(*wire, timeout);
}

Result<Publisher> Connection::publisher(PublisherOptions options) {
    auto port = std::make_shared<SenderPort>();
    const std::uint32_t link = wire_->next_link();
    Publisher publisher(wire_, port, link, options);
    wire_->post(OpenSender{link, std::move(options), port});
    if (const auto attached = publisher.attached(timeout_); !attached)
        return fail(attached.error().code, attached.error().text);
    return publisher;
}

Result<Subscriber> Connection::subscriber(SubscriberOptions options) {
    auto port = std::make_shared<ReceiverPort>();
    const std::uint32_t link = wire_->next_link();
    Subscriber subscriber(wire_, port, link, options);
    wire_->post(OpenReceiver{link, std::move(options), port});
    if (const auto attached = subscriber.attached(timeout_); !attached)
        return fail(attached.error().code, attached.error().text);
    return subscriber;
}

namespace {

Errc code_of_status(int status) {
    switch (status) {
        case 401:
        case 403:
            return Errc::refused;
        case 404:
            return Errc::not_found;
        default:
            return status >= 500 ? Errc::unavailable : Errc::bad_input;
    }
}

Reply to_reply(Received received) {
    Reply reply;
    const auto status = received.properties.find("statusCode");
    if (status != received.properties.end() && status->is_number_integer())
        reply.status = status->get<int>();
    const auto text = received.properties.find("statusDescription");
    if (text != received.properties.end() && text->is_string())
        reply.description = text->get<std::string>();
    reply.properties = std::move(received.properties);
    reply.body = std::move(received.value);
    return reply;
}

}  // namespace

Result<Reply> Connection::manage(const std::string& operation,
                                 nlohmann::json properties,
                                 nlohmann::json body,
                                 Millis timeout) {
    const Millis deadline = host::system_clock().boot() + timeout;
    const std::string reply_to = to_text(host::random_uuid());
    SubscriberOptions replies_to;
    replies_to.address = "$management";
    replies_to.reply_to = reply_to;
    auto replies = subscriber(std::move(replies_to));
    if (!replies) return fail(replies.error().code, replies.error().text);
    PublisherOptions requests_from;
    requests_from.address = "$management";
    requests_from.confirm_timeout = timeout;
    auto requests = publisher(std::move(requests_from));
    if (!requests) return fail(requests.error().code, requests.error().text);

    Message request;
    request.id = to_text(host::random_uuid());
    request.correlation_id = request.id;
    request.reply_to = reply_to;
    request.is_durable = false;
    request.properties = properties.is_object() ? std::move(properties) : nlohmann::json::object();
    request.properties["operation"] = operation;
    request.value = body.is_object() ? std::move(body) : nlohmann::json::object();
    const std::string id = request.id;
    const auto verdict = requests->publish(std::move(request));
    if (!verdict) return fail(verdict.error().code, verdict.error().text);
    if (verdict->verdict != Verdict::accepted)
        return fail(Errc::refused,
                    "$management: " + operation + " " + std::string(name_of(verdict->verdict)) +
                        ": " + verdict->condition + " " + verdict->text);
    for (;;) {
        auto received = replies->next(deadline - host::system_clock().boot());
        if (!received) return fail(received.error().code, received.error().text);
        if (!received->has_value())
            return fail(Errc::unavailable,
                        "$management: " + operation + ": no answer within " + to_text(timeout));
        replies->settle(**received, {});
        if ((*received)->correlation_id != id) continue;
        Reply reply = to_reply(std::move(**received));
        if (reply.status >= 200 && reply.status < 300) return reply;
        return fail(code_of_status(reply.status),
                    "$management: " + operation + ": " + std::to_string(reply.status) + " " +
                        reply.description);
    }
}

std::uint64_t Connection::reconnects() const {
    return wire_->reconnects();
}

}  // namespace vera::kit
