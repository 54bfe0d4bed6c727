#include "bus/amqp/sasl.hpp"

#include <algorithm>
#include <utility>

namespace vera::amqp {

namespace {

constexpr std::size_t longest_mechanism = 32;
constexpr std::size_t longest_user = 255;
constexpr std::size_t longest_password = 1024;
constexpr std::string_view external_name = "EXTERNAL";
constexpr std::string_view anonymous = "ANONYMOUS";
constexpr std::string_view plain_name = "PLAIN";

// A SASL frame: size, data offset 2, type 1, no channel, body.
void put_frame(std::string& out, std::string_view body) {
    put32(out, static_cast<std::uint32_t>(8 + body.size()));
    out.append("\x02\x01\x00\x00", 4);
    out.append(body);
}

void put_outcome(std::string& out, char outcome_code) {
    std::string body("\x00\x53\x44\xc0\x03\x01\x50", 7);
    body.push_back(outcome_code);
    put_frame(out, body);
}

void put_challenge(std::string& out) {
    put_frame(out, std::string_view("\x00\x53\x42\xc0\x03\x01\xa0\x00", 8));
}

}  // namespace

void Sasl::greet(std::string& output) const {
    output.append(sasl_header);
    std::string names;
    std::uint8_t count = 0;
    for (const auto& [name, is_allowed] : {std::pair{external_name, allows_external_},
                                           std::pair{anonymous, allows_anonymous_},
                                           std::pair{plain_name, allows_plain_}}) {
        if (!is_allowed) continue;
        names.push_back(static_cast<char>(name.size()));
        names.append(name);
        ++count;
    }
    std::string array;
    array.push_back(static_cast<char>(code::array8));
    array.push_back(static_cast<char>(names.size() + 2));
    array.push_back(static_cast<char>(count));
    array.push_back(static_cast<char>(code::sym8));
    array.append(names);
    std::string body("\x00\x53\x40\xc0", 4);
    body.push_back(static_cast<char>(array.size() + 1));
    body.push_back('\x01');
    body.append(array);
    put_frame(output, body);
}

bool Sasl::frame(Cursor body, std::string& output, Objection& why) {
    if (body.left() < 3 || *body.at != code::described) {
        why = {"amqp:decode-error", "sasl frame: no descriptor"};
        return false;
    }
    ++body.at;
    std::uint64_t descriptor = 0;
    if (!read_descriptor(body, descriptor, why)) return false;
    const auto awaited =
        state_ == State::init ? Performative::sasl_init : Performative::sasl_response;
    if ((state_ != State::init && state_ != State::response) ||
        descriptor != static_cast<std::uint64_t>(awaited)) {
        why = {"amqp:not-allowed",
               "sasl frame: " + std::string(name_of(awaited)) + " was expected"};
        return false;
    }
    Fields fields;
    std::uint32_t values = 4;
    if (!read_fields(body, awaited, 1, values, fields, why)) return false;
    if (!body.empty()) {
        why = {"amqp:decode-error", "sasl frame: bytes behind the performative"};
        return false;
    }
    return state_ == State::init ? init(fields, output, why)
                                 : respond(fields[0].bytes, output, why);
}

bool Sasl::init(const Fields& fields, std::string& output, Objection& why) {
    const std::string_view mechanism = fields[0].bytes;
    if (mechanism.size() > longest_mechanism)
        return fail("sasl-init.mechanism: is too long", output, why);
    if (mechanism == anonymous && allows_anonymous_) {
        mechanism_ = anonymous;
        state_ = State::done;
        put_outcome(output, 0);
        return true;
    }
    if (mechanism == external_name && allows_external_)
        mechanism_ = external_name;
    else if (mechanism == plain_name && allows_plain_)
        mechanism_ = plain_name;
    else
        return fail("sasl-init.mechanism: is not offered", output, why);
    // An empty response is one for EXTERNAL alone.
    const bool is_whole =
        fields[1].is_set && (mechanism_ == external_name || !fields[1].bytes.empty());
    if (is_whole) return respond(fields[1].bytes, output, why);
    put_challenge(output);
    state_ = State::response;
    return true;
}

bool Sasl::respond(std::string_view response, std::string& output, Objection& why) {
    return mechanism_ == external_name ? external(response, output, why)
                                       : plain(response, output, why);
}

// RFC 4422 appendix A: the authorization identity, or nothing. Who the certificate's system is, and
// that it is the one asked for, is decided elsewhere.
bool Sasl::external(std::string_view response, std::string& output, Objection& why) {
    if (response.size() > longest_user || !is_utf8(response) ||
        response.find('\0') != std::string_view::npos)
        return fail("EXTERNAL response: is no identity", output, why);
    user_.assign(response);
    state_ = State::verifying;
    return true;
}

// RFC 4616: [authzid] NUL authcid NUL passwd. Acting as somebody else is not offered, so authzid is
// empty or the user.
bool Sasl::plain(std::string_view response, std::string& output, Objection& why) {
    const std::size_t first = response.find('\0');
    const std::size_t second =
        first == std::string_view::npos ? first : response.find('\0', first + 1);
    if (second == std::string_view::npos)
        return fail("PLAIN response: is not authzid, user, password", output, why);
    const std::string_view authzid = response.substr(0, first);
    const std::string_view user = response.substr(first + 1, second - first - 1);
    const std::string_view password = response.substr(second + 1);
    if (user.empty() || user.size() > longest_user || !is_utf8(user))
        return fail("PLAIN response: user", output, why);
    if (password.empty() || password.size() > longest_password ||
        password.find('\0') != std::string_view::npos) {
        return fail("PLAIN response: password", output, why);
    }
    if (!authzid.empty() && authzid != user)
        return fail("PLAIN response: authzid differs from the user", output, why);
    user_.assign(user);
    password_.assign(password);
    state_ = State::verifying;
    return true;
}

bool Sasl::verified(bool is_right, std::string& output, Objection& why) {
    forget_password();
    if (!is_right)
        return fail(mechanism_ == external_name ? "the certificate is of no known system"
                                                : "user or password is wrong",
                    output,
                    why);
    state_ = State::done;
    put_outcome(output, 0);
    return true;
}

void Sasl::forget_password() {
    std::fill(password_.begin(), password_.end(), '\0');
    password_.clear();
}

bool Sasl::fail(std::string_view text, std::string& output, Objection& why) {
    state_ = State::failed;
    put_outcome(output, 1);
    why = {"amqp:unauthorized-access", std::string(text)};
    return false;
}

}  // namespace vera::amqp
