#include "bus/ops/reading.hpp"

#include "bus/event/catalogue_parts.hpp"
#include "bus/ops/mapping_file.hpp"
#include "bus/ops/names.hpp"
#include "bus/ops/schema_folder.hpp"
#include "bus/transform/mapping_tests.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <filesystem>
#include <netinet/in.h>
#include <system_error>

namespace vera::ops {
namespace {

/// As problems of the configuration: the file is the schema's.
void add_problems(const std::vector<event::SchemaProblem>& problems, Section& section) {
    for (const event::SchemaProblem& problem : problems) {
        const std::string column =
            problem.column == 0 ? "" : "column " + std::to_string(problem.column) + ": ";
        section.problem_elsewhere({problem.file, problem.line, {}, column + problem.what});
    }
}

}  // namespace

bool is_ip_address(const std::string& text) {
    in_addr v4{};
    in6_addr v6{};
    return inet_pton(AF_INET, text.c_str(), &v4) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

bool is_digits(std::string_view text, std::size_t least, std::size_t most) {
    return text.size() >= least && text.size() <= most &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

void Reading::check_listen(Section& section, const ListenConfig& listen) {
    if (is_ip_address(listen.address) && !listen.is_loopback()) {
        if (listen.allows_anonymous)
            section.problem("anonymous",
                            "only on a loopback address: nobody knows who is on the other end");
        if (!options_.allows_beyond_loopback)
            section.problem("address",
                            "until a configuration has agreements, the bus listens on loopback "
                            "only (127.0.0.1 or ::1); "
                            "`vera serve --pilot` overrides this");
        if (!section.has("tls"))
            section.problem("tls",
                            "is required beyond loopback: anybody on the way could read secrets "
                            "and events");
    }
    if (!listen.allows_anonymous && !listen.allows_plain && listen.tls.client_ca.empty())
        section.problem("plain",
                        "neither plain nor anonymous nor client certificates: nobody could "
                        "connect");
    if (section.has("tls") && !listen.tls.is_on())
        section.problem("tls", "certificates: at least one, with its key, is required");
    if (listen.tls.requires_client_certificate && listen.tls.client_ca.empty())
        section.problem("tls", "client_certificate: required needs client_ca to verify it by");
    if (listen.port == 0) return;
    if (const auto first =
            first_use("listener", listen.address + " " + std::to_string(listen.port), section))
        section.problem("port", "this address and port are taken by " + *first);
}

void Reading::check_authority(Section& section, const AuthorityConfig& authority) {
    if (const auto first = first_use("authority", authority.cvr, section))
        section.problem("cvr", "already given by " + *first);
}

void Reading::check_system(Section& section, const SystemConfig& system) {
    check_name(section, "system", system.name);
    if (fold(system.name) == "anonymous")
        section.problem("name", "is what clients without a name are called");
    check_types(section, "inbox", "accepts", system.inbox.accepts);
    const auto& authorities = so_far_.authorities;
    if (is_digits(system.authority, 8, 8) &&
        std::ranges::none_of(
            authorities, [&](const AuthorityConfig& one) { return one.cvr == system.authority; }))
        section.problem("authority", "this CVR number is not among `authorities`");
    if (system.secrets.empty() && system.certificates.empty())
        section.problem("secrets",
                        "at least one hashed secret, or one of `certificates`, is required");
    for (std::size_t i = 0; i < system.certificates.size(); ++i)
        for (const SystemConfig& other : so_far_.systems)
            if (!std::ranges::all_of(other.certificates, [&](const SubjectConfig& subject) {
                    return excludes(subject, system.certificates[i]);
                }))
                section.problem("certificates",
                                "[" + std::to_string(i) +
                                    "] can be the same certificate as one of system `" +
                                    other.name + "`: no attribute that both name tells them apart");
}

void Reading::check_pair(Section& section, const TlsPairConfig& pair) {
    auto certificate = pem_files_.read(pair.certificate);
    auto key = pem_files_.read_key(pair.key);
    if (!certificate && !pair.certificate.empty())
        section.problem("certificate", certificate.error().text);
    if (!key && !pair.key.empty()) section.problem("key", key.error().text);
    if (!certificate || !key) return;
    amqp::TlsMaterial material;
    material.certificates.push_back({std::move(*certificate), std::move(*key)});
    complain(section, material);
}

void Reading::check_client_ca(Section& section, const TlsConfig& tls) {
    if (tls.client_ca.empty()) return;
    auto text = pem_files_.read(tls.client_ca);
    if (!text) return section.problem("client_ca", text.error().text);
    amqp::TlsMaterial material;
    material.client_ca = std::move(*text);
    if (material.client_ca.empty())
        return section.problem("client_ca", "the file '" + tls.client_ca + "' is empty");
    complain(section, material);
}

void Reading::complain(Section& section, const amqp::TlsMaterial& material) {
    using Part = amqp::TlsComplaint::About;
    for (const auto& complaint : check_tls(material, std::chrono::system_clock::now())) {
        switch (complaint.about) {
            case Part::certificate:
                section.problem("certificate", "the file: " + complaint.reason);
                break;
            case Part::key:
                section.problem("key", "the file: " + complaint.reason);
                break;
            case Part::client_ca:
                section.problem("client_ca", "the file: " + complaint.reason);
                break;
        }
    }
}

Result<std::shared_ptr<const amqp::TlsContext>> Reading::make_context(const TlsConfig& tls) {
    amqp::TlsMaterial material;
    material.requires_client_certificate = tls.requires_client_certificate;
    for (const TlsPairConfig& pair : tls.certificates) {
        auto certificate = pem_files_.read(pair.certificate);
        auto key = pem_files_.read_key(pair.key);
        if (!certificate) return fail(certificate.error().code, certificate.error().text);
        if (!key) return fail(key.error().code, key.error().text);
        material.certificates.push_back({std::move(*certificate), std::move(*key)});
    }
    if (!tls.client_ca.empty()) {
        auto text = pem_files_.read(tls.client_ca);
        if (!text) return fail(text.error().code, text.error().text);
        material.client_ca = std::move(*text);
    }
    return amqp::TlsContext::make(material);
}

void Reading::check_subject(Section& section, const SubjectConfig& subject) {
    if (std::ranges::all_of(subject.values, [](const std::string& one) { return one.empty(); }))
        section.problem("", "names no attribute: every certificate would be meant");
}

void Reading::check_subscription(Section& section, const SubscriptionConfig& subscription) {
    if (subscription.id)
        if (const auto first = first_use("subscription id", to_text(*subscription.id), section))
            section.problem("id", "already the id of " + *first);
    check_name(section, "subscription", subscription.name);
    check_types(section, "types", "", subscription.filter.types);
    check_transform(section, subscription);
}

void Reading::check_transform(Section& section, const SubscriptionConfig& subscription) {
    if (!are_mappings_whole_) return;  // what is missing has been complained about
    std::vector<std::string> known;
    for (const auto& mapping : mappings_)
        known.push_back(mapping->name());
    for (std::size_t i = 0; i < subscription.transform.size(); ++i) {
        const std::string& name = subscription.transform[i];
        if (std::ranges::find(known, name) != known.end()) continue;
        const std::string near = nearest(name, known);
        section.problem("transform",
                        "[" + std::to_string(i) + "] `" + name +
                            "` is the name of no mapping of `transformations`" +
                            (near.empty() ? "" : "; did you mean `" + near + "`?"));
    }
}

void Reading::check_types(Section& section,
                          std::string_view key,
                          const std::string& below,
                          const std::vector<std::string>& types) {
    // What the missing schemas would have brought is not complained about once more.
    if (catalogue_ == nullptr || !is_catalogue_whole_) return;
    for (std::size_t i = 0; i < types.size(); ++i)
        if (catalogue_->find(types[i]) == nullptr)
            check_type(section, key, below + "[" + std::to_string(i) + "] ", types[i]);
}

void Reading::check_type(Section& section,
                         std::string_view key,
                         const std::string& place,
                         const std::string& type) {
    const std::vector<std::string> known_types = catalogue_->type_names();
    if (type.size() > 2 && type.compare(type.size() - 2, 2, ".*") == 0) {
        const std::string_view prefix = std::string_view(type).substr(0, type.size() - 1);
        // A package of one level: `vera.sag.v1.*` covers vera.sag.v1.SagOprettet.
        for (const std::string& known : known_types)
            if (known.size() > prefix.size() && known.compare(0, prefix.size(), prefix) == 0 &&
                known.find('.', prefix.size()) == std::string::npos)
                return;
        return section.problem(key, place + "`" + type + "` covers no type of the catalogue");
    }
    const std::string near = nearest(type, known_types);
    section.problem(key,
                    place + "`" + type + "` is not in the catalogue" +
                        (near.empty() ? "" : "; did you mean `" + near + "`?"));
}

void Reading::compile_filter(Section& section,
                             std::string_view key,
                             SubscriptionConfig& subscription) {
    // What the missing schemas would have brought is not complained about once more.
    if (catalogue_ == nullptr || !is_catalogue_whole_) return;
    if (!filters_) filters_.emplace(catalogue_);
    for (const expr::Diagnostic& one :
         filters_->compile(subscription.filter_text, subscription.filter)) {
        if (one.severity == expr::Severity::error)
            section.problem(key, route::to_text(one));
        else
            section.warning(key, route::to_text(one));
    }
    if (!subscription.filter.expression) return;
    // There is no way yet to give a bus value lists: nothing would ever be in one.
    const expr::Code& code = subscription.filter.expression->program.code();
    for (const expr::Instruction& one : code.instructions)
        if (one.op == expr::Op::in_list)
            section.problem(key,
                            "offset " + std::to_string(one.offset) + ": there is no value list " +
                                std::string(code.names[one.operand]));
}

void Reading::check_queue(Section& section, const QueueConfig& queue) {
    check_name(section, "queue", queue.name);
}

void Reading::check_name_of_uuid(Section& section, const NameConfig& name) {
    const bool is_level = name.kind == event::UuidName::Kind::foelsomhed;
    if (is_level && name.level == 0) section.problem("level", "is missing: foelsomhed has 1 to 4");
    if (!is_level && name.level != 0) section.problem("level", "is for `kind: foelsomhed` only");
    if (name.uuid.empty()) return;
    if (const auto first = first_use("name of a UUID", name.uuid, section))
        section.problem("uuid", "has a name already, at " + *first);
}

void Reading::make_catalogue(Section& section) {
    const auto built_in = [this] {
        return options_.built_in ? options_.built_in : event::Catalogue::built_in();
    };
    if (so_far_.schemas.empty() && options_.schemas.empty() && so_far_.names.empty() &&
        so_far_.persons.empty()) {
        catalogue_ = built_in();
        return;
    }
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    for (const NameConfig& name : so_far_.names)
        parts.names.add({name.kind, name.uuid, name.name, name.level});
    if (auto persons = read_persons(section)) parts.persons = *std::move(persons);
    if (add_schemas(section, parts.schemas)) {
        auto made = event::Catalogue::make(std::move(parts));
        if (auto* whole = std::get_if<0>(&made)) {
            catalogue_ = std::move(*whole);
            return;
        }
        add_problems(std::get<1>(made), section);
    }
    catalogue_ = built_in();
    is_catalogue_whole_ = false;
}

bool Reading::add_schemas(Section& section, event::SchemaSet& schemas) {
    std::vector<std::string> paths;
    for (const std::string& path : so_far_.schemas)
        paths.push_back(pem_files_.absolute(path));
    paths.insert(paths.end(), options_.schemas.begin(), options_.schemas.end());
    bool is_good = true;
    for (const std::string& path : paths) {
        const auto read = read_schemas(path, path);
        std::vector<event::SchemaProblem> problems;
        if (const auto* problem = std::get_if<event::SchemaProblem>(&read)) {
            problems.push_back(*problem);
        } else {
            const auto& folder = std::get<event::SchemaFolder>(read);
            for (const event::SchemaFile& file : folder.files)
                catalogue_bytes_ +=
                    file.name + '\0' + std::to_string(file.bytes.size()) + '\0' + file.bytes;
            problems = schemas.add(folder);
        }
        add_problems(problems, section);
        is_good = is_good && problems.empty();
    }
    return is_good;
}

std::optional<event::PersonTable> Reading::read_persons(Section& section) {
    if (so_far_.persons.empty()) return std::nullopt;
    constexpr std::size_t most_bytes = 512U << 20U;
    const auto text = pem_files_.read_private(so_far_.persons, most_bytes);
    if (!text) {
        section.problem("persons", text.error().text);
        return std::nullopt;
    }
    auto table = event::PersonTable::parse(*text);
    if (!table) {
        section.problem("persons", "the file: " + table.error().text);
        return std::nullopt;
    }
    catalogue_bytes_ += digest_of(*text);
    return std::move(*table);
}

std::optional<std::string> Reading::first_use(const std::string& kind,
                                              const std::string& value,
                                              const Section& section) {
    const std::string here = section.file() + ":" + std::to_string(section.line()) +
                             (section.key().empty() ? "" : ": " + section.key());
    const auto [at, is_new] = seen_.try_emplace({kind, value}, here);
    if (is_new) return std::nullopt;
    return at->second;
}

void Reading::check_name(Section& section, const std::string& kind, const std::string& name) {
    if (!is_name(name)) return;  // its form has been refused
    if (const auto first = first_use(kind, fold(name), section))
        section.problem("name",
                        "the same " + kind + " as " + *first + " (æ, ø, å count as ae, oe, aa)");
}

void Reading::make_mappings(Section& section) {
    namespace fs = std::filesystem;
    for (const std::string& given : so_far_.transformations) {
        const fs::path path = pem_files_.absolute(given);
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            read_mapping_file(section, path.string(), path.string());
            continue;
        }
        std::vector<std::string> files;
        fs::directory_iterator at(path, error);
        for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
            const std::string name = at->path().filename().string();
            if (name.ends_with(".yaml") && !name.starts_with("."))
                files.push_back(at->path().string());
        }
        std::ranges::sort(files);
        if (error || files.empty()) {
            section.problem(
                "transformations",
                "'" + given + "': " + (error ? error.message() : "the folder holds no *.yaml"));
            are_mappings_whole_ = false;
        }
        for (const std::string& file : files)
            read_mapping_file(section, file, file);
    }
    std::ranges::sort(mappings_, {}, [](const auto& mapping) { return mapping->name(); });
    for (std::size_t i = 1; i < mappings_.size(); ++i)
        if (mappings_[i]->name() == mappings_[i - 1]->name())
            section.problem_elsewhere({mappings_[i]->file(),
                                       0,
                                       "mapping",
                                       "`" + mappings_[i]->name() + "` is the name of " +
                                           mappings_[i - 1]->file() + " already"});
}

void Reading::read_mapping_file(Section& section,
                                const std::string& path,
                                const std::string& shown) {
    MappingFile read = read_mapping(path, shown);
    mapping_bytes_ += read.bytes;
    bool is_good = read.problems.empty();
    const auto tell = [&](const std::vector<transform::Problem>& problems) {
        for (const transform::Problem& problem : problems) {
            if (!problem.is_error) continue;
            section.problem_elsewhere({problem.file, problem.line, problem.key, problem.text});
            is_good = false;
        }
    };
    tell(read.problems);
    transform::Mapping::Compiled compiled;
    // Of schemas that could not be read its types may be.
    if (is_good && is_catalogue_whole_) {
        compiled = transform::Mapping::compile(read.source, catalogue_);
        tell(compiled.problems);
    }
    are_mappings_whole_ = are_mappings_whole_ && compiled.mapping != nullptr;
    if (compiled.mapping == nullptr) return;
    transform::Transformer transformer;
    for (const transform::TestResult& result : transform::run_tests(*compiled.mapping, transformer))
        for (const std::string& difference : result.differences)
            section.problem_elsewhere(
                {shown,
                 result.line,
                 "tests",
                 (result.name.empty() ? "" : "'" + result.name + "' ") + "fails: " + difference});
    mappings_.push_back(std::move(compiled.mapping));
}

}  // namespace vera::ops
