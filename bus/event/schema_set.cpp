#include "bus/event/schema_set.hpp"

#include "bus/base/check.hpp"
#include "bus/event/compatibility.hpp"
#include "bus/event/schema_options.hpp"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <climits>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "schemas/descriptor_set.hpp"

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using Files = std::map<std::string, FileDescriptorProto, std::less<>>;

constexpr std::size_t max_problems = 100;
constexpr std::string_view protobufs_own = "google/protobuf/";

/// The .proto files of a folder, as a tree to import from.
class Texts final : public google::protobuf::compiler::SourceTree {
public:
    void add(const SchemaFile& file) { files_[file.name] = file.bytes; }
    [[nodiscard]] bool has(const std::string& name) const { return files_.contains(name); }
    [[nodiscard]] const std::map<std::string, std::string_view, std::less<>>& files() const {
        return files_;
    }

    google::protobuf::io::ZeroCopyInputStream* Open(const std::string& name) override {
        const auto at = files_.find(name);
        if (at == files_.end()) return nullptr;
        return new google::protobuf::io::
            ArrayInputStream(  // NOLINT(cppcoreguidelines-owning-memory):
                               // the caller owns it
                at->second.data(),
                static_cast<int>(at->second.size()));
    }
    std::string GetLastErrorMessage() override { return "is not there"; }

private:
    std::map<std::string, std::string_view, std::less<>> files_;
};

/// What a folder's files may import beside each other's texts: its descriptor sets, what is known
/// already, and Protobuf's own.
class Importable final : public google::protobuf::DescriptorDatabase {
public:
    Importable(const Files& sets, const SchemaSet& known) : sets_(sets), known_(known) {}

    bool FindFileByName(const std::string& name, FileDescriptorProto* file) override {
        if (const auto at = sets_.find(name); at != sets_.end())
            *file = at->second;
        else if (const FileDescriptorProto* known = known_.find(name))
            *file = *known;
        else if (const auto* own = protobufs(name))
            own->CopyTo(file);
        else
            return false;
        return true;
    }
    bool FindFileContainingSymbol(const std::string& /*symbol*/,
                                  FileDescriptorProto* /*file*/) override {
        return false;
    }
    bool FindFileContainingExtension(const std::string& /*type*/,
                                     int /*number*/,
                                     FileDescriptorProto* /*file*/) override {
        return false;
    }

private:
    static const FileDescriptor* protobufs(const std::string& name) {
        return name.starts_with(protobufs_own)
                   ? DescriptorPool::generated_pool()->FindFileByName(name)
                   : nullptr;
    }

    const Files& sets_;
    const SchemaSet& known_;
};

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

/// Options resolved, as `protoc --descriptor_set_out` writes it.
FileDescriptorProto canonical(const FileDescriptor& file) {
    FileDescriptorProto proto;
    file.CopyTo(&proto);
    file.CopyJsonNameTo(&proto);
    file.CopySourceCodeInfoTo(&proto);
    // Once more through the bytes: then an option is where the generated code looks for it.
    FileDescriptorProto read;
    VERA_CHECK(read.ParseFromString(proto.SerializeAsString()));
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

/// Brackets that are open at once. The compiler reads options by recursion; what is in comments and
/// quotes is counted too, and never comes near.
bool is_nested_too_deeply(std::string_view text) {
    constexpr int most = 200;
    int depth = 0;
    for (const char c : text) {
        if (c == '{' || c == '[' || c == '(' || c == '<') ++depth;
        if ((c == '}' || c == ']' || c == ')' || c == '>') && depth > 0) --depth;
        if (depth > most) return true;
    }
    return false;
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
    void compare(const FileDescriptor& file, const FileDescriptorProto& known);
    [[nodiscard]] std::string place(const std::string& name) const {
        const auto set = set_of_.find(name);
        if (set != set_of_.end()) return in_folder(set->second) + " (" + name + ")";
        return texts_.has(name) ? in_folder(name) : known_.origin_of(name);
    }
    [[nodiscard]] std::string in_folder(const std::string& name) const {
        return folder_.place.empty() ? name : folder_.place + '/' + name;
    }
    void problem(std::string file, std::string what) {
        if (problems.size() < max_problems)
            problems.push_back({std::move(file), 0, 0, std::move(what)});
    }

    const SchemaFolder& folder_;
    const SchemaSet& known_;
    Texts texts_;
    Files sets_;
    std::map<std::string, std::string, std::less<>> set_of_;  ///< file: the set it came in
    std::set<const FileDescriptor*> taken_;
    std::unique_ptr<DescriptorPool> known_pool_;  ///< of `known_`, if it was needed
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
        else
            texts_.add(file);
    }
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
        const auto [at, is_new] = sets_.try_emplace(one.name(), one);
        if (is_new)
            set_of_.emplace(one.name(), file.name);
        else if (!is_same(at->second, one))
            problem(in_folder(file.name),
                    one.name() + " is another one than in " + in_folder(set_of_[one.name()]));
    }
}

void Adding::compile() {
    Complaints complaints([this](const std::string& name) { return place(name); });
    Importable importable(sets_, known_);
    google::protobuf::compiler::SourceTreeDescriptorDatabase database(&texts_, &importable);
    database.RecordErrorsTo(&complaints);
    DescriptorPool pool(&database, database.GetValidationErrorCollector());
    std::vector<const FileDescriptor*> compiled;
    const auto add = [&](const std::string& name) {
        const FileDescriptor* file = pool.FindFileByName(name);
        if (file != nullptr)
            compiled.push_back(file);
        else if (complaints.problems.empty())
            complaints.AddError(name, -1, 0, "cannot be compiled");
    };
    for (const auto& [name, text] : texts_.files())
        add(name);
    for (const auto& [name, file] : sets_)
        if (!texts_.has(name)) add(name);
    problems = std::move(complaints.problems);
    if (!problems.empty()) return;
    for (const FileDescriptor* file : compiled)
        take(*file);
}

void Adding::take(const FileDescriptor& file) {
    if (!taken_.insert(&file).second) return;
    for (int i = 0; i < file.dependency_count(); ++i)
        take(*file.dependency(i));
    const bool is_of_folder = texts_.has(file.name()) || sets_.contains(file.name());
    const FileDescriptorProto* known = known_.find(file.name());
    if (known != nullptr && !is_of_folder) return;
    if (known != nullptr) return compare(file, *known);
    FileDescriptorProto proto = canonical(file);
    const bool is_beside_veras = known_.find("vera/options/v1/options.proto") != nullptr;
    if (is_of_folder && is_beside_veras && is_of_package(file.package(), "vera"))
        return problem(place(file.name()), "package " + file.package() + ": vera is VeRA's own");
    fresh_.emplace_back(std::move(proto),
                        is_of_folder ? place(file.name()) : "Protobuf's " + file.name());
}

/// Folders bring copies of what they import, made when they were written: an older one is as good
/// as the known one, if that breaks nothing of it.
void Adding::compare(const FileDescriptor& file, const FileDescriptorProto& known) {
    if (is_same(canonical(file), known)) return;
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
    if (!adding.problems.empty()) return std::move(adding.problems);
    for (auto& [file, origin] : fresh)
        append(std::move(file), std::move(origin));
    return {};
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
