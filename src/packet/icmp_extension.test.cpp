// SPDX-License-Identifier: Apache-2.0
#include "packet/icmp_extension.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace lw::packet {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer concatenated(std::initializer_list<Buffer> parts) {
  Buffer all;
  for (const Buffer& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Buffer kNoChecksum = {0x20, 0x00, 0x00, 0x00};
/// Label 24001 (05dc1), traffic class 5, not the bottom, TTL 1; label 16, bottom, TTL 255.
const Buffer kTwoLabels = {0x00, 0x0c, 0x01, 0x01, 0x05, 0xdc, 0x1a, 0x01, 0x00, 0x01, 0x01, 0xff};
/// All four facts of the outgoing interface: C-Type 10 00 1111.
const Buffer kOutgoing = {0x00, 0x20, 0x02, 0x8f, 0x00, 0x00, 0x00, 0x07, 0x00, 0x01, 0x00,
                          0x00, 192,  0,    2,    1,    0x0c, 'g',  'e',  '-',  '0',  '/',
                          '0',  '/',  '1',  0x00, 0x00, 0x00, 0x00, 0x00, 0x23, 0x28};

const IcmpExtensions kLabels = {{{24001, 5, false, 1}, {16, 0, true, 255}}, {}};

std::optional<IcmpExtensions> parse_objects(std::initializer_list<Buffer> objects) {
  return parse_icmp_extensions(concatenated({kNoChecksum, concatenated(objects)}));
}

TEST(IcmpExtension, reads_a_label_stack) { EXPECT_EQ(parse_objects({kTwoLabels}), kLabels); }

TEST(IcmpExtension, reads_a_label_stack_with_a_checksum) {
  // By hand: 2000 + 000c + 0101 + 05dc + 1a01 + 0001 + 01ff = 42ea.
  const Buffer structure = concatenated({{0x20, 0x00, 0xbd, 0x15}, kTwoLabels});
  EXPECT_EQ(parse_icmp_extensions(structure), kLabels);
  EXPECT_EQ(build_icmp_extensions(kLabels), structure);
}

TEST(IcmpExtension, refuses_a_wrong_checksum_or_version) {
  EXPECT_FALSE(parse_icmp_extensions(concatenated({{0x20, 0x00, 0xbd, 0x16}, kTwoLabels})));
  EXPECT_FALSE(parse_icmp_extensions(concatenated({{0x10, 0x00, 0x00, 0x00}, kTwoLabels})));
  EXPECT_FALSE(parse_icmp_extensions(concatenated({{0x00, 0x00, 0x00, 0x00}, kTwoLabels})));
  EXPECT_FALSE(parse_icmp_extensions(Buffer{0x20, 0x00, 0x00}));
  EXPECT_FALSE(parse_icmp_extensions(Buffer{}));
}

TEST(IcmpExtension, reads_interface_information) {
  const auto read = parse_objects({kOutgoing});
  ASSERT_TRUE(read);
  ASSERT_EQ(read->interfaces.size(), 1U);
  const InterfaceInformation expected{2, 7, parse_ip_address("192.0.2.1"), "ge-0/0/1", 9000};
  EXPECT_EQ(read->interfaces[0], expected);
}

TEST(IcmpExtension, reads_an_ipv6_address_and_an_interface_of_which_nothing_is_told) {
  const Buffer incoming = {0x00, 0x18, 0x02, 0x04, 0x00, 0x02, 0x00, 0x00, 0x20, 0x01, 0x0d, 0xb8,
                           0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    9};
  const Buffer next_hop = {0x00, 0x04, 0x02, 0xc0};
  const auto read = parse_objects({incoming, next_hop});
  ASSERT_TRUE(read);
  ASSERT_EQ(read->interfaces.size(), 2U);
  EXPECT_EQ(read->interfaces[0].address, parse_ip_address("2001:db8::9"));
  EXPECT_EQ(read->interfaces[0].role, 0);
  const InterfaceInformation bare{3, {}, {}, "", {}};
  EXPECT_EQ(read->interfaces[1], bare);
}

TEST(IcmpExtension, leaves_control_characters_out_of_names) {
  const Buffer name = {0x00, 0x0c, 0x02, 0x02, 0x08, 'e', 0x1b, 't', 0x7f, 0xff, '1', 0x00};
  const auto read = parse_objects({name});
  ASSERT_TRUE(read);
  ASSERT_EQ(read->interfaces.size(), 1U);
  EXPECT_EQ(read->interfaces[0].name, "et1");
}

TEST(IcmpExtension, skips_objects_that_it_does_not_know) {
  const Buffer unknown_class = {0x00, 0x08, 0x03, 0x01, 1, 2, 3, 4};
  const Buffer unknown_type = {0x00, 0x08, 0x01, 0x02, 1, 2, 3, 4};
  EXPECT_EQ(parse_objects({unknown_class, unknown_type, kTwoLabels}), kLabels);
}

TEST(IcmpExtension, stops_at_a_broken_object_and_keeps_what_came_before) {
  for (const Buffer& broken : {
           Buffer{0x00, 0x03, 0x01, 0x01},                          // shorter than its header
           Buffer{0x00, 0x00, 0x00, 0x00},                          // padding
           Buffer{0x00, 0xfc, 0x01, 0x01, 0, 0, 0, 0},              // longer than the rest
           Buffer{0x00, 0x06, 0x01, 0x01, 0, 0},                    // half a label
           Buffer{0x00, 0x06, 0x02, 0x08, 0, 1},                    // half an index
           Buffer{0x00, 0x0c, 0x02, 0x04, 0, 3, 0, 0, 1, 2, 3, 4},  // no such address family
           Buffer{0x00, 0x0c, 0x02, 0x04, 0, 2, 0, 0, 1, 2, 3, 4},  // quarter of an address
           Buffer{0x00, 0x08, 0x02, 0x02, 0x00, 'a', 'b', 'c'},     // a name of length 0
           Buffer{0x00, 0x08, 0x02, 0x02, 0x08, 'a', 'b', 'c'},     // half a name
           Buffer{0x00, 0x08, 0x02, 0x03, 0x04, 'a', 'b', 'c'},     // a missing MTU
       }) {
    EXPECT_EQ(parse_objects({kTwoLabels, broken, kOutgoing}), kLabels)
        << ::testing::PrintToString(broken);
  }
}

TEST(IcmpExtension, refuses_a_name_longer_than_the_rfc_allows) {
  Buffer name(4 + 68, 'x');
  name[0] = 0;
  name[1] = 72;
  name[2] = 2;
  name[3] = 2;
  name[4] = 68;
  const auto read = parse_objects({name});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->interfaces.empty());
}

