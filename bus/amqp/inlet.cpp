#include "bus/amqp/inlet.hpp"

#include "bus/amqp/delivery_writer.hpp"
#include "bus/amqp/schedule_annotations.hpp"
#include "bus/amqp/sender_note.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace vera::amqp {
namespace {

constexpr std::size_t overhead_bytes = 512;  // what a message costs beside its own bytes
constexpr std::size_t piece_size = 256U << 10U;

Refusal too_large(std::uint64_t limit) {
    return {Condition::too_large, "message is larger than " + std::to_string(limit) + " bytes"};
}

event::BodyKind kind_of(const Sections& sections) {
    switch (sections.body_kind) {
        case SectionBody::data:
            return event::BodyKind::data;
        case SectionBody::value_binary:
            return event::BodyKind::value_binary;
        case SectionBody::value_string:
            return event::BodyKind::value_string;
        case SectionBody::sequence:
        case SectionBody::value_other:
            return event::BodyKind::other;
    }
    return event::BodyKind::other;
}

// What is stored of a message to an inbox; nothing of it is read any more.
event::RawEvent with_sender(const Sections& sections, event::RawEvent raw, std::string& scratch) {
    scratch.clear();
    write_with_sender(sections, raw.identity->system, raw.identity->authority, scratch);
    event::RawEvent stored;
    stored.message = Block::copy_of(scratch);
    stored.identity = std::move(raw.identity);
    stored.arrival = raw.arrival;
    return stored;
}

}  // namespace

void fill_raw_event(const Sections& sections, bool is_event, event::RawEvent& raw) {
    raw.body_kind = kind_of(sections);
    raw.body = sections.content;
    raw.content_type = sections.content_type;
    raw.ttl_ms = sections.ttl_ms;
    raw.absolute_expiry = sections.absolute_expiry;
    if (!is_event) return;
    // Several data sections are one binary body (AMQP 1.0 §3.2.6): clients that write it in pieces.
    if (sections.body_kind == SectionBody::data && sections.body_sections > 1) {
        raw.joined = Block::copy_of(joined_data(sections.body));
        raw.body = raw.joined.view();
    }
    if (sections.application_properties.empty()) return;
    raw.cloud_events = properties_with_prefix(sections.application_properties, "cloudEvents_");
    for (auto& entry : properties_with_prefix(sections.application_properties, "cloudEvents:"))
        raw.cloud_events.push_back(std::move(entry));
}

std::uint64_t Inlet::size_limit(const flow::Snapshot& snapshot, AddressUse use) {
    const flow::Limits& limits = snapshot.limits;
    if (use == AddressUse::events) return limits.max_event_bytes;
    if (use != AddressUse::per_message) return limits.max_message_bytes;
    return std::max(limits.max_event_bytes, limits.max_message_bytes);
}

Inlet::Inlet(pn_link_t* handle,
             LinkId id,
             IoThread& io,
             ReplyNodes& nodes,
             std::shared_ptr<const event::Identity> identity,
             const Address& address)
    : Link(handle, id, LinkKind::inlet),
      io_(io),
      nodes_(nodes),
      identity_(std::move(identity)),
      use_(address.use),
      queue_(address.queue),
      node_(address.node),
      credit_(static_cast<int>(io.door().options.publisher_credit)) {}

void Inlet::give_first_credit() {
    pn_link_flow(handle(), credit_);
}

void Inlet::on_delivery(pn_delivery_t* delivery) {
    if (pn_link_current(handle()) != delivery)
        return;  // a disposition for one that the core still has, or the echo of an aborted one
    if (pn_delivery_aborted(delivery)) {
        is_oversize_ = false;
        is_foreign_ = false;
        forget_pieces();
        pn_delivery_settle(delivery);
        give_back_credit();
        return;
    }
    if (pn_link_credit(handle()) <= 0) {
        close_with("amqp:link:transfer-limit-exceeded", "a transfer without credit");
        discard(delivery);
        return;
    }
    const std::size_t size = piece_bytes_ + pn_delivery_pending(delivery);
    is_oversize_ = is_oversize_ || size > size_limit(io_.snapshot(), use_);
    if (is_oversize_) {
        std::array<char, 4096> sink{};
        while (pn_link_recv(handle(), sink.data(), sink.size()) > 0) {
        }
        forget_pieces();
    }
    if (pn_delivery_partial(delivery)) return keep_piece(delivery);
    take(delivery, size);
}

