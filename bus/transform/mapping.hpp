#pragma once
// A mapping: events of one type become events of another. Compiled against both schemas; what is
// wrong is told before any event.
#include "bus/event/catalogue.hpp"
#include "bus/transform/source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vera::transform {

struct Plans;

/// Immutable; shared use from any thread. Keeps the catalogue it was compiled against.
class Mapping {
public:
    struct Compiled {
        std::shared_ptr<const Mapping> mapping;  ///< none if there is an error among the problems
        std::vector<Problem> problems;           ///< errors and warnings, by line
    };
    [[nodiscard]] static Compiled compile(const MappingSource& source,
                                          std::shared_ptr<const event::Catalogue> catalogue);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::string& from() const { return from_; }
    [[nodiscard]] const std::string& to() const { return to_; }
    /// Whoever subscribes to `to` gets events of `from` too, made by this.
    [[nodiscard]] bool is_bridge() const { return is_bridge_; }
    [[nodiscard]] const event::Catalogue& catalogue() const { return *catalogue_; }
    [[nodiscard]] const std::vector<TestSource>& tests() const { return tests_; }
    [[nodiscard]] const Plans& plans() const { return *plans_; }

    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

private:
    Mapping();
    std::string name_, file_, from_, to_;
    bool is_bridge_ = false;
    std::vector<TestSource> tests_;
    std::shared_ptr<const event::Catalogue> catalogue_;
    std::unique_ptr<const Plans> plans_;
};

}  // namespace vera::transform
