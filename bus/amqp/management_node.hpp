#pragma once
// The link to `$management` (AMQP Management WD11, request and reply): a request comes on a link
// whose target is `$management`, its reply leaves on the same connection's ReplyOutlet that the
// reply-to names, by its target address or by its dynamic source address. What a request does is
// the Manage callback's. Private to this room.
#include "bus/amqp/front_door.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/section_scanner.hpp"

#include <cstdint>
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

}  // namespace vera::amqp
