#include "bus/amqp/management_node.hpp"

#include "bus/amqp/amqp_json.hpp"
#include "bus/amqp/connection.hpp"
#include "bus/amqp/link_table.hpp"
#include "bus/amqp/reply_outlet.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>
#include <proton/message.h>

#include <utility>

namespace vera::amqp {
namespace {

using Data = std::unique_ptr<pn_data_t, void (*)(pn_data_t*)>;
using Message = std::unique_ptr<pn_message_t, void (*)(pn_message_t*)>;

pn_bytes_t bytes_of(std::string_view text) {
    return pn_bytes(text.size(), text.data());
}

Result<nlohmann::json> read_body(const Sections& sections) {
    if (sections.body_kind == SectionBody::data) {
        if (sections.content.empty()) return nlohmann::json{};
        nlohmann::json body = nlohmann::json::parse(sections.content, nullptr, false);
        if (body.is_discarded())
            return fail(Errc::bad_input, "the body is neither an amqp-value nor JSON");
        return body;
    }
    return decode_value(sections.body);
}

}  // namespace

Result<ManagementRequest> read_request(const Sections& sections,
                                       std::shared_ptr<const event::Identity> identity) {
    ManagementRequest request;
    for (auto& [key, value] : properties_with_prefix(sections.application_properties, ""))
        request.properties.insert_or_assign(std::string(key), std::move(value));
    const auto operation = request.properties.find("operation");
    if (operation == request.properties.end())
        return fail(Errc::bad_input, "application property 'operation' is missing");
    request.operation = operation->second;
    if (sections.body_kind != SectionBody::sequence) {
        Result<nlohmann::json> body = read_body(sections);
        if (!body) return fail(Errc::bad_input, body.error().text);
        request.body = std::move(*body);
    }
    request.identity = std::move(identity);
    return request;
}

Result<std::string> write_reply(const ManagementReply& reply,
                                std::string_view correlation,
                                std::string_view to) {
    const Message message(pn_message(), pn_message_free);
    pn_message_set_address(message.get(), std::string(to).c_str());
    if (!correlation.empty()) {
        const Data value(pn_data(1), pn_data_free);
        if (pn_data_decode(value.get(), correlation.data(), correlation.size()) < 0)
            return fail(Errc::bad_input, "message-id does not decode");
        pn_data_rewind(value.get());
        pn_data_next(value.get());
        pn_message_set_correlation_id(message.get(), pn_data_get_atom(value.get()));
    }
    pn_data_t* properties = pn_message_properties(message.get());
    pn_data_put_map(properties);
    pn_data_enter(properties);
    pn_data_put_string(properties, bytes_of("statusCode"));
    pn_data_put_int(properties, reply.status);
    pn_data_put_string(properties, bytes_of("statusDescription"));
    pn_data_put_string(properties, bytes_of(reply.description));
    if (reply.body.is_object() && reply.body.contains("results") &&
        reply.body["results"].is_array()) {
        pn_data_put_string(properties, bytes_of("count"));
        pn_data_put_int(properties, static_cast<std::int32_t>(reply.body["results"].size()));
    }
    pn_data_exit(properties);
    put_json(pn_message_body(message.get()), reply.body);
    std::string bytes(512, '\0');
    for (;;) {
        std::size_t size = bytes.size();
        const int status = pn_message_encode(message.get(), bytes.data(), &size);
        if (status == 0) {
            bytes.resize(size);
            return bytes;
        }
        if (status != PN_OVERFLOW || bytes.size() > (64U << 20U))
            return fail(Errc::too_large, "the reply does not encode");
        bytes.resize(bytes.size() * 2);
    }
}

ManagementRequests::ManagementRequests(pn_link_t* handle,
                                       LinkId id,
                                       IoThread& io,
                                       LinkTable& links,
                                       std::shared_ptr<const event::Identity> identity)
    : Link(handle, id, LinkKind::management),
      io_(io),
      links_(links),
      identity_(std::move(identity)) {}

void ManagementRequests::reject(pn_delivery_t* delivery,
                                std::string_view condition,
                                const std::string& text) {
    pn_condition_t* error = pn_disposition_condition(pn_delivery_local(delivery));
    pn_condition_set_name(error, std::string(condition).c_str());
    pn_condition_set_description(error, text.c_str());
    pn_delivery_update(delivery, PN_REJECTED);
    pn_delivery_settle(delivery);
    pn_link_flow(handle(), 1);
}

void ManagementRequests::answered() {
    if (!is_over()) pn_link_flow(handle(), 1);
}

void ManagementRequests::on_delivery(pn_delivery_t* delivery) {
    if (pn_link_current(handle()) != delivery) return;
    if (pn_delivery_aborted(delivery)) {
        pn_delivery_settle(delivery);
        pn_link_flow(handle(), 1);
        return;
    }
    if (pn_link_credit(handle()) <= 0 || pn_delivery_pending(delivery) > max_request_bytes) {
        const bool is_large = pn_link_credit(handle()) > 0;
        close_with(
            is_large ? "amqp:link:message-size-exceeded" : "amqp:link:transfer-limit-exceeded",
            is_large ? "the request is too large" : "a transfer without credit");
        discard(delivery);
        return;
    }
    if (pn_delivery_partial(delivery)) return;
    std::string bytes(pn_delivery_pending(delivery), '\0');
    if (!bytes.empty()) pn_link_recv(handle(), bytes.data(), bytes.size());
    pn_link_advance(handle());
    ScanLimits limits;
    limits.needs_body = false;  // what a client sends that has nothing to say but the operation
    const Result<Sections> sections = scan(bytes, limits);
    if (!sections) return reject(delivery, "amqp:decode-error", sections.error().text);
    if (links_.replies(sections->reply_to) == nullptr)
        return reject(delivery,
                      "amqp:precondition-failed",
                      "no receiving link on this connection answers to reply-to");
    Result<ManagementRequest> request = read_request(*sections, identity_);
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    if (request) return ask(*sections, std::move(*request));
    const auto reply = write_reply(
        {.status = 400, .description = request.error().text, .body = nlohmann::json::object()},
        sections->message_id_raw.empty() ? sections->correlation_raw : sections->message_id_raw,
        sections->reply_to);
    if (!reply || !links_.replies(sections->reply_to)->send(id(), *reply)) answered();
}

void ManagementRequests::ask(const Sections& sections, ManagementRequest request) {
    std::string correlation(sections.message_id_raw.empty() ? sections.correlation_raw
                                                            : sections.message_id_raw);
    std::string reply_to(sections.reply_to);
    io_.door().manage(
        std::move(request),
        [io = io_.weak_from_this(),
         from = id(),
         correlation = std::move(correlation),
         reply_to = std::move(reply_to)](ManagementReply reply) {
            const auto thread = io.lock();
            if (!thread) return;
            thread->defer(
                [raw = thread.get(), from, correlation, reply_to, reply = std::move(reply)] {
                    Connection* connection = raw->find(connection_of(from));
                    if (connection == nullptr) return;
                    connection->answer_management(from, reply, correlation, reply_to);
                });
        });
}

}  // namespace vera::amqp
