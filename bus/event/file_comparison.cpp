#include "bus/event/file_comparison.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <string>
#include <string_view>

namespace vera::event {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileOptions;
using Severity = Difference::Severity;

struct TextOption {
    std::string_view name;
    const std::string& (FileOptions::*value)() const;
};
constexpr TextOption text_options[] = {
    // NOLINT(*-avoid-c-arrays): counts itself
    {"java_package", &FileOptions::java_package},
    {"java_outer_classname", &FileOptions::java_outer_classname},
    {"csharp_namespace", &FileOptions::csharp_namespace},
    {"go_package", &FileOptions::go_package},
    {"php_namespace", &FileOptions::php_namespace},
    {"php_class_prefix", &FileOptions::php_class_prefix},
    {"php_metadata_namespace", &FileOptions::php_metadata_namespace},
    {"objc_class_prefix", &FileOptions::objc_class_prefix},
    {"swift_prefix", &FileOptions::swift_prefix},
    {"ruby_package", &FileOptions::ruby_package},
};

struct Flag {
    std::string_view name;
    bool (FileOptions::*value)() const;
};
constexpr Flag flags[] = {
    // NOLINT(*-avoid-c-arrays): counts itself
    {"java_multiple_files", &FileOptions::java_multiple_files},
    {"cc_generic_services", &FileOptions::cc_generic_services},
    {"java_generic_services", &FileOptions::java_generic_services},
    {"py_generic_services", &FileOptions::py_generic_services},
};

void option(std::string_view name,
            const std::string& old,
            const std::string& fresh,
            Differences& found) {
    if (old != fresh)
        found.add(Severity::source, "option " + std::string(name), "was " + old + ", is " + fresh);
}

void compare_options(const FileOptions& old, const FileOptions& fresh, Differences& found) {
    const auto quoted = [](const std::string& text) {
        return text.empty() ? std::string("not set") : '"' + text + '"';
    };
    const auto shown = [](bool flag) { return std::string(flag ? "true" : "false"); };
    for (const TextOption& one : text_options)
        option(one.name, quoted((old.*one.value)()), quoted((fresh.*one.value)()), found);
    for (const Flag& one : flags)
        option(one.name, shown((old.*one.value)()), shown((fresh.*one.value)()), found);
    // Between the two others the classes are the same.
    const bool is_lite = fresh.optimize_for() == FileOptions::LITE_RUNTIME;
    if (is_lite != (old.optimize_for() == FileOptions::LITE_RUNTIME))
        option("optimize_for",
               FileOptions::OptimizeMode_Name(old.optimize_for()),
               FileOptions::OptimizeMode_Name(fresh.optimize_for()),
               found);
}

void compare_imports(const FileDescriptor& old, const FileDescriptor& fresh, Differences& found) {
    std::set<std::string> passed_on;
    for (int i = 0; i < fresh.public_dependency_count(); ++i)
        passed_on.insert(fresh.public_dependency(i)->name());
    for (int i = 0; i < old.public_dependency_count(); ++i) {
        const std::string& name = old.public_dependency(i)->name();
        if (!passed_on.contains(name))
            found.add(Severity::source, {}, "does not import " + name + " publicly any more");
    }
}

template <class Thing>
void compare_place(const FileDescriptor& old, const Thing* fresh, Differences& found) {
    if (fresh == nullptr || fresh->file()->name() == old.name()) return;
    found.add(Severity::source,
              fresh->full_name(),
              "is in " + fresh->file()->name() +
                  " now, which programs have to include or import; bytes and JSON stay as they "
                  "are");
}

}  // namespace

void compare_files(const FileDescriptor& old, const DescriptorPool& fresh, Differences& found) {
    found.set_file(old.name());
    found.set_message({});
    if (const FileDescriptor* now = fresh.FindFileByName(old.name())) {
        compare_options(old.options(), now->options(), found);
        compare_imports(old, *now, found);
    } else {
        found.add(Severity::source, {}, "the file is gone");
    }
    for (int i = 0; i < old.message_type_count(); ++i)
        compare_place(old, fresh.FindMessageTypeByName(old.message_type(i)->full_name()), found);
    for (int i = 0; i < old.enum_type_count(); ++i)
        compare_place(old, fresh.FindEnumTypeByName(old.enum_type(i)->full_name()), found);
    for (int i = 0; i < old.extension_count(); ++i)
        compare_place(old, fresh.FindExtensionByName(old.extension(i)->full_name()), found);
    for (int i = 0; i < old.service_count(); ++i)
        compare_place(old, fresh.FindServiceByName(old.service(i)->full_name()), found);
}

}  // namespace vera::event