// The engine's buffer doubles, and old and new lie side by side for a moment: of a large delivery
// it keeps no more than a piece.
void Inlet::keep_piece(pn_delivery_t* delivery) {
    const std::size_t size = pn_delivery_pending(delivery);
    if (size < piece_size) return;
    char* bytes = nullptr;
    pieces_.push_back(Block::allocate(size, bytes));
    pn_link_recv(handle(), bytes, size);
    piece_bytes_ += size;
}

void Inlet::forget_pieces() {
    pieces_.clear();
    piece_bytes_ = 0;
}

Block Inlet::put_together(std::size_t size) {
    char* bytes = nullptr;
    Block whole = Block::allocate(size, bytes);
    for (Block& piece : pieces_) {
        bytes = std::ranges::copy(piece.view(), bytes).out;
        piece = Block{};
    }
    if (size > piece_bytes_) pn_link_recv(handle(), bytes, size - piece_bytes_);
    forget_pieces();
    return whole;
}

void Inlet::take(pn_delivery_t* delivery, std::size_t size) {
    count(io_.counters().deliveries_in);
    const bool is_foreign = std::exchange(is_foreign_, false);
    if (std::exchange(is_oversize_, false)) {
        pn_link_advance(handle());
        return refuse_here(delivery, too_large(size_limit(io_.snapshot(), use_)));
    }
    Block message = put_together(size);
    pn_link_advance(handle());
    if (!is_target_alive()) return;
    if (is_foreign)
        return refuse_here(delivery,
                           {Condition::not_implemented, "message-format: only 0 is taken"});
    const Result<Sections> sections = scan(message.view());
    if (!sections) {
        count(io_.counters().decode_errors);
        return refuse_here(delivery, {Condition::decode_error, sections.error().text});
    }
    message.set_note(note_of(*sections, message.view()));
    route(delivery, std::move(message), *sections);
}

std::variant<Address, Refusal> Inlet::destination(const Sections& sections) {
    const flow::Snapshot& snapshot = io_.snapshot();
    if (use_ == AddressUse::per_message) return resolve_to(snapshot, sections.to);
    return Address{.use = use_,
                   .queue = queue_,
                   .spec = use_ == AddressUse::inbox ? snapshot.find(queue_) : nullptr,
                   .node = node_};
}

void Inlet::route(pn_delivery_t* delivery, Block message, const Sections& sections) {
    const auto found = destination(sections);
    if (const Refusal* why = std::get_if<Refusal>(&found)) return refuse_here(delivery, *why);
    const Address& to = *std::get_if<Address>(&found);
    const std::uint64_t most = size_limit(io_.snapshot(), to.use);
    if (message.size() > most) return refuse_here(delivery, too_large(most));
    if (to.use == AddressUse::node)
        return send_to_node(delivery, std::move(message), sections, to.node);
    publish(delivery, std::move(message), sections, to);
}

// Past the core: it is in memory only, and its node's thread answers.
void Inlet::send_to_node(pn_delivery_t* delivery,
                         Block message,
                         const Sections& sections,
                         const ReplyAddress& node) {
    if (thread_of(node.owner) >= io_.door().threads.size())
        return refuse_here(delivery, no_such_node());
    event::RawEvent raw;
    raw.arrival = io_.now();
    raw.ttl_ms = sections.ttl_ms;
    raw.absolute_expiry = sections.absolute_expiry;
    if (auto why = read_schedule(sections, io_.snapshot().limits.longest_schedule, raw))
        return refuse_here(delivery, *why);
    if (raw.ready_at)
        return refuse_here(delivery,
                           {Condition::invalid_field,
                            "message annotation x-opt-delivery-time or x-opt-delivery-delay: a "
                            "dynamic node keeps nothing for later"});
    note_reply_to(sections, {.use = AddressUse::node, .queue = {}, .spec = nullptr, .node = node});
    const std::size_t size = message.size();
    Work work;
    work.messages.push_back({.node = node,
                             .from = {.link = id(), .delivery = first_number_ + pending_.size()},
                             .sender = identity_,
                             .message = std::move(message),
                             .expiry = flow::expiry_of(raw),
                             .reply_to = parse_reply_address(sections.reply_to)});
    await(delivery, size);
    io_.put_at(node.owner, std::move(work));
}

