#include "bus/event/schema_set.hpp"

#include "bus/base/check.hpp"
#include "bus/event/compatibility.hpp"
#include "bus/event/pool_errors.hpp"
#include "bus/event/schema_bounds.hpp"
#include "bus/event/schema_imports.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/schema_texts.hpp"

#include <algorithm>
#include <climits>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "schemas/descriptor_set.hpp"

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

constexpr std::size_t max_problems = 100;
constexpr std::string_view protobufs_own = "google/protobuf/";

/// What the compiler says, told with the places of the folder.
class Complaints final : public google::protobuf::compiler::MultiFileErrorCollector {
public:
    explicit Complaints(std::function<std::string(const std::string&)> place)
        : place_(std::move(place)) {}

    void AddError(const std::string& file,
                  int line,
                  int column,
                  const std::string& message) override {
        if (problems.size() < max_problems)
            problems.push_back({place_(file), line + 1, line < 0 ? 0 : column + 1, message});
    }

    std::vector<SchemaProblem> problems;

private:
    std::function<std::string(const std::string&)> place_;
};

/// Options resolved, as `protoc --descriptor_set_out` writes it; none if that cannot be read back.
std::optional<FileDescriptorProto> canonical(const FileDescriptor& file) {
    FileDescriptorProto proto;
    file.CopyTo(&proto);
    file.CopyJsonNameTo(&proto);
    file.CopySourceCodeInfoTo(&proto);
    // Once more through the bytes: then an option is where the generated code looks for it.
    std::optional<FileDescriptorProto> read(std::in_place);
    if (!read->ParseFromString(proto.SerializeAsString())) read.reset();
    return read;
}

bool is_same(FileDescriptorProto one, FileDescriptorProto other) {
    one.clear_source_code_info();
    other.clear_source_code_info();
    return one.SerializeAsString() == other.SerializeAsString();
}

template <class List, class Add>
void each_name(const List& list, const std::string& prefix, const Add& add) {
    for (const auto& one : list)
        add(prefix + one.name());
}

/// Full names of all that other files can name.
template <class Add>
void each_symbol(const google::protobuf::DescriptorProto& message,
                 const std::string& prefix,
                 const Add& add) {
    add(prefix + message.name());
    const std::string inner = prefix + message.name() + '.';
    for (const auto& nested : message.nested_type())
        each_symbol(nested, inner, add);
    each_name(message.enum_type(), inner, add);
    each_name(message.extension(), inner, add);
}
template <class Add>
void each_symbol(const FileDescriptorProto& file, const Add& add) {
    const std::string prefix = file.package().empty() ? "" : file.package() + '.';
    for (const auto& message : file.message_type())
        each_symbol(message, prefix, add);
    each_name(file.enum_type(), prefix, add);
    each_name(file.extension(), prefix, add);
    each_name(file.service(), prefix, add);
}

template <class Visit>
void each_extension(const Descriptor& message, const Visit& visit) {
    for (int i = 0; i < message.extension_count(); ++i)
        visit(*message.extension(i));
    for (int i = 0; i < message.nested_type_count(); ++i)
        each_extension(*message.nested_type(i), visit);
}
template <class Visit>
void each_extension(const FileDescriptor& file, const Visit& visit) {
    for (int i = 0; i < file.extension_count(); ++i)
        visit(*file.extension(i));
    for (int i = 0; i < file.message_type_count(); ++i)
        each_extension(*file.message_type(i), visit);
}

/// One folder on its way into the set.
class Adding {
public:
    Adding(const SchemaFolder& folder, const SchemaSet& known) : folder_(folder), known_(known) {}

    /// New files, each after those it imports; nothing if there is a problem.
    std::vector<std::pair<FileDescriptorProto, std::string>> run() {
        sort_out();
        if (problems.empty()) compile();
        return problems.empty() ? std::move(fresh_) : decltype(fresh_){};
    }

    std::vector<SchemaProblem> problems;

private:
    void sort_out();
    void read_set(const SchemaFile& file);
    void compile();
    void take(const FileDescriptor& file);
    void check_names(const FileDescriptor& file);
    void compare(const FileDescriptor& file,
                 FileDescriptorProto proto,
                 const FileDescriptorProto& known);
    [[nodiscard]] bool is_of_folder(const std::string& name) const {
        return texts_.has(name) || sets_.contains(name);
    }
    [[nodiscard]] std::string place(const std::string& name) const {
        const auto set = set_of_.find(name);
        if (set != set_of_.end()) return in_folder(set->second) + " (" + name + ")";
        return texts_.has(name) ? in_folder(name) : known_.origin_of(name);
    }
    [[nodiscard]] std::string in_folder(const std::string& name) const {
        return folder_.place.empty() ? name : folder_.place + '/' + name;
    }
    void problem(std::string file, std::string what, TextPlace at = {0, 0}) {
        if (problems.size() < max_problems)
            problems.push_back({std::move(file), at.line, at.column, std::move(what)});
    }

