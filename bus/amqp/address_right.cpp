#include "bus/amqp/address_right.hpp"

#include "bus/amqp/bare_message.hpp"

#include <algorithm>

namespace vera::amqp {

AddressRight::AddressRight(const Address& from, const event::Identity& who)
    : queue_(main_queue_of(from.queue)),
      kind_(from.spec->kind),
      system_(who.system),
      is_anonymous_(who.mechanism == "ANONYMOUS") {}

bool AddressRight::holds(const flow::Snapshot& snapshot) {
    if (kind_ == flow::QueueKind::plain) return true;
    if (looked_up_ == snapshot.generation) return has_right_;
    looked_up_ = snapshot.generation;
    has_right_ = !is_anonymous_ &&
                 std::ranges::binary_search(snapshot.systems_with_protected_addresses, system_) &&
                 (kind_ != flow::QueueKind::subscription ||
                  std::ranges::binary_search(snapshot.queues_with_protected_addresses, queue_));
    return has_right_;
}

Result<std::string> AddressRight::without(const Sections& sections,
                                          const flow::Snapshot& snapshot,
                                          Timestamp now) const {
    std::string joined;
    std::string bare;
    const std::string_view content = content_of(sections, joined);
    const event::Catalogue& catalogue = *snapshot.catalogue;
    if (!catalogue.may_hold_protected_address(content, sections.content_type)) return bare;
    const auto rest = catalogue.without_protected_addresses(content, sections.content_type, now);
    // In an inbox there may be anything; what is no kuvert is none of this.
    if (!rest && kind_ == flow::QueueKind::inbox) return bare;
    if (!rest)
        return fail(Errc::corrupt,
                    "whether it holds a protected address cannot be told: " + rest.error().text);
    if (*rest) write_bare(sections, **rest, bare);
    return bare;
}

}  // namespace vera::amqp
