#include "tests/unit/pages/sample_set.hpp"

#include "tests/support/catch.hpp"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "schemas/descriptor_set.hpp"

namespace vera::pages::test {
namespace {

class Failing : public google::protobuf::io::ErrorCollector {
public:
    void AddError(int line, int column, const std::string& message) override {
        FAIL("line " << line + 1 << ", column " << column + 1 << ": " << message);
    }
};

}  // namespace

const TypeSet& built_in() {
    static const TypeSet set = TypeSet::built_in();
    return set;
}

std::string descriptor_set_of(const std::string& name, const std::string& proto) {
    Failing errors;
    google::protobuf::io::ArrayInputStream input(proto.data(), static_cast<int>(proto.size()));
    google::protobuf::io::Tokenizer tokenizer(&input, &errors);
    google::protobuf::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    google::protobuf::FileDescriptorSet set;
    REQUIRE(set.ParseFromString(std::string(schemas::descriptor_set())));
    google::protobuf::FileDescriptorProto& file = *set.add_file();
    REQUIRE(parser.Parse(&tokenizer, &file));
    file.set_name(name);
    return set.SerializeAsString();
}

TypeSet set_of(const std::string& proto) {
    auto set = TypeSet::make(descriptor_set_of("test.proto", proto));
    INFO((set ? std::string{} : set.error().text));
    REQUIRE(set.has_value());
    return *set;
}

}  // namespace vera::pages::test
