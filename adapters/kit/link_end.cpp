#include "adapters/kit/link_end.hpp"

#include "adapters/kit/wire.hpp"
#include "bus/host/clock.hpp"

#include <utility>

namespace vera::kit {

LinkEnd::LinkEnd(std::shared_ptr<Wire> wire, std::uint32_t link)
    : wire_(std::move(wire)),
      link_(link) {}

LinkEnd& LinkEnd::operator=(LinkEnd&& other) noexcept {
    if (this == &other) return *this;
    detach();
    wire_ = std::move(other.wire_);
    link_ = other.link_;
    is_attached_ = other.is_attached_;
    failure_ = std::move(other.failure_);
    return *this;
}

LinkEnd::~LinkEnd() {
    detach();
}

void LinkEnd::detach() {
    if (wire_) wire_->post(Detach{link_});
    wire_.reset();
}

void LinkEnd::note_failure(Error error) {
    if (!failure_) failure_ = std::move(error);
}

Result<void> LinkEnd::alive() const {
    if (failure_) return fail(failure_->code, failure_->text);
    return {};
}

Result<void> LinkEnd::attached(const std::string& address,
                               Millis timeout,
                               const std::function<void(Millis)>& pump) const {
    const Millis deadline = host::system_clock().boot() + timeout;
    while (!is_attached_ && !failure_) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0})
            return fail(Errc::unavailable,
                        "attaching to '" + address + "': no answer within " + to_text(timeout));
        pump(left);
    }
    return alive();
}

}  // namespace vera::kit
