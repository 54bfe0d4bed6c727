#pragma once
// All schemas that are known: the built-in ones and those of folders, which come as bytes. Files
// (.proto) are compiled, descriptor sets read; what contradicts what is known already is an error
// that names both places.
#include "bus/event/schema_problem.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// `name` is the path below its folder, with slashes; a .proto file is imported by it.
struct SchemaFile {
    std::string name;
    std::string bytes;
};

struct SchemaFolder {
    std::string place;  ///< as it is called in errors
    std::vector<SchemaFile> files;
};

[[nodiscard]] bool is_proto(std::string_view file_name);
/// A serialized google.protobuf.FileDescriptorSet: *.binpb, *.pb, *.desc.
[[nodiscard]] bool is_descriptor_set(std::string_view file_name);

/// A value. Not for several threads at once while it is added to.
class SchemaSet {
public:
    static constexpr std::size_t max_files = 1000;  ///< per folder, those in descriptor sets too
    static constexpr std::size_t max_chain = 1000;  ///< messages that hold each other, in a row
    static constexpr std::size_t max_file_bytes = 16U << 20U;
    static constexpr std::size_t max_folder_bytes = 64U << 20U;

    /// Nothing at all, for a set that shall stand alone.
    SchemaSet() = default;
    /// The schemas VeRA is built with.
    [[nodiscard]] static SchemaSet built_in();

    /// Adds a folder whole, or nothing of it: then what is wrong, at most 100 of it. A folder may
    /// import what is known already. A copy of what is known is no contradiction, nor is an older
    /// one that the known one does not break; Protobuf's own files are never taken from a folder.
    /// What was added builds: compatibility's build() relies on it.
    [[nodiscard]] std::vector<SchemaProblem> add(const SchemaFolder& folder);

    /// Each file after those it imports; options resolved, JSON names filled in, with comments.
    [[nodiscard]] const std::vector<google::protobuf::FileDescriptorProto>& files() const {
        return files_;
    }
    [[nodiscard]] const google::protobuf::FileDescriptorProto* find(std::string_view name) const;
    /// Where a file of that name came from, for people: "skemaer/skole/v1/elev.proto".
    [[nodiscard]] std::string origin_of(const std::string& name) const;

private:
    void check(
        const std::vector<std::pair<google::protobuf::FileDescriptorProto, std::string>>& fresh,
        std::vector<SchemaProblem>& problems) const;
    void append(google::protobuf::FileDescriptorProto file, std::string origin);

    std::vector<google::protobuf::FileDescriptorProto> files_;
    std::map<std::string, std::size_t, std::less<>> by_name_;  ///< index into `files_`
    std::map<std::string, std::string, std::less<>> origins_;  ///< by file name
    std::map<std::string, std::string, std::less<>> symbols_;  ///< full name: file name
};

}  // namespace vera::event
