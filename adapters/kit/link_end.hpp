#pragma once
// Our end of one link: what Publisher and Subscriber have in common. Inside the kit only.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace vera::kit {

class Wire;

/// Used by one thread at a time. Destruction detaches the link. After a move the source is empty.
class LinkEnd {
public:
    LinkEnd(std::shared_ptr<Wire> wire, std::uint32_t link);
    LinkEnd(LinkEnd&&) noexcept = default;
    LinkEnd& operator=(LinkEnd&& other) noexcept;
    LinkEnd(const LinkEnd&) = delete;
    LinkEnd& operator=(const LinkEnd&) = delete;
    ~LinkEnd();

    /// The peer has attached the link.
    void note_attached() { is_attached_ = true; }
    /// The link is gone for good; the first error counts.
    void note_failure(Error error);

    /// Fails once the link is gone for good.
    [[nodiscard]] Result<void> alive() const;
    /// Calls `pump` with the time left until the peer has attached. Errc::unavailable: no answer
    /// within `timeout`; or the failure.
    [[nodiscard]] Result<void> attached(const std::string& address,
                                        Millis timeout,
                                        const std::function<void(Millis)>& pump) const;

    [[nodiscard]] bool has_failed() const { return failure_.has_value(); }
    [[nodiscard]] Wire& wire() const { return *wire_; }
    [[nodiscard]] std::uint32_t number() const { return link_; }

private:
    void detach();

    std::shared_ptr<Wire> wire_;
    std::uint32_t link_ = 0;
    bool is_attached_ = false;
    std::optional<Error> failure_;
};

}  // namespace vera::kit
