#include "bus/amqp/outlet.hpp"

#include "bus/amqp/bare_message.hpp"
#include "bus/amqp/delivery_writer.hpp"
#include "bus/amqp/reshaping.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/amqp/sender_note.hpp"
#include "bus/host/log.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t max_fetching = 16;  // fewer, the larger the bodies are
constexpr std::size_t large_body_bytes = 256U << 10U;
constexpr std::size_t max_hot_waiting = 8;  // waiting copies that keep their body in memory
constexpr std::size_t max_error_bytes = 1024;
constexpr std::string_view protected_address = "protected-address";  // what is withheld
constexpr std::string_view failed_transformation = "transform";      // all but the event's id
constexpr std::size_t most_unsent = 1000;  // copies that may lie here, however large the credit

static_assert(sizeof(void*) >= sizeof(std::uint64_t), "a delivery's context holds a copy's number");

void remember(pn_delivery_t* delivery, CopySeq copy) {
    pn_delivery_set_context(delivery, std::bit_cast<void*>(copy.value));
}
CopySeq remembered(pn_delivery_t* delivery) {
    return CopySeq{std::bit_cast<std::uint64_t>(pn_delivery_get_context(delivery))};
}

Body whole(const Block& block) {
    return {.block = block, .offset = 0, .length = static_cast<std::uint32_t>(block.size())};
}

std::string error_text(pn_disposition_t* disposition) {
    pn_condition_t* error = pn_disposition_condition(disposition);
    if (!pn_condition_is_set(error)) return {};
    std::string text = pn_condition_get_name(error);
    if (const char* description = pn_condition_get_description(error); description != nullptr)
        text.append(": ").append(description);
    if (text.size() > max_error_bytes) text.resize(max_error_bytes);
    return text;
}

}  // namespace

Outlet::Outlet(pn_link_t* handle,
               LinkId id,
               IoThread& io,
               FrameGuard& guard,
               OutputRoom& room,
               const event::Identity& identity,
               const Address& address,
               Mode mode)
    : Link(handle, id, LinkKind::outlet),
      io_(io),
      guard_(guard),
      room_(room),
      queue_(address.queue),
      queue_name_(address.spec->name),
      is_inbox_(address.spec->kind == flow::QueueKind::inbox),
      system_(identity.system),
      right_(address, identity),
      has_dead_letters_(!is_dead_letter(address.queue) &&
                        address.spec->kind != flow::QueueKind::unrouted),
      mode_(mode) {
    if (queue_name_.starts_with("sub/")) subscription_ = queue_name_.substr(4);
    io_.add_input(flow::ConsumerOpened{.consumer = this->id(),
                                       .queue = queue_,
                                       .mode = mode_.consume,
                                       .is_presettled = mode_.is_presettled,
                                       .system = identity.system});
}

void Outlet::on_flow() {
    tell_credit();
    pump();
    return_excess();
}

std::size_t Outlet::credit() const {
    return is_stopped_ ? 0 : static_cast<std::size_t>(std::max(pn_link_credit(handle()), 0));
}

void Outlet::stop() {
    is_stopped_ = true;
    return_excess();
    tell_credit();
}

std::size_t Outlet::pending() const {
    if (is_over() || mode_.consume != flow::ConsumeMode::take) return 0;
    return static_cast<std::size_t>(std::max(pn_link_unsettled(handle()), 0));
}

// received - waiting have been sent, so the peer's credit counts from there (AMQP 1.0 §2.6.7). Of a
// large credit the core hears piece by piece, so that one consumer cannot draw a whole queue into
// this process's memory.
void Outlet::tell_credit() {
    const std::size_t left = credit();
    const bool is_draining = pn_link_get_drain(handle()) && left > 0;
    if (drains_when_empty_ && is_draining) return;
    drains_when_empty_ = false;
    const std::uint64_t limit = received_ - waiting_.size() + std::min(left, most_unsent);
    if (told_draining_ && is_draining && limit >= told_limit_) return;  // one answer at a time
    if (!is_draining && !told_draining_) {
        if (limit == told_limit_) return;
        const bool is_small_step = limit > told_limit_ && limit - told_limit_ < most_unsent / 2;
        if (is_small_step && left > most_unsent) return;
    }
    told_limit_ = limit;
    told_draining_ = is_draining;
    io_.add_input(flow::Credit{.consumer = id(), .limit = limit, .is_draining = is_draining});
}

flow::Settled Outlet::settled(CopySeq copy, flow::ConsumerOutcome outcome) const {
    flow::Settled settled;
    settled.consumer = id();
    settled.copy = copy;
    settled.outcome = outcome;
    return settled;
}

