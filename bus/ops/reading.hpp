#pragma once
// One reading of a configuration, as far as single options need it: what has been read before, what
// must be unique over all files, and what the table alone cannot say about an item.
#include "bus/event/catalogue.hpp"
#include "bus/event/person_table.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/pem_files.hpp"
#include "bus/ops/section.hpp"
#include "bus/route/filter_compiler.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {
class SchemaSet;
}

namespace vera::ops {

/// Lives as long as the load. Borrows the options and the configuration that is being filled.
class Reading {
public:
    Reading(const LoadOptions& options, const Config& so_far)
        : options_(options),
          so_far_(so_far) {}

    void check_listen(Section& section, const ListenConfig& listen);
    void check_pair(Section& section, const TlsPairConfig& pair);
    void check_client_ca(Section& section, const TlsConfig& tls);
    void check_subject(Section& section, const SubjectConfig& subject);
    void check_authority(Section& section, const AuthorityConfig& authority);
    void check_system(Section& section, const SystemConfig& system);
    void check_subscription(Section& section, const SubscriptionConfig& subscription);
    /// Makes `filter.expression` of the text of the option `key`.
    void compile_filter(Section& section, std::string_view key, SubscriptionConfig& subscription);
    void check_queue(Section& section, const QueueConfig& queue);
    void check_name_of_uuid(Section& section, const NameConfig& name);

    /// Reads schemas and persons and makes the catalogue of them: before what names types is read.
    void make_catalogue(Section& section);
    /// The built-in one, if there is another one that could not be made.
    [[nodiscard]] std::shared_ptr<const event::Catalogue> catalogue() const { return catalogue_; }
    /// Of the files that make_catalogue read, for the digest.
    [[nodiscard]] const std::string& catalogue_bytes() const { return catalogue_bytes_; }

    /// Reads and compiles the mappings and runs their tests: after the catalogue is made, and
    /// before what names them is read.
    void make_mappings(Section& section);
    [[nodiscard]] const std::vector<std::shared_ptr<const transform::Mapping>>& mappings() const {
        return mappings_;
    }
    /// Of the files that make_mappings read, for the digest.
    [[nodiscard]] const std::string& mapping_bytes() const { return mapping_bytes_; }

    [[nodiscard]] PemFiles& pem_files() { return pem_files_; }
    /// The context of what has been checked without a problem.
    [[nodiscard]] Result<std::shared_ptr<const amqp::TlsContext>> make_context(
        const TlsConfig& tls);

private:
    void complain(Section& section, const amqp::TlsMaterial& material);
    /// Checks the form of `name` and that no other of its kind folds to the same.
    void check_name(Section& section, const std::string& kind, const std::string& name);
    /// Each of `types` is known. `below`: where they are below `key`, or empty.
    void check_types(Section& section,
                     std::string_view key,
                     const std::string& below,
                     const std::vector<std::string>& types);
    void check_type(Section& section,
                    std::string_view key,
                    const std::string& place,
                    const std::string& type);
    /// Nothing: `value` is new among its kind; otherwise where it was first.
    std::optional<std::string> first_use(const std::string& kind,
                                         const std::string& value,
                                         const Section& section);

    bool add_schemas(Section& section, event::SchemaSet& schemas);
    [[nodiscard]] std::optional<event::PersonTable> read_persons(Section& section);

    void read_mapping_file(Section& section, const std::string& path, const std::string& shown);
    void check_transform(Section& section, const SubscriptionConfig& subscription);

    const LoadOptions& options_;
    const Config& so_far_;
    std::shared_ptr<const event::Catalogue> catalogue_;
    bool is_catalogue_whole_ = true;  ///< nothing of the configuration's schemas is left out
    std::string catalogue_bytes_;
    std::optional<route::FilterCompiler> filters_;  ///< once there is one
    std::vector<std::shared_ptr<const transform::Mapping>> mappings_;
    bool are_mappings_whole_ = true;  ///< none of the configuration's is left out
    std::string mapping_bytes_;
    PemFiles pem_files_;
    std::map<std::pair<std::string, std::string>, std::string> seen_;
};

/// An IP address, in the text form of inet_pton(3).
[[nodiscard]] bool is_ip_address(const std::string& text);
/// `least` to `most` digits.
[[nodiscard]] bool is_digits(std::string_view text, std::size_t least, std::size_t most);

}  // namespace vera::ops
