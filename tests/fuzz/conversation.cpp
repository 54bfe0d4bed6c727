#include "tests/fuzz/conversation.hpp"

#include "tests/unit/amqp/wire.hpp"

namespace vera::fuzz {

using namespace vera::wire;

namespace {

constexpr std::size_t most_bytes = 1U << 20U;

}  // namespace

std::string Conversation::make() {
    greet();
    while (!choices_.is_over() && out_.size() < most_bytes)
        step();
    return std::move(out_);
}

void Conversation::greet() {
    const auto kind = choices_.below(32);
    out_ += sasl_header;
    if (kind == 0) {
        out_ += sasl_init("PLAIN", "\0user\0secret"sv);
    } else if (kind == 1) {
        out_ += sasl_init("PLAIN") + sasl_response("\0user\0secret"sv);
    } else if (kind == 2) {
        out_ += sasl_init("PLAIN", "\0user\0wrong"sv);
    } else if (kind == 3) {
        send(0x41, {sym("ANONYMOUS"), weird(), weird()}, 0);
        out_.back() = static_cast<char>(choices_.byte());
    } else {
        out_ += sasl_init("ANONYMOUS");
    }
    out_ += amqp_header;
    if (!choices_.once_in(64)) open();
}

void Conversation::step() {
    const unsigned channel = choices_.below(8) < 6 ? 0 : choices_.below(4);
    const unsigned handle = choices_.below(4);
    if (is_closed_ && !choices_.once_in(16)) return;
    // Now and then what is not there is used, or what is there is made again.
    const bool is_wrong = choices_.once_in(200);
    Session& session = sessions_[channel];
    if (!session.is_begun && !is_wrong) return begin(channel);
    Link& link = session.links[handle];
    if (!link.is_attached && !is_wrong) return attach(channel, handle);
    const auto action = choices_.below(64);
    if (action < 30)
        return link.is_sender || is_wrong ? transfer(channel, handle) : flow(channel, handle);
    if (action < 36) return flow(channel, handle);
    if (action < 50) return disposition(channel);
    if (action < 54) return detach(channel, handle);
    if (action < 55) return end(channel);
    if (action < 56) return out_.append(frame("")), void();
    if (action < 57) return choices_.once_in(4) ? close() : void();
    if (is_wrong) return action < 60 ? open() : begin(channel);
    if (action < 58) return link.is_sender ? void() : flow(channel, handle);
    if (!choices_.once_in(24)) return;
    noise();
}

void Conversation::open() {
    Fields fields = {str("client")};
    if (choices_.once_in(4)) {
        fields = {str("client"),
                  optional(str("host")),
                  optional(u32(512 + choices_.any32() / 2)),
                  optional(u16(choices_.byte())),
                  optional(u32(60000)),
                  optional(sym("en")),
                  optional(array(0xa3, {"\2en"s})),
                  optional(sym("a")),
                  optional(sym("b")),
                  optional(annotations())};
    }
    send(0x10, fields, 0);
    is_open_ = true;
}

void Conversation::begin(unsigned channel) {
    Fields fields = {
        null, encode32(choices_.once_in(4) ? choices_.any32() : 0), u32(2048), u32(2048)};
    if (choices_.once_in(8)) fields[2] = encode32(choices_.any32() & 0x7fffffffU);
    if (choices_.once_in(4)) {
        fields.push_back(encode32(choices_.any32()));
        fields.push_back(optional(sym("c")));
    }
    if (choices_.once_in(100)) fields[0] = u16(choices_.below(4));
    send(0x11, fields, channel);
    sessions_[channel] = Session{};
    sessions_[channel].is_begun = true;
    sessions_[channel].next_id = choices_.once_in(8) ? choices_.any32() : 0;
}

void Conversation::attach(unsigned channel, unsigned handle) {
    Link& link = sessions_[channel].links[handle];
    link = Link{};
    link.is_attached = true;
    link.is_sender = choices_.below(2) == 0;
    link.delivery_count = choices_.once_in(8) ? choices_.any32() : 0;
    const auto name =
        "l"s + static_cast<char>('0' + (choices_.once_in(64) ? choices_.below(4) : handle));
    Fields fields = {str(name),
                     encode32(handle),
                     link.is_sender ? no : yes,
                     choices_.once_in(4) ? u8(choices_.below(3)) : null,
                     choices_.once_in(4) ? u8(choices_.below(2)) : null,
                     source(),
                     target(),
                     choices_.once_in(16) ? map({bin("t"), state()}) : null,
                     optional(no),
                     link.is_sender || choices_.once_in(4) ? encode32(link.delivery_count) : null};
    if (choices_.once_in(8)) {
        fields.push_back(optional(u64(choices_.any32())));
        fields.push_back(optional(array(0xa3, {"\1x"s, "\2yz"s})));
        fields.push_back(optional(sym("q")));
        fields.push_back(optional(annotations()));
    }
    send(0x12, fields, channel);
}

void Conversation::transfer(unsigned channel, unsigned handle) {
    Session& session = sessions_[channel];
    Link& link = session.links[handle];
    const bool is_first = !link.is_unfinished;
    if (is_first) {
        link.delivery_id = session.next_id++;
        link.tag = std::string(choices_.below(choices_.once_in(32) ? 34 : 9), 't');
        ++link.delivery_count;
    }
    const bool more = choices_.below(4) == 0;
    const bool aborted = !is_first && choices_.once_in(8);
    Fields fields = {encode32(handle),
                     is_first || choices_.below(2) == 0 ? encode32(link.delivery_id) : null,
                     is_first || choices_.below(2) == 0 ? bin(link.tag) : null,
                     optional(u32(choices_.once_in(16) ? choices_.any32() : 0)),
                     choices_.below(4) == 0 ? yes
                     : is_first             ? no
                                            : null,
                     more ? yes : optional(no),
                     choices_.once_in(16) ? u8(choices_.below(2)) : null,
                     choices_.once_in(200) ? state() : null,
                     choices_.once_in(200) ? yes : null,
                     aborted ? yes : null};
    link.is_unfinished = more && !aborted;
    std::string payload =
        choices_.below(8) == 0 ? std::string{} : described(0x75, {bin("payload")});
    if (choices_.once_in(32)) payload.append(choices_.byte() * 64U, 'x');
    send(0x14, fields, channel, payload);
}

void Conversation::flow(unsigned channel, unsigned handle) {
    const Link& link = sessions_[channel].links[handle];
    Fields fields = {optional(encode32(choices_.below(8) == 0 ? choices_.any32() : 0)),
                     u32(2048),
                     u32(0),
                     u32(2048)};
    if (choices_.once_in(8)) fields[1] = encode32(choices_.any32() & 0x7fffffffU);
    if (choices_.once_in(8)) fields[2] = encode32(choices_.any32());
    if (!choices_.once_in(8)) {
        const std::uint32_t count =
            link.delivery_count + (choices_.once_in(8) ? choices_.any32() : 0);
        fields.push_back(encode32(handle));
        fields.push_back(link.is_sender
                             ? encode32(count)
                             : optional(encode32(choices_.once_in(4) ? choices_.any32() : 0)));
        fields.push_back(
            encode32(choices_.once_in(4) ? choices_.any32() & 0x7fffffffU : choices_.below(32)));
        fields.push_back(optional(u32(choices_.byte())));
        fields.push_back(choices_.once_in(4) ? yes : no);
        fields.push_back(choices_.once_in(4) ? yes : no);
        if (choices_.once_in(16)) fields.push_back(annotations());
    }
    send(0x13, fields, channel);
}

void Conversation::disposition(unsigned channel) {
    const bool is_receiver = choices_.below(4) != 0;
    const std::uint32_t first = choices_.once_in(8) ? choices_.any32() : choices_.below(12);
    const std::uint32_t last =
        first + (choices_.once_in(16) ? choices_.any32() & 0x7fffffffU : choices_.below(8));
    Fields fields = {is_receiver ? yes : no,
                     encode32(first),
                     choices_.below(4) == 0 ? null : encode32(last),
                     choices_.below(3) == 0 ? no : yes,
                     choices_.below(8) == 0 ? null : state()};
    if (choices_.once_in(8)) fields.push_back(yes);
    send(0x15, fields, channel);
}

void Conversation::detach(unsigned channel, unsigned handle) {
    Fields fields = {encode32(handle), choices_.below(4) == 0 ? no : yes};
    if (choices_.once_in(4)) fields.push_back(error());
    send(0x16, fields, channel);
    sessions_[channel].links[handle] = Link{};
}

void Conversation::end(unsigned channel) {
    send(0x17, choices_.once_in(4) ? Fields{error()} : Fields{}, channel);
    sessions_[channel] = Session{};
}

void Conversation::close() {
    send(0x18, choices_.once_in(4) ? Fields{error()} : Fields{}, 0);
    is_closed_ = true;
}

void Conversation::noise() {
    std::string body;
    for (auto n = choices_.below(24); n > 0; --n)
        body.push_back(static_cast<char>(choices_.byte()));
    out_ += choices_.below(2) == 0 ? frame(body, choices_.below(4), choices_.below(3)) : body;
}

void Conversation::send(std::uint64_t descriptor,
                        Fields fields,
                        unsigned channel,
                        const std::string& payload) {
    if (choices_.once_in(120)) mutate(fields);
    const auto count = fields.size();
    std::string items;
    for (const auto& field : fields)
        items += field;
    std::string body =
        choices_.once_in(16) ? "\0\x80"s + be(descriptor, 8) : "\0\x53"s + be(descriptor, 1);
    if (items.empty() && choices_.below(2) == 0) {
        body += "\x45";
    } else if (choices_.once_in(8)) {
        body += "\xd0" + be(items.size() + 4, 4) + be(count, 4) + items;
    } else {
        body += compound(amqp::code::list8, items, count);
    }
    body += payload;
    std::string whole = frame(body, channel, descriptor >= 0x40 ? 1 : 0);
    if (choices_.once_in(250))
        whole[choices_.number32() % whole.size()] = static_cast<char>(choices_.byte());
    if (choices_.once_in(32)) {  // extended header
        const std::uint32_t extra = choices_.below(4) * 4;
        whole = be(whole.size() + extra, 4) + byte(2 + extra / 4) + whole.substr(5, 3) +
                std::string(extra, 'e') + whole.substr(8);
    }
    out_ += whole;
}

void Conversation::mutate(Fields& fields) {
    const auto where = fields.empty() ? 0 : choices_.byte() % fields.size();
    switch (choices_.below(5)) {
        case 0:
            if (!fields.empty()) fields.resize(where);
            break;
        case 1:
            fields.push_back(weird());
            break;
        case 2:
            if (!fields.empty()) fields[where] = null;
            break;
        default:
            if (!fields.empty()) fields[where] = weird();
            break;
    }
}

std::string Conversation::weird() {
    switch (choices_.below(14)) {
        case 0:
            return null;
        case 1:
            return u32(choices_.any32());
        case 2:
            return u64(choices_.any32());
        case 3:
            return str("x");
        case 4:
            return sym(std::string(choices_.byte(), 's'));
        case 5:
            return bin("b");
        case 6:
            return list({u32(1), null});
        case 7:
            return map({sym("k"), u32(1)});
        case 8:
            return array(0xa3, {"\1a"s});
        case 9:
            return described(choices_.byte(), {null});
        case 10:
            return u16(choices_.byte());
        case 11:
            return u8(choices_.byte());
        case 12:
            return state();
        default:
            return std::string(1 + choices_.below(4), static_cast<char>(choices_.byte()));
    }
}

std::string Conversation::source() {
    if (choices_.once_in(16)) return null;
    Fields fields = {choices_.once_in(16) ? null : str("sub/a")};
    if (choices_.once_in(4)) {
        fields = {str("sub/a"),
                  optional(u32(choices_.below(3))),
                  optional(sym(choices_.below(2) == 0 ? "session-end" : "never")),
                  optional(u32(choices_.any32())),
                  optional(choices_.below(4) == 0 ? yes : no),
                  optional(annotations()),
                  optional(sym(choices_.below(2) == 0 ? "copy" : "move")),
                  optional(map({sym("f"), described(0x1234, {str("v")})})),
                  optional(state()),
                  optional(array(0xa3, {"\22amqp:accepted:list"s, "\22amqp:rejected:list"s})),
                  optional(sym("queue"))};
    }
    std::string items;
    for (const auto& field : fields)
        items += field;
    return described(0x28, compound(amqp::code::list8, items, fields.size()));
}

std::string Conversation::target() {
    if (choices_.once_in(16)) return null;
    if (choices_.once_in(32)) return described(0x30, {sym("amqp:local-transactions")});
    if (!choices_.once_in(4)) return described(0x29, {str("events")});
    return described(0x29,
                     {optional(str("events")),
                      optional(u32(choices_.below(3))),
                      optional(sym("link-detach")),
                      optional(u32(choices_.any32())),
                      optional(choices_.below(4) == 0 ? yes : no),
                      optional(annotations()),
                      optional(sym("topic"))});
}

std::string Conversation::state() {
    switch (choices_.below(8)) {
        case 0:
            return described(0x23, {u32(choices_.any32()), u64(choices_.any32())});
        case 1:
            return described(0x25, {choices_.below(2) == 0 ? null : error()});
        case 2:
            return described(0x26, {});
        case 3:
            return described(0x27, {optional(yes), optional(yes), optional(annotations())});
        case 4:
            return described(0x25, {});
        default:
            return accepted;
    }
}

std::string Conversation::error() {
    return described(0x1d,
                     {sym("amqp:internal-error"), optional(str("text")), optional(annotations())});
}

std::string Conversation::annotations() {
    if (choices_.below(4) == 0) return map({});
    return map(
        {sym("key"),
         choices_.once_in(8) ? list({map({str("deep"), array(0x71, {be(7, 4)})})}) : str("value"),
         sym("n"),
         u32(7)});
}

std::string Conversation::encode32(std::uint32_t value) {
    return choices_.once_in(16) ? "\x70" + be(value, 4) : u32(value);
}

std::string Conversation::optional(std::string value) {
    return choices_.below(3) == 0 ? null : value;
}

}  // namespace vera::fuzz
