#include "bus/event/schema_imports.hpp"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

namespace vera::event {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;

google::protobuf::io::ZeroCopyInputStream* Texts::Open(const std::string& name) {
    const auto at = files_.find(name);
    if (at == files_.end()) return nullptr;
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the caller owns it
    return new google::protobuf::io::ArrayInputStream(at->second.data(),
                                                      static_cast<int>(at->second.size()));
}

bool Importable::FindFileByName(const std::string& name, FileDescriptorProto* file) {
    if (const auto at = sets_.find(name); at != sets_.end()) {
        *file = at->second;
        return true;
    }
    if (const FileDescriptorProto* known = known_.find(name)) {
        *file = *known;
        return true;
    }
    if (!name.starts_with("google/protobuf/")) return false;
    const auto* own = DescriptorPool::generated_pool()->FindFileByName(name);
    if (own != nullptr) own->CopyTo(file);
    return own != nullptr;
}

void ImportOrder::add(const std::string& name) {
    if (depths_.contains(name)) return;
    open(name);
    while (!open_.empty()) {
        Open& top = open_.back();
        if (top.next == top.imports.size()) {
            close();
            continue;
        }
        const std::string import = top.imports[top.next++];
        const auto at = depths_.find(import);
        if (at == depths_.end())
            open(import);
        else if (at->second == 0)
            complain_of_ring(import);
        else
            top.depth = std::max(top.depth, at->second);
    }
}

void ImportOrder::open(const std::string& name) {
    Open opened;
    opened.name = name;
    FileDescriptorProto file;
    opened.is_there = files_.FindFileByName(name, &file);
    if (opened.is_there) {
        opened.imports.assign(file.dependency().begin(), file.dependency().end());
        see_(file);
    }
    depths_[name] = 0;
    open_.push_back(std::move(opened));
}

void ImportOrder::close() {
    const Open closed = std::move(open_.back());
    open_.pop_back();
    const std::size_t depth = closed.depth + 1;
    depths_[closed.name] = depth;
    if (closed.is_there || open_.empty()) names_.push_back(closed.name);
    if (!open_.empty()) open_.back().depth = std::max(open_.back().depth, depth);
    if (depth <= max_depth || is_too_deep_) return;
    is_too_deep_ = true;
    complain_(closed.name, "imports more than 1000 files in a row");
}

void ImportOrder::complain_of_ring(const std::string& name) {
    auto at = std::ranges::find(open_, name, &Open::name);
    std::string ring;
    for (; at != open_.end(); ++at)
        ring += at->name + " -> ";
    complain_(name, "recursively imports itself: " + ring + name);
}

}  // namespace vera::event