// The peer took credit back: what was not sent yet is others' to have.
void Outlet::return_excess() {
    const std::size_t left = credit();
    if (waiting_.size() <= left || mode_.consume == flow::ConsumeMode::look) return;
    while (waiting_.size() > left) {
        if (waiting_.back().ticket != 0 && !waiting_.back().body) --fetching_;
        io_.add_input(settled(waiting_.back().deliver.copy, flow::ConsumerOutcome::released));
        waiting_.pop_back();
    }
    tell_credit();
}

void Outlet::deliver(flow::Deliver deliver) {
    ++received_;
    if (waiting_.empty() && credit() > 0 && room_.has_room()) {
        std::optional<Result<Body>> body;
        if (deliver.hot)
            body = whole(deliver.hot);
        else
            body = io_.door().engine.fetch_now(deliver.body);
        if (body) {
            send_or_give_up(deliver, *body);
            tell_credit();
            return;
        }
    }
    if (waiting_.size() >= max_hot_waiting) deliver.hot = Block{};
    waiting_.push_back({.deliver = std::move(deliver), .ticket = 0, .body = std::nullopt});
    pump();
    return_excess();
}

void Outlet::pump() {
    room_.set_blocked(is_blocked_, false);
    while (!waiting_.empty() && credit() > 0) {
        if (!room_.has_room()) {
            room_.set_blocked(is_blocked_, true);
            break;
        }
        Waiting& first = waiting_.front();
        if (first.deliver.hot)
            first.body = whole(first.deliver.hot);
        else if (!first.body && first.ticket == 0)
            first.body = io_.door().engine.fetch_now(first.deliver.body);
        if (!first.body) break;
        send_or_give_up(first.deliver, *first.body);
        waiting_.pop_front();
    }
    if (waiting_.empty()) answer_drain();
    tell_credit();
    if (!is_blocked_) start_fetches();
}

// Whatever credit the core has not heard of yet is its to use first. The engine forgets an answer
// that it gets while deliveries wait for the peer's session window; it tells of each that leaves.
void Outlet::answer_drain() {
    if (!drains_when_empty_) return;
    if (!has_used_limit_) {
        if (pn_link_queued(handle()) > 0) return;
        pn_link_drained(handle());
    }
    drains_when_empty_ = false;
}

// Ahead of their turn, so that a backlog on disk is read in parallel. The answers find their place
// by ticket.
void Outlet::start_fetches() {
    const std::size_t ahead =
        std::max<std::size_t>(1, max_fetching / (1 + last_body_bytes_ / large_body_bytes));
    const std::size_t reach = std::min({waiting_.size(), credit(), ahead});
    for (std::size_t i = 0; i < reach; ++i) {
        Waiting& waiting = waiting_[i];
        if (waiting.ticket != 0 || waiting.body || waiting.deliver.hot) continue;
        // One read from the disk brings in what lies behind it. The first one is not there: its
        // answer is what sets the others going.
        if (i != 0) waiting.body = io_.door().engine.fetch_now(waiting.deliver.body);
        if (waiting.body) continue;
        waiting.ticket = ++last_ticket_;
        ++fetching_;
        io_.door().engine.fetch(
            waiting.deliver.body,
            [io = io_.weak_from_this(), consumer = id(), ticket = waiting.ticket](
                Result<Body> body) {
                if (const auto thread = io.lock()) {
                    Work work;
                    work.fetched.push_back(
                        {.consumer = consumer, .ticket = ticket, .body = std::move(body)});
                    thread->put(std::move(work));
                }
            });
    }
}

void Outlet::fetched(std::uint64_t ticket, Result<Body> body) {
    const auto at = std::ranges::find(waiting_, ticket, &Waiting::ticket);
    if (at == waiting_.end()) return;
    --fetching_;
    if (body) last_body_bytes_ = body->length;
    at->body = std::move(body);
    pump();
}