    const SchemaFolder& folder_;
    const SchemaSet& known_;
    Texts texts_;
    Importable::Files sets_;
    std::map<std::string, std::string, std::less<>> set_of_;  ///< file: the set it came in
    std::unique_ptr<DescriptorPool> known_pool_;              ///< of `known_`, if it was needed
    std::vector<std::pair<FileDescriptorProto, std::string>> fresh_;  ///< with its place
};

void Adding::sort_out() {
    if (folder_.files.size() > SchemaSet::max_files)
        return problem(folder_.place,
                       "more than " + std::to_string(SchemaSet::max_files) + " files of schemas");
    std::size_t bytes = 0;
    for (const SchemaFile& file : folder_.files) {
        bytes += file.bytes.size();
        if (file.bytes.size() > SchemaSet::max_file_bytes)
            problem(in_folder(file.name), "is larger than 16 MiB");
        else if (is_descriptor_set(file.name))
            read_set(file);
        else if (file.name.starts_with(protobufs_own))
            continue;
        else if (is_nested_too_deeply(file.bytes))
            problem(in_folder(file.name), "is nested too deeply (more than 200 open brackets)");
        else if (const auto at = not_utf8_at(file.bytes))
            problem(in_folder(file.name), "is not UTF-8", *at);
        else
            texts_.add(file);
    }
    if (texts_.files().size() + sets_.size() > SchemaSet::max_files)
        problem(folder_.place,
                "more than " + std::to_string(SchemaSet::max_files) + " files of schemas");
    if (bytes > SchemaSet::max_folder_bytes)
        problem(folder_.place, "holds more than 64 MiB of schemas");
}

void Adding::read_set(const SchemaFile& file) {
    FileDescriptorSet set;
    if (!set.ParseFromString(file.bytes))
        return problem(in_folder(file.name),
                       "is no descriptor set (google.protobuf.FileDescriptorSet)");
    if (set.file_size() == 0) problem(in_folder(file.name), "is a descriptor set without files");
    for (auto& one : *set.mutable_file()) {
        if (one.name().starts_with(protobufs_own)) continue;
        if (has_unresolved_options(one)) {
            problem(in_folder(file.name) + " (" + one.name() + ")",
                    "holds options that are not resolved (uninterpreted_option)");
            continue;
        }
        const auto [at, is_new] = sets_.try_emplace(one.name(), one);
        if (is_new)
            set_of_.emplace(one.name(), file.name);
        else if (!is_same(at->second, one))
            problem(in_folder(file.name),
                    one.name() + " is another one than in " + in_folder(set_of_[one.name()]));
    }
}

void Adding::compile() {
    Importable importable(sets_, known_);
    // Read twice: the compiler knows lines and columns only of what it has parsed for itself.
    google::protobuf::compiler::SourceTreeDescriptorDatabase glance(&texts_, &importable);
    Declarations declared;
    ImportOrder order(
        glance,
        [&](const FileDescriptorProto& file) {
            if (is_of_folder(file.name())) declared.add(file);
        },
        [this](const std::string& name, const std::string& what) { problem(place(name), what); });
    for (const auto& [name, text] : texts_.files())
        order.add(name);
    for (const auto& [name, file] : sets_)
        order.add(name);
    if (declared.are_too_many())
        problem(folder_.place, "more than 20000 messages, or 200000 fields and values");
    if (!problems.empty()) return;

    Complaints complaints([this](const std::string& name) { return place(name); });
    google::protobuf::compiler::SourceTreeDescriptorDatabase files(&texts_, &importable);
    files.RecordErrorsTo(&complaints);
    DescriptorPool pool(&files, files.GetValidationErrorCollector());
    std::vector<const FileDescriptor*> compiled;
    for (const std::string& name : order.names()) {
        const FileDescriptor* file = pool.FindFileByName(name);
        if (file != nullptr)
            compiled.push_back(file);
        else if (complaints.problems.empty())
            complaints.AddError(name, -1, 0, "cannot be compiled");
    }
    problems = std::move(complaints.problems);
    if (!problems.empty()) return;
    for (const FileDescriptor* file : compiled)
        take(*file);
}

void Adding::take(const FileDescriptor& file) {
    const bool is_own = is_of_folder(file.name());
    const FileDescriptorProto* known = known_.find(file.name());
    if (known != nullptr && !is_own) return;
    auto proto = canonical(file);
    if (!proto) return problem(place(file.name()), "is nested too deeply for a descriptor set");
    if (const auto what = not_utf8_in(*proto))
        return problem(place(file.name()), *what + ": is not UTF-8");
    if (known != nullptr) return compare(file, *std::move(proto), *known);
    if (is_own) check_names(file);
    fresh_.emplace_back(*std::move(proto),
                        is_own ? place(file.name()) : "Protobuf's " + file.name());
}

