#include "bus/amqp/reshaping.hpp"

#include "bus/amqp/bare_message.hpp"

#include <algorithm>

namespace vera::amqp {

const flow::Shape& Reshaping::of(const flow::Outgoing& outgoing,
                                 EventSeq event,
                                 bool is_reduced,
                                 const Sections& sections,
                                 const flow::Snapshot& snapshot) {
    const auto known = std::ranges::find_if(made_, [&](const Made& one) {
        return one.outgoing == &outgoing && one.event == event &&
               one.generation == snapshot.generation && one.is_reduced == is_reduced;
    });
    if (known != made_.end()) return known->shape;
    std::string joined;
    const std::string_view content = content_of(sections, joined);
    ++evaluations_;
    Made& made = made_[next_++ % made_.size()];
    made = {
        &outgoing,
        snapshot.generation,
        event,
        is_reduced,
        flow::reshape(outgoing, content, sections.content_type, *snapshot.catalogue, transformer_)};
    return made.shape;
}

}  // namespace vera::amqp