void Outlet::send_or_give_up(const flow::Deliver& deliver, const Result<Body>& body) {
    if (!body) return give_up(deliver, body.error());
    // What lies in memory has been scanned when it came.
    const std::uint64_t note = body->offset == 0 ? body->block.note() : 0;
    const bool is_guarded =
        !right_.holds(io_.snapshot()) && !is_without_addresses(note, io_.snapshot().generation);
    const flow::Outgoing* const outgoing = io_.snapshot().outgoing_of(queue_);
    const Result<Sections> sections = note == 0 || is_guarded || outgoing != nullptr
                                          ? scan(body->view())
                                          : Result<Sections>(sections_of(note, body->view()));
    if (!sections) return give_up(deliver, {Errc::corrupt, sections.error().text});
    Result<std::string> other = std::string{};
    if (is_guarded) other = right_.without(*sections, io_.snapshot(), io_.now());
    if (!other) return give_up(deliver, other.error());
    Other shown{other->empty() ? sections->bare : *other,
                other->empty() ? std::string_view{} : protected_address,
                {},
                {}};
    if (outgoing != nullptr && !reshape(deliver, *outgoing, *sections, *other, shown)) return;
    const std::string_view bare = shown.bare;
    note_reply_to(*sections);
    Stamp stamp{.is_durable = true,
                .is_first_acquirer = deliver.is_first_acquirer,
                .delivery_count = deliver.attempts,
                .ttl_ms = ttl_left(deliver.expiry, io_.now()),
                .subscription = subscription_,
                .sender = {},
                .sender_authority = {},
                .sequence = deliver.event,
                .leaf = deliver.leaf,
                .withheld = shown.withheld,
                .transform = shown.transform,
                .unrouted = {},
                .dead_reason = {},
                .dead_error = {},
                .dead_at = {},
                .dead_queue = {}};
    Sender sender;
    if (is_inbox_) {
        sender = read_sender(*sections);
        stamp.sender = sender.system;
        stamp.sender_authority = sender.authority;
    }
    if (deliver.note) stamp.unrouted = *deliver.note;
    if (deliver.death) {
        stamp.dead_reason = deliver.death->reason;
        stamp.dead_error = deliver.death->error;
        stamp.dead_at = deliver.death->at;
        stamp.dead_queue = queue_name_;
    }
    std::string& head = io_.scratch();
    write_head(*sections, stamp, head);
    const std::uint64_t most = pn_link_remote_max_message_size(handle());
    if (most != 0 && head.size() + bare.size() > most)
        return give_up(deliver,
                       {Errc::too_large,
                        "larger than the consumer's max-message-size of " + std::to_string(most)});
    send(deliver, head, bare);
}

// What the subscription asks for instead of the event as it came. Without protected addresses, if
// the consumer has no right to them: then they are not in what is made of it either. False: it
// failed, and the copy is given up. A dead letter and what is only looked at cannot be: then no
// more goes out than which event it is.
bool Outlet::reshape(const flow::Deliver& deliver,
                     const flow::Outgoing& outgoing,
                     const Sections& sections,
                     const std::string& reduced,
                     Other& shown) {
    Sections left = sections;
    if (!reduced.empty()) {
        const Result<Sections> scanned = scan(reduced);
        if (!scanned) {
            give_up(deliver, {Errc::corrupt, scanned.error().text});
            return false;
        }
        left = *scanned;
    }
    const flow::Shape& shape =
        io_.reshaping().of(outgoing, deliver.event, !reduced.empty(), left, io_.snapshot());
    if (const auto* made = std::get_if<flow::Reshaped>(&shape)) {
        write_reshaped(left, made->body, made->content_type, shown.kept);
        shown.transform = made->mapping;
        shown.bare = shown.kept;
    } else if (const auto* failure = std::get_if<transform::Failure>(&shape)) {
        if (has_dead_letters_ && mode_.consume == flow::ConsumeMode::take) {
            give_up(deliver, {Errc::bad_input, transform::to_text(*failure)});
            return false;
        }
        std::string joined;
        const std::string name = flow::name_alone(
            content_of(left, joined), left.content_type, *io_.snapshot().catalogue);
        write_reshaped(left, name, format::content_type_of(format::Form::protobuf), shown.kept);
        shown.withheld = failed_transformation;
        shown.bare = shown.kept;
    }
    return true;
}

// Whoever takes a message may send to the dynamic node that it wants the answer at, if that was
// given to this queue's consumers. The node hears of it before the consumer can answer.
void Outlet::note_reply_to(const Sections& sections) {
    if (!is_reply_address(sections.reply_to) || mode_.consume != flow::ConsumeMode::take) return;
    const auto node = parse_reply_address(sections.reply_to);
    if (!node || is_inbox_) return;  // an inbox has but one reader, who was allowed at once
    const bool is_plain = queue_name_.starts_with("queue/");
    Work work;
    work.grants.push_back({.node = *node,
                           .via = is_plain
                                      ? Audience{Audience::Kind::queue, main_queue_of(queue_).value}
                                      : Audience{Audience::Kind::subscribers, 0},
                           .system = system_});
    static_cast<void>(io_.put_at(node->owner, std::move(work)));
}

void Outlet::send(const flow::Deliver& deliver, std::string_view head, std::string_view bare) {
    const std::uint64_t tag = next_tag_++;
    pn_delivery_t* delivery =
        pn_delivery(handle(), pn_dtag(reinterpret_cast<const char*>(&tag), sizeof tag));
    pn_link_send(handle(), head.data(), head.size());
    pn_link_send(handle(), bare.data(), bare.size());
    const bool is_presettled = deliver.is_presettled || mode_.consume == flow::ConsumeMode::look;
    if (!is_presettled) remember(delivery, deliver.copy);
    pn_link_advance(handle());
    guard_.delivery_sent(place().channel);
    room_.handed(head.size() + bare.size());
    if (is_presettled) {
        pn_delivery_settle(delivery);
        // On its way: only now the core may let go of it.
        if (mode_.consume == flow::ConsumeMode::take)
            io_.add_input(settled(deliver.copy, flow::ConsumerOutcome::accepted));
    }
    count(io_.counters().deliveries_out);
}

