#pragma once
// Messages for the tests of scanner and writer: values of every type in every encoding, and
// messages of every combination of sections.
#include "tests/unit/amqp/wire.hpp"

#include <string>
#include <utility>
#include <vector>

namespace vera::wire {

using Named = std::pair<std::string, std::string>;

/// All primitive types in all their encodings (§1.6), then described, nested and empty ones.
inline std::vector<Named> all_values() {
    const std::string wide(300, 'w');
    return {
        {"null", "\x40"s},
        {"true", "\x41"s},
        {"false", "\x42"s},
        {"boolean 1", "\x56\x01"s},
        {"boolean 0", "\x56\x00"s},
        {"ubyte", "\x50\xff"s},
        {"ushort", "\x60\xff\xfe"s},
        {"uint", "\x70\xff\xff\xff\xff"s},
        {"smalluint", "\x52\xff"s},
        {"uint0", "\x43"s},
        {"ulong", "\x80"s + be(~0ULL, 8)},
        {"smallulong", "\x53\xff"s},
        {"ulong0", "\x44"s},
        {"byte", "\x51\x80"s},
        {"short", "\x61\x80\x00"s},
        {"int", "\x71\x80\x00\x00\x00"s},
        {"smallint", "\x54\x80"s},
        {"long", "\x81"s + be(1ULL << 63U, 8)},
        {"smalllong", "\x55\xff"s},
        {"float NaN", "\x72\x7f\xc0\x00\x00"s},
        {"double", "\x82\x40\x09\x21\xfb\x54\x44\x2d\x18"s},
        {"decimal32", "\x74\x22\x50\x00\x01"s},
        {"decimal64", "\x84"s + be(7, 8)},
        {"decimal128", "\x94"s + std::string(16, '\x22')},
        {"char", "\x73\x00\x01\xf6\x00"s},
        {"timestamp", "\x83"s + be(1700000000000ULL, 8)},
        {"timestamp before 1970", "\x83"s + be(~0ULL, 8)},
        {"uuid", "\x98"s + std::string(16, '\xfe')},
        {"vbin8", bin("\0\xff"sv)},
        {"vbin32", "\xb0\x00\x00\x00\x01\xff"s},
        {"vbin32 of 300", bin(wide)},
        {"str8", str("æøå €\U0001F600")},
        {"str8 with a zero byte", str("a\0b"sv)},
        {"str32", "\xb1\x00\x00\x00\x02\xc3\xa6"s},
        {"str8 empty", str("")},
        {"sym8", sym("amqp:symbol")},
        {"sym32", "\xb3\x00\x00\x00\x01s"s},
        {"list0", "\x45"s},
        {"list8", "\xc0\x04\x03\x41\x42\x40"s},
        {"list8 empty", "\xc0\x01\x00"s},
        {"list32", "\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x43"s},
        {"map8", "\xc1\x05\x02\xa1\x01k\x41"s},
        {"map8 empty", "\xc1\x01\x00"s},
        {"map32", "\xd1\x00\x00\x00\x08\x00\x00\x00\x02\xa1\x01k\x41"s},
        {"map with keys of any type", map({"\x54\x01"s, list({}), list({u32(1)}), map({})})},
        {"array8 of ubyte", "\xe0\x04\x02\x50\x01\x02"s},
        {"array8 of true", "\xe0\x02\x03\x41"s},
        {"array8 of boolean", "\xe0\x04\x02\x56\x00\x01"s},
        {"array8 of char", "\xe0\x06\x01\x73\x00\x00\x00\x41"s},
        {"array8 of str32", "\xe0\x06\x01\xb1\x00\x00\x00\x00"s},
        {"array8 of list8", "\xe0\x05\x01\xc0\x02\x01\x40"s},
        {"array8 of list0", "\xe0\x02\x02\x45"s},
        {"array32 of decimal128",
         "\xf0\x00\x00\x00\x15\x00\x00\x00\x01\x94"s + std::string(16, 'd')},
        {"array32 empty", "\xf0\x00\x00\x00\x05\x00\x00\x00\x00\x40"s},
        {"array of arrays", "\xe0\x06\x01\xe0\x03\x01\x50\x07"s},
        {"array of described values", "\xe0\x07\x02\x00\x53\x70\x50\x01\x02"s},
        {"described by ulong", described(0x1234567890, {u32(1)})},
        {"described by symbol", "\x00"s + sym("dk:type") + str("v")},
        {"described by a list", "\x00"s + list({u32(1)}) + str("v")},
        {"described twice", "\x00\x53\x01\x00\x53\x02\x40"s},
        {"null with a symbol for descriptor", "\x00"s + sym("x") + null},
    };
}

inline const std::string header_section = described(0x70, {yes, u8(9), u32(60000), yes, u32(2)});
inline const std::string delivery_annotations =
    described(0x71, map({sym("x-opt-da"), u32(1), u64(7), null}));
inline const std::string message_annotations =
    described(0x72, map({sym("x-opt-kept"), list({str("v")})}));
inline const std::string properties_section = described(0x73,
                                                        {str("id-1"),
                                                         bin("user"),
                                                         str("events"),
                                                         str("subject"),
                                                         str("reply"),
                                                         u64(7),
                                                         sym("application/protobuf"),
                                                         sym("gzip"),
                                                         timestamp(1700000000000),
                                                         timestamp(1),
                                                         str("group"),
                                                         u32(3),
                                                         str("reply-group")});
inline const std::string application_properties = described(0x74,
                                                            map({str("cloudEvents_type"),
                                                                 str("dk.vera"),
                                                                 str("n"),
                                                                 u32(3),
                                                                 str("t"),
                                                                 timestamp(1700000000123)}));
inline const std::string data_section = described(0x75, bin("payload"));
inline const std::string sequence_section = described(0x76, {u32(1), str("two")});
inline const std::string value_section = described(0x77, map({str("k"), null}));
inline const std::string footer_section = described(0x78, map({sym("x-opt-sha"), bin("sum")}));

/// The eleven combinations that a client library once lost parts of.
inline std::vector<Named> all_messages() {
    return {
        {"data alone", data_section},
        {"two data sections", data_section + described(0x75, bin("more"))},
        {"a sequence", sequence_section},
        {"three sequences", sequence_section + sequence_section + described(0x76, "\x45"s)},
        {"a value", value_section},
        {"a null value", described(0x77, null)},
        {"all sections with data",
         header_section + delivery_annotations + message_annotations + properties_section +
             application_properties + data_section + footer_section},
        {"all sections with sequences",
         header_section + delivery_annotations + message_annotations + properties_section +
             application_properties + sequence_section + sequence_section + footer_section},
        {"application properties and value", application_properties + value_section},
        {"footer behind empty data",
         properties_section + described(0x75, bin("")) + footer_section},
        {"empty sections, wide descriptors",
         "\x00\x80"s + be(0x70, 8) + "\x45" + "\x00\x80"s + be(0x73, 8) + "\x45" + "\x00\x80"s +
             be(0x74, 8) + map({}) + "\x00\x80"s + be(0x77, 8) + str("x") + "\x00\x80"s +
             be(0x78, 8) + map({})},
    };
}

}  // namespace vera::wire
