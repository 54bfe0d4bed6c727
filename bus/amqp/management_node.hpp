#pragma once
// The ends of links to and from `$management` (AMQP Management WD11, request and reply): a request
// comes on a link whose target is
// `$management`, its reply leaves on the same connection's receiving link that the reply-to names,
// by its target address or by its dynamic source address. What a request does is the Manage
// callback's. Private to this room.
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/front_door.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/outlet.hpp"
#include "bus/amqp/section_scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace vera::amqp {

class LinkTable;

/// The body and properties of a request. Errc::bad_input names what is wrong.
[[nodiscard]] Result<ManagementRequest> read_request(
    const Sections& sections, std::shared_ptr<const event::Identity> identity);
/// The encoded reply; `correlation` is an encoded AMQP value or empty.
[[nodiscard]] Result<std::string> write_reply(const ManagementReply& reply,
                                              std::string_view correlation,
                                              std::string_view to);

/// The peer sends requests here.
class ManagementRequests final : public Link {
public:
    static constexpr int credit = 16;
    static constexpr std::uint64_t max_request_bytes = 1U << 20U;

    ManagementRequests(pn_link_t* handle,
                       LinkId id,
                       IoThread& io,
                       LinkTable& links,
                       std::shared_ptr<const event::Identity> identity);
    void on_delivery(pn_delivery_t* delivery) override;
    void on_gone(Ending /*ending*/) override {}
    /// Its reply was handed to the engine, or never will be: the next request may come.
    void answered();

private:
    void reject(pn_delivery_t* delivery, std::string_view condition, const std::string& text);
    void ask(const Sections& sections, ManagementRequest request);

    IoThread& io_;
    LinkTable& links_;
    std::shared_ptr<const event::Identity> identity_;
};

/// The peer receives replies here.
class ManagementReplies final : public Link {
public:
    ManagementReplies(pn_link_t* handle,
                      LinkId id,
                      LinkTable& links,
                      FrameGuard& guard,
                      OutputRoom& room,
                      std::string source,
                      std::string target);
    ~ManagementReplies() override { room_.set_blocked(is_blocked_, false); }
    [[nodiscard]] bool answers_to(std::string_view reply_to) const;
    /// Sent when there is credit and room; `request` hears of it then. false: too many wait, it is
    /// dropped.
    [[nodiscard]] bool send(LinkId request, std::string message);
    void on_flow() override { pump(); }
    void on_room() override { pump(); }
    void on_delivery(pn_delivery_t* delivery) override;
    void on_gone(Ending ending) override;

private:
    struct Waiting {
        LinkId request;
        std::string message;
    };
    void pump();

    LinkTable& links_;
    FrameGuard& guard_;
    OutputRoom& room_;
    std::string source_;
    std::string target_;
    std::deque<Waiting> waiting_;
    bool is_blocked_ = false;
    std::uint64_t next_tag_ = 1;
};

}  // namespace vera::amqp
