#pragma once
// What both sides of the load generator stand on: a proactor on a thread of its own, the notes to
// the thread that waits, dialling. Inside the kit only.
#include "adapters/kit/load_generator.hpp"
#include "bus/host/mailbox.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/proactor.h>
#include <proton/ssl.h>
#include <proton/terminus.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace vera::kit {

/// CLOCK_MONOTONIC, nanoseconds.
[[nodiscard]] std::uint64_t now_ns();

/// What the two sides tell the thread that waits for them.
struct LoadNote {
    enum class Kind { receiver_ready, receivers_done, senders_done, error } kind;
    std::string text;
};
using LoadNotes = host::Mailbox<LoadNote>;

/// "condition: description".
[[nodiscard]] std::string text_of(pn_condition_t* condition);

/// One proactor and the thread that runs it, from start() until nothing is open or stop(). A
/// derived class calls stop() in its destructor.
class LoadSide {
public:
    LoadSide(const LoadOptions& options, LoadNotes& notes, LoadNote::Kind done);
    LoadSide(const LoadSide&) = delete;
    LoadSide& operator=(const LoadSide&) = delete;
    virtual ~LoadSide() = default;

    void start();
    void stop();
    /// Of its thread; read after stop().
    [[nodiscard]] double cpu_s() const { return cpu_s_; }

protected:
    /// On the thread: dials or listens.
    virtual void begin() = 0;
    virtual void handle(pn_event_t* event) = 0;
    /// On the thread, when nothing is open any more.
    virtual void finish() {}

    /// A new connection to the broker, with `context`.
    [[nodiscard]] pn_connection_t* dial(void* context);
    /// Notes the condition if one is set.
    void complain(pn_condition_t* condition, const char* what);

    const LoadOptions& options_;
    LoadNotes& notes_;
    std::size_t open_ = 0;  // connections that have not ended

    [[nodiscard]] pn_proactor_t* proactor() const { return proactor_.get(); }

private:
    struct Free {
        void operator()(pn_proactor_t* proactor) const { pn_proactor_free(proactor); }
    };
    struct FreeDomain {
        void operator()(pn_ssl_domain_t* domain) const { pn_ssl_domain_free(domain); }
    };
    void run();
    /// false: a note says why.
    bool prepare_tls();

    std::unique_ptr<pn_proactor_t, Free> proactor_;
    std::unique_ptr<pn_ssl_domain_t, FreeDomain> tls_;  // nothing: without TLS
    LoadNote::Kind done_;
    std::atomic<bool> is_stopped_{false};
    double cpu_s_ = 0;
    std::jthread thread_;
};

void put_capability(pn_terminus_t* terminus, const std::string& symbol);

}  // namespace vera::kit