TEST(IcmpExtension, survives_every_cut) {
  const Buffer whole = concatenated({kNoChecksum, kTwoLabels, kOutgoing});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of exact size, so that asan sees a read behind the end.
    const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = parse_icmp_extensions(cut);
    ASSERT_EQ(read.has_value(), size >= 4) << size;
    if (!read) continue;
    EXPECT_EQ(read->labels.empty(), size < 16) << size;
    EXPECT_TRUE(read->interfaces.empty()) << size;
  }
}

TEST(IcmpExtension, is_read_as_it_was_built) {
  IcmpExtensions extensions = kLabels;
  for (std::uint8_t facts = 0; facts < 16; ++facts) {
    InterfaceInformation information;
    information.role = facts % 4;
    if ((facts & 8U) != 0) information.index = 0xfffffffe;
    if ((facts & 4U) != 0) information.address = parse_ip_address("2001:db8::5");
    // Names of all lengths modulo four, and the longest.
    if ((facts & 2U) != 0) information.name = std::string(facts == 15 ? 63 : facts, 'n');
    if ((facts & 1U) != 0) information.mtu = 1500;
    extensions.interfaces.push_back(information);
  }
  const Buffer built = build_icmp_extensions(extensions);
  EXPECT_EQ(built.size() % 4, 0U);
  EXPECT_EQ(internet_checksum(built), 0);
  EXPECT_EQ(parse_icmp_extensions(built), extensions);
}

TEST(IcmpExtension, cuts_off_what_has_no_room) {
  IcmpExtensions wide;
  wide.labels.push_back({0xfff00001, 0xff, true, 9});
  wide.interfaces.push_back({7, {}, {}, std::string(100, 'n'), {}});
  const auto read = parse_icmp_extensions(build_icmp_extensions(wide));
  ASSERT_TRUE(read);
  const MplsEntry expected{1, 7, true, 9};
  EXPECT_EQ(read->labels.at(0), expected);
  EXPECT_EQ(read->interfaces.at(0).role, 3);
  EXPECT_EQ(read->interfaces.at(0).name, std::string(63, 'n'));
}

TEST(IcmpExtension, builds_at_most_as_many_labels_as_an_object_holds) {
  IcmpExtensions many;
  many.labels.resize(20'000);
  const auto read = parse_icmp_extensions(build_icmp_extensions(many));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->labels.size(), 16'382U);
}

}  // namespace
}  // namespace lw::packet
