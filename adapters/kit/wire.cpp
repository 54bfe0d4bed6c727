#include "adapters/kit/wire.hpp"

#include "adapters/kit/proton/driver.hpp"

#include <exception>
#include <utility>

namespace vera::kit {

Wire::Wire() = default;
Wire::~Wire() = default;

Result<std::shared_ptr<Wire>> Wire::open(ConnectOptions options) {
    try {
        // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private
        std::shared_ptr<Wire> wire(new Wire());
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
