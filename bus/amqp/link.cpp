#include "bus/amqp/link.hpp"

#include <proton/condition.h>
#include <proton/connection.h>

#include <array>

namespace vera::amqp {

void Link::close_with(std::string_view condition, const std::string& text) {
    if ((pn_link_state(handle_) & PN_LOCAL_CLOSED) != 0) return;
    pn_condition_t* error = pn_link_condition(handle_);
    pn_condition_set_name(error, std::string(condition).c_str());
    pn_condition_set_description(error, text.c_str());
    end(Ending::orderly);
    pn_link_close(handle_);
}

void discard(pn_delivery_t* delivery) {
    pn_link_t* link = pn_delivery_link(delivery);
    if (!pn_link_is_receiver(link)) {
        if (pn_delivery_settled(delivery)) pn_delivery_settle(delivery);
        return;
    }
    if (pn_link_current(link) == delivery) {
        std::array<char, 4096> sink{};
        while (pn_delivery_pending(delivery) > 0)
            if (pn_link_recv(link, sink.data(), sink.size()) <= 0) break;
        if (pn_delivery_partial(delivery) && !pn_delivery_aborted(delivery)) return;
    }
    pn_delivery_settle(delivery);
}

}  // namespace vera::amqp
