#include "bus/amqp/delivery_writer.hpp"

#include "bus/amqp/amqp_codec.hpp"
#include "bus/amqp/reply_address.hpp"

#include <algorithm>
#include <limits>

namespace vera::amqp {

namespace {

constexpr std::string_view own_prefix = "x-opt-vera-";
constexpr std::string_view deaths_key = "x-opt-deaths";
constexpr std::uint8_t usual_priority = 4;
constexpr std::uint64_t place_mask = 0xFFFFFFFFU;  // of a note: a block has no more bytes

void put_constructor(std::string& out, Byte constructor) {
    out.push_back(static_cast<char>(constructor));
}

void put_uint(std::string& out, std::uint32_t value) {
    if (value < 256) {
        put_constructor(out, value == 0 ? code::uint0 : code::smalluint);
        if (value != 0) put_constructor(out, static_cast<Byte>(value));
    } else {
        put_constructor(out, code::uint);
        put32(out, value);
    }
}

void put_ulong(std::string& out, std::uint64_t value) {
    if (value < 256) {
        put_constructor(out, value == 0 ? code::ulong0 : code::smallulong);
        if (value != 0) put_constructor(out, static_cast<Byte>(value));
    } else {
        put_constructor(out, code::ulong);
        put64(out, value);
    }
}

void put_time(std::string& out, Timestamp time) {
    put_constructor(out, code::timestamp);
    put64(out, static_cast<std::uint64_t>(time.ms));
}

void set32(std::string& out, std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        out[at + i] = static_cast<char>(value >> (24U - 8U * i));
}

// A compound with 4-byte size and count, filled in when it ends.
class Open32 {
public:
    Open32(std::string& out, Byte constructor) : out_(out) {
        put_constructor(out, constructor);
        at_ = out.size();
        put64(out, 0);
    }
    void end(std::uint32_t count) {
        set32(out_, at_, out_.size() - at_ - 4);
        set32(out_, at_ + 4, count);
    }

private:
    std::string& out_;
    std::size_t at_;
};

void put_header(const Sections& sections, const Stamp& stamp, std::string& out) {
    out.append("\x00\x53\x70\xc0", 4);
    const std::size_t at = out.size();
    out.append("\x00\x05", 2);  // size (below), five fields
    put_constructor(out, stamp.is_durable ? code::yes : code::no);
    if (sections.priority == usual_priority) {
        put_constructor(out, code::null);
    } else {
        put_constructor(out, code::ubyte);
        put_constructor(out, sections.priority);
    }
    if (stamp.ttl_ms == 0) {
        put_constructor(out, code::null);
    } else {
        put_uint(out, stamp.ttl_ms);
    }
    put_constructor(out, stamp.is_first_acquirer ? code::yes : code::no);
    put_uint(out, stamp.delivery_count);
    out[at] = static_cast<char>(out.size() - at - 1);
}

// The publisher's message-annotations, byte for byte, but for the keys that only the bus may set.
// Returns the number of items written.
std::uint32_t put_kept(std::string_view section, bool has_own_deaths, std::string& out) {
    if (section.empty()) return 0;
    Cursor cursor(section);
    Walker walker(64, UINT32_MAX);  // scan() has bounded it
    ++cursor.at;
    if (!walker.value(cursor) || cursor.empty()) return 0;
    const Byte constructor = *cursor.at++;
    Compound pairs;
    if (!read_compound(cursor, constructor, pairs)) return 0;
    std::uint32_t items = 0;
    for (std::uint32_t i = 0; i + 1 < pairs.count; i += 2) {
        const Byte* pair = pairs.items.at;
        if (pairs.items.empty()) break;
        std::string_view key;
        const bool is_wide = *pair == code::sym32;
        if (is_wide || *pair == code::sym8) {
            Cursor inside(pair + 1, pairs.items.end);
            if (!read_variable(inside, is_wide, key)) break;
        }
        if (!walker.value(pairs.items) || !walker.value(pairs.items)) break;
        if (key.starts_with(own_prefix) || (has_own_deaths && key == deaths_key)) continue;
        out.append(view_of(pair, pairs.items.at));
        items += 2;
    }
    return items;
}

// x-opt-deaths as RabbitMQ writes it: an array of maps with symbol keys, newest first; here always
// one.
void put_deaths(const Stamp& stamp, std::string& out) {
    put_variable(out, code::sym8, deaths_key);
    Open32 array(out, code::array32);
    put_constructor(out, code::map32);
    const std::size_t map = out.size();
    put64(out, 0);
    const auto key = [&](std::string_view name) { put_variable(out, code::sym8, name); };
    key("queue");
    put_variable(out, code::str8, stamp.dead_queue);
    key("reason");
    put_variable(out, code::sym8, stamp.dead_reason);
    key("count");
    put_ulong(out, 1);
    key("first-time");
    put_time(out, stamp.dead_at);
    key("last-time");
    put_time(out, stamp.dead_at);
    key("exchange");
    put_variable(out, code::str8, "");
    key("routing-keys");
    const std::size_t rest = stamp.dead_queue.size();
    Open32 keys(out, code::array32);
    put_constructor(out, code::str32);
    put32(out, static_cast<std::uint32_t>(rest));
    out.append(stamp.dead_queue);
    keys.end(1);
    set32(out, map, out.size() - map - 4);
    set32(out, map + 4, 14);
    array.end(1);
}

std::uint32_t put_own(const Stamp& stamp, std::string& out) {
    std::uint32_t items = 0;
    const auto key = [&](std::string_view name) {
        put_variable(out, code::sym8, name);
        items += 2;
    };
    const auto text = [&](std::string_view name, std::string_view value) {
        key(name);
        put_variable(out, code::str8, value);
    };
    if (!stamp.subscription.empty()) text("x-opt-vera-subscription", stamp.subscription);
    if (!stamp.sender.empty()) text("x-opt-vera-sender", stamp.sender);
    if (!stamp.sender_authority.empty())
        text("x-opt-vera-sender-authority", stamp.sender_authority);
    if (stamp.sequence) {
        key("x-opt-vera-sequence");
        put_ulong(out, stamp.sequence.value);
    }
    if (stamp.leaf) {
        key("x-opt-vera-leaf");
        put_ulong(out, stamp.leaf.value);
    }
    if (!stamp.withheld.empty()) text("x-opt-vera-withheld", stamp.withheld);
    if (!stamp.transform.empty()) text("x-opt-vera-transform", stamp.transform);
    if (!stamp.unrouted.empty()) text("x-opt-vera-unrouted", stamp.unrouted);
    if (!stamp.dead_reason.empty()) {
        text("x-opt-vera-dead-reason", stamp.dead_reason);
        text("x-opt-vera-dead-error", stamp.dead_error);
        key("x-opt-vera-dead-at");
        put_time(out, stamp.dead_at);
        key("x-opt-vera-dead-attempts");
        put_uint(out, stamp.delivery_count);
        items += 2;
        put_deaths(stamp, out);
    }
    return items;
}

}  // namespace

std::uint32_t ttl_left(Timestamp expiry, Timestamp now) {
    if (!expiry) return 0;
    if (expiry <= now) return 1;
    // Unsigned: a publisher may name any time at all.
    const std::uint64_t left =
        static_cast<std::uint64_t>(expiry.ms) - static_cast<std::uint64_t>(now.ms);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(left, std::numeric_limits<std::uint32_t>::max()));
}

