#pragma once
// Keeps VeRA time going on from run to run, whatever the machine's wall clock does: notes at
// <store>/CLOCK how VeRA time relates to the boot clock, notices steps of the wall clock and
// follows them only on an operator's word.
#include "bus/base/result.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/file_system.hpp"
#include "bus/host/mailbox.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vera::ops {

/// A step of the wall clock against VeRA time.
struct ClockStep {
    Timestamp at;       ///< VeRA time when it was noticed or followed
    Millis step{0};     ///< positive: the wall clock went forward
    std::string actor;  ///< who had VeRA time follow; empty: it was only noticed
    std::string reason;
    friend bool operator==(const ClockStep&, const ClockStep&) = default;
};

struct ClockFacts {
    Timestamp now;
    Millis wall_ahead{0};  ///< wall clock minus VeRA time
    host::ClockSource started_from = host::ClockSource::wall;
    std::vector<ClockStep> steps;  ///< the latest, oldest first
    std::string refusal;           ///< why VeRA time did not follow, if it was told to
};

/// What the file says.
struct ClockFile {
    host::ClockNote note;
    Millis told_ahead{0};  ///< the wall clock's lead that is known already
    std::vector<ClockStep> steps;
    friend bool operator==(const ClockFile&, const ClockFile&) = default;
};
[[nodiscard]] std::string to_text(const ClockFile& file);
/// Errc::corrupt: damaged, or of another version.
[[nodiscard]] Result<ClockFile> parse_clock_file(std::string_view text);

/// "wall", "last-run", "last-stamp".
[[nodiscard]] std::string_view to_text(host::ClockSource source);

/// Lives as long as the daemon. A thread of its own looks at the wall clock and writes the file;
/// that it cannot be written is logged, and VeRA time goes on.
class ClockKeeper {
public:
    using Done = std::function<void(const ClockFacts&)>;

    /// Decides where VeRA time starts, and notes it. Blocks on disk. `clock` and `files` outlive
    /// it; `last_stamp`: none in a new store. Errc::io; a disk without room is logged only.
    [[nodiscard]] static Result<std::unique_ptr<ClockKeeper>> open(host::Clock& clock,
                                                                   host::FileSystem& files,
                                                                   const std::string& folder,
                                                                   Timestamp last_stamp);
    /// Goes on with what open() decided: `file.note` is of this boot.
    ClockKeeper(host::Clock& clock,
                host::FileSystem& files,
                std::string folder,
                ClockFile file,
                host::ClockSource source);
    ~ClockKeeper();
    ClockKeeper(const ClockKeeper&) = delete;
    ClockKeeper& operator=(const ClockKeeper&) = delete;

    [[nodiscard]] const host::VeraClock& clock() const { return vera_; }
    /// Any thread.
    [[nodiscard]] ClockFacts facts() const;
    /// VeRA time follows the wall clock forward, once that is on disk. Backward it never goes:
    /// refused. Any thread; `done` is called on the keeper's.
    void adopt(std::string actor, std::string reason, Done done);
    /// From now on the wall clock is looked at every second, and adopt() is heard.
    void start_thread();

private:
    struct Adoption {
        std::string actor, reason;
        Done done;
    };
    void run();
    void look();
    void follow(const Adoption& adoption);
    void add_step(ClockStep step);
    [[nodiscard]] Result<void> write(const ClockFile& file);

    host::FileSystem& files_;
    const std::string folder_;
    const host::ClockSource source_;
    host::VeraClock vera_;
    ClockFile file_;  ///< the thread's
    host::Cell<std::vector<ClockStep>> steps_{std::vector<ClockStep>{}};
    host::Mailbox<Adoption> adoptions_;
    std::jthread thread_;
};

}  // namespace vera::ops
