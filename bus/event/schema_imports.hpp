#pragma once
// A folder's schemas on their way to the compiler: its texts, what they may import, and in which
// order they are built. Protobuf goes from a file to those it imports by recursion; built in this
// order, it never goes further than one.
#include "bus/event/schema_set.hpp"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// The .proto files of a folder, as a tree to import from. Borrows their bytes.
class Texts final : public google::protobuf::compiler::SourceTree {
public:
    void add(const SchemaFile& file) { files_[file.name] = file.bytes; }
    [[nodiscard]] bool has(const std::string& name) const { return files_.contains(name); }
    [[nodiscard]] const std::map<std::string, std::string_view, std::less<>>& files() const {
        return files_;
    }

    google::protobuf::io::ZeroCopyInputStream* Open(const std::string& name) override;
    std::string GetLastErrorMessage() override { return "is not there"; }

private:
    std::map<std::string, std::string_view, std::less<>> files_;
};

/// What a folder's files may import beside each other's texts: its descriptor sets, what is known
/// already, and Protobuf's own.
class Importable final : public google::protobuf::DescriptorDatabase {
public:
    using Files = std::map<std::string, google::protobuf::FileDescriptorProto, std::less<>>;

    Importable(const Files& sets, const SchemaSet& known) : sets_(sets), known_(known) {}
    bool FindFileByName(const std::string& name,
                        google::protobuf::FileDescriptorProto* file) override;
    bool FindFileContainingSymbol(const std::string& /*symbol*/,
                                  google::protobuf::FileDescriptorProto* /*file*/) override {
        return false;
    }
    bool FindFileContainingExtension(const std::string& /*type*/,
                                     int /*number*/,
                                     google::protobuf::FileDescriptorProto* /*file*/) override {
        return false;
    }

private:
    const Files& sets_;
    const SchemaSet& known_;
};

/// Files and all they import, each behind those it imports.
class ImportOrder {
public:
    static constexpr std::size_t max_depth = 1000;
    using See = std::function<void(const google::protobuf::FileDescriptorProto& file)>;
    using Complain = std::function<void(const std::string& file, const std::string& what)>;

    /// Asks `files` once for each, and lets it be seen. An import that is not there, or cannot be
    /// read, is left out: the compiler tells of it.
    ImportOrder(google::protobuf::DescriptorDatabase& files, See see, Complain complain)
        : files_(files),
          see_(std::move(see)),
          complain_(std::move(complain)) {}

    /// Complains of rings, and once of a chain longer than `max_depth`.
    void add(const std::string& name);
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
    struct Open {
        std::string name;
        std::vector<std::string> imports;
        bool is_there = false;
        std::size_t next = 0;
        std::size_t depth = 0;  ///< of what it imports
    };
    void open(const std::string& name);
    void close();
    void complain_of_ring(const std::string& name);

    google::protobuf::DescriptorDatabase& files_;
    See see_;
    Complain complain_;
    std::vector<Open> open_;
    std::map<std::string, std::size_t> depths_;  ///< 0: is open
    std::vector<std::string> names_;
    bool is_too_deep_ = false;
};

}  // namespace vera::event
