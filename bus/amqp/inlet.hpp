#pragma once
// A publisher's link: deliveries in, admitted on the I/O thread, their outcomes back out. Private
// to this room.
#include "bus/amqp/addresses.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/reply_nodes.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/refusal.hpp"
#include "bus/event/raw_event.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace vera::amqp {

/// Fills what the flow reads from a scanned message; `message` must be the block that `sections`
/// point into. `is_event`: also what only events need, their body in one piece and the CloudEvents
/// attributes.
void fill_raw_event(const Sections& sections, bool is_event, event::RawEvent& raw);

class Inlet final : public Link {
public:
    /// `address.use` is anything but management; `nodes` are the connection's.
    Inlet(pn_link_t* handle,
          LinkId id,
          IoThread& io,
          ReplyNodes& nodes,
          std::shared_ptr<const event::Identity> identity,
          const Address& address);

    /// After the attach has been answered.
    void give_first_credit();
    void on_delivery(pn_delivery_t* delivery) override;
    void on_gone(Ending ending) override;
    void on_foreign_format() override { is_foreign_ = true; }

    /// Outcomes from the core; a number that is not awaited is ignored.
    void accept(std::uint64_t number);
    void refuse(std::uint64_t number, const Refusal& why);

    /// Deliveries that the core has not answered yet.
    [[nodiscard]] std::size_t pending() const { return pending_count_; }
    /// Gives no more credit: the door closes.
    void stop_credit() { is_stopped_ = true; }
    /// What a publisher may send here, whole message.
    [[nodiscard]] static std::uint64_t size_limit(const flow::Snapshot& snapshot, AddressUse use);

private:
    struct Pending {
        pn_delivery_t* delivery = nullptr;  // null: answered
        std::uint32_t bytes = 0;
    };
    void take(pn_delivery_t* delivery, std::size_t size);
    void keep_piece(pn_delivery_t* delivery);
    void forget_pieces();
    [[nodiscard]] Block put_together(std::size_t size);
    void route(pn_delivery_t* delivery, Block message, const Sections& sections);
    void publish(pn_delivery_t* delivery,
                 Block message,
                 const Sections& sections,
                 const Address& to);
    void send_to_node(pn_delivery_t* delivery,
                      Block message,
                      const Sections& sections,
                      const ReplyAddress& node);
    void note_reply_to(const Sections& sections, const Address& to);
    [[nodiscard]] std::variant<Address, Refusal> destination(const Sections& sections);
    void await(pn_delivery_t* delivery, std::size_t size);
    bool is_target_alive();
    Pending* find(std::uint64_t number);
    void settle(Pending& pending);
    void refuse_here(pn_delivery_t* delivery, const Refusal& why);
    void refuse_delivery(pn_delivery_t* delivery, const Refusal& why);
    void give_back_credit();

    IoThread& io_;
    ReplyNodes& nodes_;
    std::shared_ptr<const event::Identity> identity_;
    AddressUse use_;
    QueueId queue_;
    ReplyAddress node_;
    Generation checked_;           // generation in which the target was last seen
    std::deque<Pending> pending_;  // the first one has number first_number_
    std::uint64_t first_number_ = 0;
    std::size_t pending_count_ = 0;
    int credit_;                 // as given to the peer and not yet returned by settlement
    std::vector<Block> pieces_;  // of the current delivery, if it is large and not whole yet
    std::size_t piece_bytes_ = 0;
    bool is_oversize_ = false;  // the current delivery is too large: its bytes are dropped
    bool is_foreign_ = false;   // the current delivery has a message-format other than 0
    bool is_stopped_ = false;
};

}  // namespace vera::amqp
