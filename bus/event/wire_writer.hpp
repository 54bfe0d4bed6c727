#pragma once
// Writing Protobuf's wire format at the end of a string.
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::event {

inline void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80U) {
        out += static_cast<char>((value & 0x7FU) | 0x80U);
        value >>= 7U;
    }
    out += static_cast<char>(value);
}

inline void append_bytes(std::string& out, std::string_view tag, std::string_view bytes) {
    out.append(tag);
    append_varint(out, bytes.size());
    out.append(bytes);
}

/// A message whose size is known only when it has been written: begin, write it, end.
class LengthMark {
public:
    LengthMark(std::string& out, std::string_view tag) : out_(out), begin_(out.size()) {
        out_.append(tag);
        out_ += '\0';
        content_ = out_.size();
    }
    [[nodiscard]] bool is_empty() const { return out_.size() == content_; }
    /// As if it had never begun.
    void take_back() { out_.resize(begin_); }
    void end() {
        const std::size_t size = out_.size() - content_;
        if (size < 0x80U) {
            out_[content_ - 1] = static_cast<char>(size);
            return;
        }
        std::string length;
        append_varint(length, size);
        out_.replace(content_ - 1, 1, length);
    }

private:
    std::string& out_;
    std::size_t begin_;
    std::size_t content_ = 0;
};

}  // namespace vera::event