/// Names and numbers that others own: two of one name would be told apart by nobody.
void Adding::check_names(const FileDescriptor& file) {
    const bool is_veras = is_of_package(file.package(), "vera");
    if (is_veras && known_.find("vera/options/v1/options.proto") != nullptr)
        problem(place(file.name()), "package " + file.package() + ": vera is VeRA's own");
    if (is_of_package(file.package(), "google.protobuf"))
        problem(place(file.name()),
                "package " + file.package() + ": google.protobuf is Protobuf's own");
    if (is_veras) return;
    each_extension(file, [&](const FieldDescriptor& one) {
        const std::string& extended = one.containing_type()->full_name();
        if (is_number_of_option(one.number()) && extended.starts_with("google.protobuf.") &&
            extended.ends_with("Options"))
            problem(place(file.name()),
                    one.full_name() + ": number " + std::to_string(one.number()) + " of " +
                        extended + " is VeRA's own (50801 to 50841)");
    });
}

/// Folders bring copies of what they import, made when they were written: an older one is as good
/// as the known one, if that breaks nothing of it.
void Adding::compare(const FileDescriptor& file,
                     FileDescriptorProto proto,
                     const FileDescriptorProto& known) {
    if (is_same(std::move(proto), known)) return;
    if (known_pool_ == nullptr) {
        known_pool_ = std::make_unique<DescriptorPool>();
        build(known_, *known_pool_);
    }
    const auto differences = breaks(file, *known_pool_);
    if (differences.empty()) return;
    problem(place(file.name()),
            "is another one than " + known_.origin_of(file.name()) + ": " +
                differences.front().path + ": " + differences.front().what);
}

}  // namespace

bool is_proto(std::string_view file_name) {
    return file_name.ends_with(".proto");
}

bool is_descriptor_set(std::string_view file_name) {
    return file_name.ends_with(".binpb") || file_name.ends_with(".pb") ||
           file_name.ends_with(".desc");
}

SchemaSet SchemaSet::built_in() {
    const std::string_view bytes = schemas::descriptor_set();
    VERA_CHECK(bytes.size() <= INT_MAX);
    FileDescriptorSet files;
    VERA_CHECK(files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    SchemaSet set;
    for (auto& file : *files.mutable_file()) {
        std::string origin = "VeRA's " + file.name();
        set.append(std::move(file), std::move(origin));
    }
    return set;
}

std::vector<SchemaProblem> SchemaSet::add(const SchemaFolder& folder) {
    Adding adding(folder, *this);
    auto fresh = adding.run();
    for (const auto& [file, origin] : fresh)
        each_symbol(file, [&, &here = origin](const std::string& name) {
            const auto at = symbols_.find(name);
            if (at != symbols_.end() && adding.problems.size() < max_problems)
                adding.problems.push_back(
                    {here, 0, 0, name + " is in " + origin_of(at->second) + " already"});
        });
    if (adding.problems.empty()) check(fresh, adding.problems);
    if (!adding.problems.empty()) return std::move(adding.problems);
    for (auto& [file, origin] : fresh)
        append(std::move(file), std::move(origin));
    return {};
}

/// Beside what is known, and not what the folder may have had in its place: then build() holds.
void SchemaSet::check(const std::vector<std::pair<FileDescriptorProto, std::string>>& fresh,
                      std::vector<SchemaProblem>& problems) const {
    DescriptorPool pool;
    build(*this, pool);
    std::vector<const FileDescriptor*> built;
    for (const FileDescriptorProto& file : files_)
        built.push_back(pool.FindFileByName(file.name()));
    for (const auto& [file, origin] : fresh) {
        PoolErrors errors(origin, problems);
        built.push_back(pool.BuildFileCollectingErrors(file, &errors));
        if (built.back() == nullptr) return;  // what comes behind may import it
    }
    const Descriptor* chain = too_long_chain(built, max_chain);
    if (chain == nullptr) return;
    const auto at = std::ranges::find(
        fresh, chain->file()->name(), [](const auto& one) { return one.first.name(); });
    problems.push_back({at == fresh.end() ? origin_of(chain->file()->name()) : at->second,
                        0,
                        0,
                        chain->full_name() + ": messages in messages, more than " +
                            std::to_string(max_chain) + " in a row"});
}

void SchemaSet::append(FileDescriptorProto file, std::string origin) {
    each_symbol(file, [&](const std::string& name) { symbols_.emplace(name, file.name()); });
    origins_.emplace(file.name(), std::move(origin));
    by_name_.emplace(file.name(), files_.size());
    files_.push_back(std::move(file));
}

const FileDescriptorProto* SchemaSet::find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &files_[at->second];
}

std::string SchemaSet::origin_of(const std::string& name) const {
    const auto at = origins_.find(name);
    return at == origins_.end() ? name : at->second;
}

}  // namespace vera::event