void write_head(const Sections& sections, const Stamp& stamp, std::string& out) {
    put_header(sections, stamp, out);
    const std::size_t before = out.size();
    out.append("\x00\x53\x72", 3);
    Open32 map(out, code::map32);
    std::uint32_t items = put_own(stamp, out);
    items += put_kept(sections.message_annotations, !stamp.dead_reason.empty(), out);
    map.end(items);
    if (items == 0) out.resize(before);
}

std::uint64_t note_of(const Sections& sections, std::string_view message) {
    if (sections.bare.empty() || !sections.message_annotations.empty() ||
        sections.priority != usual_priority || is_reply_address(sections.reply_to))
        return 0;
    // The bare message is the last of it: where it begins says all.
    return static_cast<std::uint64_t>(sections.bare.data() - message.data()) + 1;
}

std::uint64_t note_without_addresses(std::uint64_t note, Generation generation) {
    return note == 0 ? 0 : (note & place_mask) | generation.value << 32U;
}

bool is_without_addresses(std::uint64_t note, Generation generation) {
    return note >> 32U != 0 && note >> 32U == (generation.value & place_mask);
}

Sections sections_of(std::uint64_t note, std::string_view message) {
    Sections sections;
    sections.bare = message.substr(static_cast<std::size_t>((note & place_mask) - 1));
    return sections;
}

}  // namespace vera::amqp