// A dynamic node of this connection is given to whoever receives the message.
void Inlet::note_reply_to(const Sections& sections, const Address& to) {
    if (!is_reply_address(sections.reply_to)) return;
    ReplyNode* node = nodes_.find(sections.reply_to);
    if (node == nullptr) return;
    switch (to.use) {
        case AddressUse::inbox:
            node->allowed.insert(to.spec->name.substr(flow::inbox_prefix.size()));
            return;
        case AddressUse::queue:
            return ReplyNodes::give(*node, {Audience::Kind::queue, to.queue.value});
        case AddressUse::events:
            return ReplyNodes::give(*node, {Audience::Kind::subscribers, 0});
        case AddressUse::node:
            return ReplyNodes::give(*node, {Audience::Kind::node, to.node.owner.value});
        case AddressUse::management:
        case AddressUse::per_message:
            return;
    }
}

void Inlet::publish(pn_delivery_t* delivery,
                    Block message,
                    const Sections& sections,
                    const Address& to) {
    const flow::Snapshot& snapshot = io_.snapshot();
    const std::size_t size = message.size();
    Block received;  // `sections` point into it, to the end
    flow::Input input{std::in_place_type<flow::Published>};
    auto& published = *std::get_if<flow::Published>(&input);
    published.raw.message = std::move(message);
    published.raw.identity = identity_;
    published.raw.arrival = io_.now();
    const bool is_kuvert =
        to.use == AddressUse::events || (to.use == AddressUse::inbox && !to.spec->accepts.empty());
    fill_raw_event(sections, is_kuvert, published.raw);
    if (const auto why = read_schedule(sections, snapshot.limits.longest_schedule, published.raw)) {
        refuse_here(delivery, *why);
        return;
    }
    published.is_plain = to.use != AddressUse::events;
    if (to.use == AddressUse::queue) {
        published.plan = flow::admit_plain(snapshot, to.queue, published.raw);
    } else if (to.use == AddressUse::inbox) {
        auto decided = flow::admit_message(
            snapshot,
            *to.spec,
            published.raw,
            {.message_id = value_text(sections.message_id_raw), .reply_to = sections.reply_to});
        if (const Refusal* why = std::get_if<Refusal>(&decided)) return refuse_here(delivery, *why);
        published.plan = std::move(*std::get_if<flow::Plan>(&decided));
        published.plan.salt = io_.draw_salt();
        received = published.raw.message;
        published.raw = with_sender(sections, std::move(published.raw), io_.scratch());
    } else {
        auto decided = flow::admit(snapshot, published.raw);
        if (const Refusal* why = std::get_if<Refusal>(&decided)) {
            refuse_here(delivery, *why);
            return;
        }
        published.plan = std::move(*std::get_if<flow::Plan>(&decided));
        if (!published.plan.may_hold_protected_address)
            published.raw.message.set_note(
                note_without_addresses(published.raw.message.note(), published.plan.generation));
        published.plan.salt = io_.draw_salt();
    }
    note_reply_to(sections, to);
    published.from = {.link = id(), .delivery = first_number_ + pending_.size()};
    await(delivery, size);
    io_.add_input(std::move(input));
}

void Inlet::await(pn_delivery_t* delivery, std::size_t size) {
    const std::size_t held = size + overhead_bytes;
    pending_.push_back({.delivery = delivery, .bytes = static_cast<std::uint32_t>(held)});
    ++pending_count_;
    io_.door().in_flight.add(held);
}

