#include "tests/fuzz/folder_run.hpp"

#include "bus/base/check.hpp"
#include "bus/event/compatibility.hpp"
#include "bus/event/message_rules.hpp"
#include "bus/event/schema_set.hpp"
#include "bus/pages/asyncapi.hpp"
#include "bus/pages/description.hpp"
#include "bus/pages/example.hpp"
#include "bus/pages/html_page.hpp"
#include "bus/pages/markdown_page.hpp"
#include "bus/pages/type_set.hpp"
#include "tests/fuzz/schema_changes.hpp"

#include <google/protobuf/descriptor.h>

namespace vera::fuzz {
namespace {

using event::SchemaSet;

const std::string text = R"(syntax = "proto3";
package skole.v1;
import "vera/oio/v1/grundtyper.proto";
import "vera/oio/v1/registrering.proto";
import "vera/options/v1/options.proto";
import "google/protobuf/descriptor.proto";
import "google/protobuf/timestamp.proto";
// What is told.
message ElevIndmeldt {
  option (vera.options.v1.besked) = {
    beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d" titel_da: "Elev indmeldt" kle: "17.02"
  };
  option (vera.options.v1.periode) = {fra: "fra" til: "til"};
  oneof hvem { string navn = 1 [(vera.options.v1.length) = {min: 1 max: 20}]; Klasse klasse = 2; }
  google.protobuf.Timestamp fra = 3;
  google.protobuf.Timestamp til = 4;
  map<string, Klasse> klasser = 5;
  repeated vera.oio.v1.Virkning virkning = 6 [(vera.options.v1.required) = true];
  enum Trin { TRIN_UNSPECIFIED = 0; TRIN_1 = 1; }
  optional Trin trin = 1001 [(vera.options.v1.known_value) = true];
  Klasse anden_klasse = 10;
  int32 antal = 11;
  repeated fixed32 karakterer = 12;
  vera.oio.v1.UnikId elev = 13 [(vera.options.v1.urn) = URN_ART_CPR];
  reserved 7 to 9, 100;
  reserved "gammel";
}
message Klasse {
  string navn = 1 [
    (vera.options.v1.pattern) = "[0-9][A-Z]", (vera.options.v1.example) = "7A", json_name = "NAVN"
  ];
}
extend google.protobuf.FieldOptions { string egen = 50999; }
)";

/// What a folder may import: little of it, so that a run is quick.
const SchemaSet& base() {
    static const SchemaSet set = [] {
        const SchemaSet all = SchemaSet::built_in();
        google::protobuf::FileDescriptorSet some;
        for (const char* name : {"vera/options/v1/options.proto",
                                 "vera/oio/v1/grundtyper.proto",
                                 "vera/oio/v1/registrering.proto",
                                 "vera/besked/v1/haendelsesbesked.proto"})
            *some.add_file() = *all.find(name);
        SchemaSet small;
        VERA_CHECK(small.add({"base", {{"base.binpb", some.SerializeAsString()}}}).empty());
        return small;
    }();
    return set;
}

/// What people read of them can be made, whatever they say. Gives an example of each event.
std::vector<std::string> run_pages(const SchemaSet& set) {
    google::protobuf::FileDescriptorSet all;
    for (const auto& file : set.files())
        *all.add_file() = file;
    const auto types = pages::TypeSet::make(all.SerializeAsString());
    VERA_CHECK(types.has_value());
    const auto description = pages::describe(*types);
    pages::PageOptions options;
    std::vector<std::string> examples;
    for (const auto* type : types->events()) {
        options.only.insert(type->full_name());
        examples.push_back(pages::example_kuvert(*type).dump());
    }
    if (options.only.empty()) return examples;
    VERA_CHECK(!pages::html_page(*types, description, options).empty());
    VERA_CHECK(!pages::markdown_page(*types, description, options).empty());
    pages::AsyncApiOptions of_document;
    of_document.only = options.only;
    VERA_CHECK(!pages::asyncapi(*types, description, of_document).empty());
    return examples;
}

/// The same for the same bytes.
std::uint64_t seed_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : bytes)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace

void run_folder(std::string_view bytes, FolderTally& tally) {
    ++tally.runs;
    if (bytes.empty()) return;
    const bool is_text = bytes[0] % 2 == 0;
    SchemaSet set = base();
    const std::size_t before = set.files().size();
    const auto problems =
        set.add({"f", {{is_text ? "skole/a.proto" : "a.binpb", std::string(bytes.substr(1))}}});
    if (!problems.empty()) {
        ++tally.refused;
        VERA_CHECK(set.files().size() == before);
        for (const auto& problem : problems)
            VERA_CHECK(!problem.file.empty() && !problem.what.empty());
        return;
    }
    ++tally.taken;
    google::protobuf::DescriptorPool pool;
    event::build(set, pool);
    for (const auto& file : set.files()) {
        const auto& built = *pool.FindFileByName(file.name());
        for (int i = 0; i < built.message_type_count(); ++i) {
            event::RuleBook book;
            const auto rules = book.compile(built.message_type(i));
            VERA_CHECK(rules.has_value() == !book.problem().has_value());
            if (rules) (void)check_message(**rules, bytes, event::UnknownFields::kept);
        }
    }
    VERA_CHECK(event::breaks(set, set).empty());
    VERA_CHECK(event::breaks(base(), set).empty());
    const std::vector<std::string> events = run_pages(set);
    Dice dice(seed_of(bytes));
    run_catalogue(set, base(), events, dice, tally.catalogues);
}

const std::vector<std::string>& good_folders() {
    static const std::vector<std::string> folders = [] {
        SchemaSet set = base();
        VERA_CHECK(set.add({"f", {{"skole/a.proto", text}}}).empty());
        google::protobuf::FileDescriptorSet alone;
        *alone.add_file() = set.files().back();
        return std::vector<std::string>{'\0' + text, '\1' + alone.SerializeAsString()};
    }();
    return folders;
}

std::string later_folder(Dice& dice) {
    google::protobuf::FileDescriptorSet set;
    VERA_CHECK(set.ParseFromString(good_folders()[1].substr(1)));
    for (auto left = dice.below(4); left != 0; --left)
        *set.mutable_file(0) = changed_file(set.file(0), dice);
    return '\1' + set.SerializeAsString();
}

}  // namespace vera::fuzz
