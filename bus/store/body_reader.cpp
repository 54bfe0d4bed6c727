#include "bus/store/body_reader.hpp"

#include "bus/store/codec.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {
namespace {

const ReadableSegment* find(const ReadableSegments& segments, std::uint32_t number) {
    const auto at =
        std::ranges::lower_bound(segments.segments, number, {}, &ReadableSegment::number);
    return at == segments.segments.end() || at->number != number ? nullptr : &*at;
}

std::uint32_t segment_of(const flow::BodyRef& ref) {
    return static_cast<std::uint32_t>(ref.a >> 32U);
}

/// The segment that has the record now; `ref` then names it there. Null: it is gone.
const ReadableSegment* resolve(const ReadableSegments& readable, flow::BodyRef& ref) {
    for (;;) {
        if (const ReadableSegment* segment = find(readable, segment_of(ref))) return segment;
        const auto moves = readable.moves.find(segment_of(ref));
        if (moves == readable.moves.end()) return nullptr;
        const auto offset = static_cast<std::uint32_t>(ref.a);
        const auto move = std::ranges::lower_bound(*moves->second, offset, {}, &Move::offset);
        if (move == moves->second->end() || move->offset != offset) return nullptr;
        ref = move->to;
    }
}

Failure retired(const flow::BodyRef& ref) {
    return fail(Errc::not_found,
                "the event's segment " + std::to_string(segment_of(ref)) + " is retired");
}

Failure corrupt(const ReadableSegment& segment, std::uint64_t offset, const char* what) {
    return fail(Errc::corrupt, segment.path + " at offset " + std::to_string(offset) + ": " + what);
}

/// The message inside a record that was read whole.
Result<Body> verified(Block block,
                      const ReadableSegment& segment,
                      std::uint64_t offset,
                      std::uint32_t message_offset) {
    const std::string_view record = block.view();
    if (get<std::uint32_t>(record.data() + record::length) != record.size() ||
        get<std::uint64_t>(record.data() + record::checksum) !=
            record_checksum(record, segment.seed, offset))
        return corrupt(segment, offset, "the record's checksum does not hold");
    std::optional<EventView> event;
    if (static_cast<RecordType>(record[record::type]) == RecordType::event) {
        event = decode_event(record);
    } else if (const auto carried = decode_carried(record)) {
        event = carried->event;
    }
    if (!event || event->message_offset != message_offset)
        return corrupt(segment, offset, "the record is not the event that was stored here");
    const auto bytes = static_cast<std::uint32_t>(event->message.size());
    return Body{std::move(block), message_offset, bytes};
}

}  // namespace

void BodyReader::publish(std::vector<ReadableSegment> segments) {
    ReadableSegments next{std::move(segments), segments_.get()->moves};
    std::erase_if(next.moves, [&](const auto& entry) {
        return std::ranges::none_of(*entry.second, [&](const Move& move) {
            return find(next, segment_of(move.to)) != nullptr ||
                   next.moves.contains(segment_of(move.to));
        });
    });
    segments_.set(std::make_shared<const ReadableSegments>(std::move(next)));
}

void BodyReader::publish(std::uint32_t source, Moves moves) {
    ReadableSegments next = *segments_.get();
    std::ranges::sort(moves, {}, &Move::offset);
    next.moves[source] = std::make_shared<const Moves>(std::move(moves));
    segments_.set(std::make_shared<const ReadableSegments>(std::move(next)));
}

Result<Body> BodyReader::fetch(const flow::BodyRef& ref) const {
    return *read(ref, true);
}

std::optional<Result<Body>> BodyReader::fetch_now(const flow::BodyRef& ref) const {
    return read(ref, false);
}

std::optional<Result<Body>> BodyReader::read(flow::BodyRef ref, bool may_wait) const {
    for (;;) {
        const auto readable = segments_.get();
        const ReadableSegment* segment = resolve(*readable, ref);
        if (segment == nullptr || ref.b < event::fixed_bytes) return Result<Body>(retired(ref));

        const std::uint64_t offset = ref.a & 0xffffffffU;
        char* bytes = nullptr;
        Block block = Block::allocate(ref.b, bytes);
        const std::span<char> out(bytes, ref.b);
        std::optional<Result<std::size_t>> got;
        if (may_wait)
            got = segment->file->read(offset, out);
        else
            got = segment->file->read_now(offset, out);
        if (!got) return std::nullopt;
        if (!*got) return Result<Body>(fail(got->error().code, got->error().text));
        Result<Body> body =
            **got == ref.b
                ? verified(std::move(block), *segment, offset, ref.c)
                : Result<Body>(corrupt(*segment, offset, "the file ends inside the record"));
        // A segment that was retired while we read it may hold something else by now; then the
        // record is elsewhere, or gone.
        if (body || find(*segments_.get(), segment->number) != nullptr) return body;
    }
}

}  // namespace vera::store
