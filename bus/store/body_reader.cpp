#include "bus/store/body_reader.hpp"

#include "bus/store/codec.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {
namespace {

const ReadableSegment* find(const ReadableSegments& segments, std::uint32_t number) {
    const auto at = std::ranges::lower_bound(segments, number, {}, &ReadableSegment::number);
    return at == segments.end() || at->number != number ? nullptr : &*at;
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
    const auto event = decode_event(record);
    if (!event || event->message_offset != message_offset)
        return corrupt(segment, offset, "the record is not the event that was stored here");
    const auto bytes = static_cast<std::uint32_t>(event->message.size());
    return Body{std::move(block), message_offset, bytes};
}

}  // namespace

void BodyReader::publish(ReadableSegments segments) {
    segments_.set(std::make_shared<const ReadableSegments>(std::move(segments)));
}

Result<Body> BodyReader::fetch(const flow::BodyRef& ref) const {
    return *read(ref, true);
}

std::optional<Result<Body>> BodyReader::fetch_now(const flow::BodyRef& ref) const {
    return read(ref, false);
}

std::optional<Result<Body>> BodyReader::read(const flow::BodyRef& ref, bool may_wait) const {
    const auto number = static_cast<std::uint32_t>(ref.a >> 32U);
    const std::uint64_t offset = ref.a & 0xffffffffU;
    const auto segments = segments_.get();
    const ReadableSegment* segment = find(*segments, number);
    if (segment == nullptr || ref.b < event::fixed_bytes)
        return Result<Body>(
            fail(Errc::not_found, "the event's segment " + std::to_string(number) + " is retired"));

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
    if (**got != ref.b)
        return Result<Body>(corrupt(*segment, offset, "the file ends inside the record"));
    Result<Body> body = verified(std::move(block), *segment, offset, ref.c);
    // A segment that was retired while we read it may hold something else by now.
    if (!body && find(*segments_.get(), number) == nullptr)
        return Result<Body>(
            fail(Errc::not_found, "the event's segment " + std::to_string(number) + " is retired"));
    return body;
}

}  // namespace vera::store