// A reload may have taken the queue away.
bool Inlet::is_target_alive() {
    const flow::Snapshot& snapshot = io_.snapshot();
    const bool is_of_queue = use_ == AddressUse::queue || use_ == AddressUse::inbox;
    if (!is_of_queue || checked_ == snapshot.generation) return true;
    const flow::QueueSpec* queue = snapshot.find(queue_);
    if (queue != nullptr && !queue->is_deleted) {
        checked_ = snapshot.generation;
        return true;
    }
    close_with("amqp:resource-deleted", "the queue is no longer configured");
    return false;
}

Inlet::Pending* Inlet::find(std::uint64_t number) {
    if (number < first_number_ || number - first_number_ >= pending_.size()) return nullptr;
    Pending& found = pending_[number - first_number_];
    return found.delivery == nullptr ? nullptr : &found;
}

void Inlet::accept(std::uint64_t number) {
    Pending* pending = find(number);
    if (pending == nullptr) return;
    pn_delivery_update(pending->delivery, PN_ACCEPTED);
    pn_delivery_settle(pending->delivery);
    settle(*pending);
    give_back_credit();
}

void Inlet::refuse(std::uint64_t number, const Refusal& why) {
    Pending* pending = find(number);
    if (pending == nullptr) return;
    pn_delivery_t* delivery = pending->delivery;
    settle(*pending);
    refuse_delivery(delivery, why);
}

void Inlet::settle(Pending& pending) {
    io_.release_bytes(pending.bytes);
    pending.delivery = nullptr;
    --pending_count_;
    while (!pending_.empty() && pending_.front().delivery == nullptr) {
        pending_.pop_front();
        ++first_number_;
    }
}

// The core never hears of it.
void Inlet::refuse_here(pn_delivery_t* delivery, const Refusal& why) {
    count(io_.counters().refused);
    refuse_delivery(delivery, why);
}

// AMQP 1.0 §3.4.3, §3.4.4. A sender that settled beforehand hears of it by the end of its link.
void Inlet::refuse_delivery(pn_delivery_t* delivery, const Refusal& why) {
    if (pn_delivery_settled(delivery)) {
        const pn_delivery_tag_t tag = pn_delivery_tag(delivery);
        pn_data_t* info = pn_condition_info(pn_link_condition(handle()));
        pn_data_clear(info);
        pn_data_put_map(info);
        pn_data_enter(info);
        pn_data_put_symbol(info, pn_bytes(12, "delivery-tag"));
        pn_data_put_binary(info, pn_bytes(tag.size, tag.start));
        pn_data_exit(info);
        pn_delivery_settle(delivery);
        close_with(symbol(why.condition), why.text);
        return;
    }
    if (why.condition == Condition::unavailable) {
        pn_delivery_update(delivery, PN_RELEASED);
    } else {
        pn_condition_t* error = pn_disposition_condition(pn_delivery_local(delivery));
        pn_condition_set_name(error, std::string(symbol(why.condition)).c_str());
        pn_condition_set_description(error, why.text.c_str());
        pn_delivery_update(delivery, PN_REJECTED);
    }
    pn_delivery_settle(delivery);
    give_back_credit();
}

void Inlet::give_back_credit() {
    --credit_;
    const int full = static_cast<int>(io_.door().options.publisher_credit);
    if (is_stopped_ || is_over() || credit_ > full / 2) return;
    pn_link_flow(handle(), full - credit_);
    credit_ = full;
}

void Inlet::on_gone(Ending /*ending*/) {
    std::uint64_t bytes = 0;
    for (const Pending& pending : pending_)
        if (pending.delivery != nullptr) bytes += pending.bytes;
    pending_.clear();
    pending_count_ = 0;
    forget_pieces();
    io_.release_bytes(bytes);
    io_.add_input(flow::PublisherClosed{.publisher = id()});
}

}  // namespace vera::amqp
