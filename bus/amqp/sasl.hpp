#pragma once
// The server's half of a SASL conversation (AMQP 1.0 §5.3, RFC 4422 appendix A, RFC 4616, RFC
// 4505): mechanisms EXTERNAL, ANONYMOUS and PLAIN. Pure: whether a password is right, and whose a
// certificate is, is decided elsewhere.
#include "bus/amqp/performative.hpp"

#include <string>
#include <string_view>

namespace vera::amqp {

constexpr std::string_view sasl_header{"AMQP\x03\x01\x00\x00", 8};
constexpr std::string_view amqp_header{"AMQP\x00\x01\x00\x00", 8};

class Sasl {
public:
    enum class State : std::uint8_t {
        init,       ///< sasl-init is awaited
        response,   ///< a challenge went out, sasl-response is awaited
        verifying,  ///< credentials are being verified
        done,
        failed,  ///< outcome `auth` went out: the connection ends
    };

    Sasl(bool allows_anonymous, bool allows_plain)
        : allows_anonymous_(allows_anonymous),
          allows_plain_(allows_plain) {}

    /// A client certificate has been verified: EXTERNAL is offered too. Before greet().
    void offer_external() { allows_external_ = true; }
    [[nodiscard]] bool has_mechanism() const {
        return allows_external_ || allows_anonymous_ || allows_plain_;
    }
    /// Header and sasl-mechanisms.
    void greet(std::string& output) const;
    /// One SASL frame's body. False: `why`, and the outcome is in `output` if one was due.
    [[nodiscard]] bool frame(Cursor body, std::string& output, Objection& why);
    /// Answers `verifying`; false: `why`.
    [[nodiscard]] bool verified(bool is_right, std::string& output, Objection& why);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::string_view mechanism() const { return mechanism_; }
    /// Of PLAIN; of EXTERNAL the authorization identity that the client wants, or nothing.
    [[nodiscard]] const std::string& user() const { return user_; }
    [[nodiscard]] const std::string& password() const { return password_; }
    /// The password is not kept longer than needed.
    void forget_password();

private:
    bool init(const Fields& fields, std::string& output, Objection& why);
    bool respond(std::string_view response, std::string& output, Objection& why);
    bool external(std::string_view response, std::string& output, Objection& why);
    bool plain(std::string_view response, std::string& output, Objection& why);
    bool fail(std::string_view text, std::string& output, Objection& why);

    bool allows_external_ = false;
    bool allows_anonymous_;
    bool allows_plain_;
    State state_ = State::init;
    std::string_view mechanism_;
    std::string user_;
    std::string password_;
};

}  // namespace vera::amqp