// Never sent. What can never be sent is dead; what could not be read just now is tried again
// later, and so is what no dead-letter queue stands behind.
void Outlet::give_up(const flow::Deliver& deliver, const Error& error) {
    host::log::error("a stored message cannot be delivered",
                     {{"queue", queue_name_},
                      {"event", std::to_string(deliver.event.value)},
                      {"copy", std::to_string(deliver.copy.value)},
                      {"error", error.text}});
    if (mode_.consume != flow::ConsumeMode::take) return;
    flow::Settled outcome = settled(deliver.copy, flow::ConsumerOutcome::failed);
    const bool is_final = error.code == Errc::corrupt || error.code == Errc::too_large ||
                          error.code == Errc::bad_input;
    if (is_final && has_dead_letters_) {
        outcome.outcome = flow::ConsumerOutcome::rejected;
        outcome.reason = error.code == Errc::corrupt     ? "corrupt"
                         : error.code == Errc::bad_input ? "transform"
                                                         : "too-large";
    }
    outcome.error = error.text;
    io_.add_input(std::move(outcome));
}

// The core has taken back what it was told and did not use.
void Outlet::drained() {
    if (!std::exchange(told_draining_, false)) return;
    has_used_limit_ = received_ >= told_limit_;
    told_limit_ = received_;
    drains_when_empty_ = true;
    pump();
}

void Outlet::on_delivery(pn_delivery_t* delivery) {
    const std::uint64_t state = pn_delivery_remote_state(delivery);
    const bool is_settled = pn_delivery_settled(delivery);
    if (!is_settled && (state == 0 || state == PN_RECEIVED)) {  // not an outcome (§3.4.1)
        pn_delivery_clear(delivery);
        return;
    }
    const CopySeq copy = remembered(delivery);
    if (!copy) {
        if (is_settled) {
            std::erase_if(awaiting_durable_,
                          [&](const auto& entry) { return entry.second == delivery; });
            pn_delivery_settle(delivery);
        }
        return;
    }
    report(delivery, copy, is_settled);
}

void Outlet::report(pn_delivery_t* delivery, CopySeq copy, bool is_settled) {
    pn_disposition_t* remote = pn_delivery_remote(delivery);
    flow::Settled outcome = settled(copy, flow::ConsumerOutcome::released);
    switch (pn_delivery_remote_state(delivery)) {
        case PN_ACCEPTED:
            outcome.outcome = flow::ConsumerOutcome::accepted;
            break;
        case PN_REJECTED:
            outcome.outcome = flow::ConsumerOutcome::rejected;
            outcome.reason = "rejected";
            outcome.error = error_text(remote);
            break;
        case PN_MODIFIED:
            if (pn_disposition_is_undeliverable(remote)) {
                outcome.outcome = flow::ConsumerOutcome::rejected;
                outcome.reason = "undeliverable";
            } else if (pn_disposition_is_failed(remote)) {
                outcome.outcome = flow::ConsumerOutcome::failed;
            }
            break;
        default:  // released, or settled without an outcome: back, nothing is known to have failed
            break;
    }
    remember(delivery, CopySeq{});
    outcome.wants_durable = !is_settled && mode_.settles_second;
    if (outcome.wants_durable) {
        awaiting_durable_.emplace(copy, delivery);
        pn_delivery_clear(delivery);
    } else {
        pn_delivery_settle(delivery);
    }
    io_.add_input(std::move(outcome));
}

void Outlet::settle_durable(CopySeq copy) {
    const auto at = awaiting_durable_.find(copy);
    if (at == awaiting_durable_.end()) return;
    pn_delivery_settle(at->second);
    awaiting_durable_.erase(at);
}

void Outlet::on_gone(Ending ending) {
    // What was never sent has not failed.
    if (mode_.consume == flow::ConsumeMode::take)
        for (const Waiting& waiting : waiting_)
            io_.add_input(settled(waiting.deliver.copy, flow::ConsumerOutcome::released));
    room_.set_blocked(is_blocked_, false);
    waiting_.clear();
    awaiting_durable_.clear();
    if (ending == Ending::lost && mode_.consume == flow::ConsumeMode::take)
        io_.part_with(id(), received_);
    else
        io_.add_input(flow::ConsumerClosed{.consumer = id(), .counts_as_failure = false});
}

}  // namespace vera::amqp
