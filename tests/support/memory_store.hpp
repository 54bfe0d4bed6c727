#pragma once
// What an engine has made durable, as plainly as it can be said: maps. The base of the in-memory
// engine and of the core's model test.
#include "bus/flow/engine.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vera::flow::test {

class MemoryStore {
public:
    struct StoredCopy {
        QueueId queue;
        CopyState state = CopyState::waiting;
        std::uint32_t version = 0;
        std::uint32_t attempts = 0;
        Timestamp due;
        Timestamp ready_at;
        Timestamp died;
        std::string reason;
        std::string error;
        bool was_acquired = false;
    };
    struct StoredEvent {
        EventCommit commit;  ///< without the message
        std::string message;
        std::map<std::uint64_t, StoredCopy> copies;  ///< the settled ones too
    };

    /// Stores the whole batch; one reference per event. A batch that breaks the port's rules
    /// (numbers that leave a gap, unknown queues) ends the process.
    std::vector<BodyRef> apply(const Batch& batch);
    /// Everything an engine hands over at start.
    Recovery recover(RecoverySink& sink);
    [[nodiscard]] const std::string* message(const BodyRef& body) const;
    /// Forgets events that are settled and past their time.
    void retire(Timestamp now);
    void set_was_clean(bool was_clean) { was_clean_ = was_clean; }

    [[nodiscard]] const std::map<std::uint64_t, StoredEvent>& events() const { return events_; }
    [[nodiscard]] const std::map<std::uint32_t, QueueSpec>& queues() const { return queues_; }
    [[nodiscard]] const StoredCopy* copy(CopySeq seq) const;

private:
    std::map<std::uint32_t, QueueSpec> queues_;
    std::map<std::uint64_t, StoredEvent> events_;
    std::map<std::uint64_t, std::uint64_t> event_of_;  ///< by copy
    std::uint64_t last_event_ = 0, last_copy_ = 0, last_leaf_ = 0;
    Timestamp last_stamp_;
    bool was_clean_ = true;
    CopySeq maybe_acquired_;
};

}  // namespace vera::flow::test
