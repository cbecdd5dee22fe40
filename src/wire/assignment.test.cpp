// SPDX-License-Identifier: Apache-2.0
#include "wire/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

lw::Test make_test(std::uint64_t id, const std::string& address = "192.0.2.1") {
  static const auto kConfiguration = std::make_shared<const TestConfiguration>();
  lw::Test test;
  test.id = TestId{id};
  test.destination_address = address;
  test.configuration = kConfiguration;
  return test;
}

std::uint64_t version_of(const std::vector<lw::Test>& tests,
                         const std::vector<std::uint16_t>& ports = {}) {
  Fingerprinter fingerprinter;
  std::vector<std::uint64_t> fingerprints;
  for (const lw::Test& test : tests) fingerprints.push_back(fingerprinter.of(test));
  return assignment_version(fingerprints, ports);
}

std::vector<std::string> bytes_of(const std::vector<lw::Test>& tests) {
  std::vector<std::string> bytes;
  for (const auto& part : encode_assignment(version_of(tests), tests)) {
    bytes.push_back(part.SerializeAsString());
  }
  return bytes;
}

AssignmentReader::Base base_of(const std::vector<lw::Test>& tests) {
  return [bytes = bytes_of(tests)] { return Result<std::vector<std::string>>(bytes); };
}

/// Two tests to two others, one of which is new.
class DifferenceTest : public testing::Test {
 protected:
  const std::vector<lw::Test> before_ = {make_test(1), make_test(2)};
  const std::vector<lw::Test> after_ = {make_test(2), make_test(3)};
  const std::uint64_t base_ = version_of(before_);
  pb::AssignmentDifference difference_ = encode_difference({.base = base_,
                                                            .version = version_of(after_),
                                                            .put = {make_test(3)},
                                                            .removed = {TestId{1}},
                                                            .listen_ports = {}})
                                             .front();
  AssignmentReader reader_;

  void expect_refused(const std::string& why) {
    const auto taken = reader_.take(difference_, base_, base_of(before_));
    ASSERT_FALSE(taken.has_value());
    EXPECT_NE(taken.error().message.find(why), std::string::npos) << taken.error().message;
  }
};

TEST(AssignmentVersion, counts_all_that_is_said_but_not_the_order) {
  const std::vector<std::uint64_t> numbers = {5, 7, 9};
  const std::vector<std::uint64_t> turned = {9, 5, 7};
  EXPECT_EQ(assignment_version(numbers, {}), assignment_version(turned, {}));
  const std::vector<std::uint64_t> one_more = {5, 7, 9, 0};
  EXPECT_NE(assignment_version(numbers, {}), assignment_version(one_more, {}));
  const std::vector<std::uint16_t> port = {80};
  EXPECT_NE(assignment_version(numbers, {}), assignment_version(numbers, port));
}

TEST_F(DifferenceTest, is_applied_to_its_base) {
  const auto set = reader_.take(difference_, base_, base_of(before_));
  ASSERT_TRUE(set && *set) << set.error().message;
  EXPECT_EQ((*set)->version, version_of(after_));
  ASSERT_EQ((*set)->tests.size(), 2U);
  EXPECT_EQ((*set)->tests[0].id, TestId{2});
  EXPECT_EQ((*set)->tests[1].id, TestId{3});
  ASSERT_EQ((*set)->parts.size(), 1U);
  pb::Assignment kept;
  ASSERT_TRUE(kept.ParseFromString((*set)->parts.front()));
  EXPECT_TRUE(kept.last_part());
  EXPECT_EQ(kept.version(), version_of(after_));
}

TEST_F(DifferenceTest, is_refused_at_its_first_part_by_an_agent_that_runs_another_set) {
  difference_.mutable_put()->set_last_part(false);
  const auto refused = reader_.take(difference_, base_ + 1, base_of(before_));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  difference_.mutable_put()->set_last_part(true);
  const auto rest = reader_.take(difference_, base_ + 1, base_of(before_));
  ASSERT_TRUE(rest.has_value()) << "said once";
  EXPECT_FALSE(rest->has_value());
}

TEST_F(DifferenceTest, is_refused_by_an_agent_that_runs_nothing) {
  difference_.set_base(0);
  EXPECT_FALSE(reader_.take(difference_, 0, base_of(before_)).has_value());
}

TEST_F(DifferenceTest, is_refused_where_another_set_was_kept) {
  const auto taken = reader_.take(difference_, base_, base_of(after_));
  ASSERT_FALSE(taken.has_value());
  EXPECT_NE(taken.error().message.find("was kept"), std::string::npos) << taken.error().message;
}

TEST_F(DifferenceTest, is_refused_if_it_does_not_add_up) {
  difference_.mutable_put()->set_version(version_of(before_));
  expect_refused("do not make assignment");
  difference_.mutable_put()->set_version(version_of(after_));
  difference_.clear_removed();
  expect_refused("do not make assignment");
}

TEST_F(DifferenceTest, is_refused_if_it_says_two_things_of_one_test) {
  *difference_.mutable_put()->add_tests() = difference_.put().tests(0);
  expect_refused("put twice");
  difference_.mutable_put()->mutable_tests()->RemoveLast();
  difference_.add_removed(3);
  expect_refused("put twice");
  difference_.set_removed(1, 1);
  expect_refused("removed twice");
}

TEST_F(DifferenceTest, is_refused_if_a_configuration_is_missing) {
  difference_.mutable_put()->clear_configurations();
  expect_refused("configuration that is not there");
}

TEST_F(DifferenceTest, leaves_what_this_release_does_not_know_in_tests_that_stay) {
  auto parts = encode_assignment(base_, before_);
  // Field 1,000, a varint of 77.
  const std::string unknown = "\xC0\x3E\x4D";
  ASSERT_TRUE(parts.front().mutable_tests(1)->MergeFromString(unknown));
  const auto set = reader_.take(difference_, base_, [&] {
    return Result<std::vector<std::string>>({parts.front().SerializeAsString()});
  });
  ASSERT_TRUE(set && *set);
  pb::Assignment kept;
  ASSERT_TRUE(kept.ParseFromString((*set)->parts.front()));
  const auto& stays = kept.tests(0);
  ASSERT_EQ(stays.id(), 2U);
  EXPECT_TRUE(stays.SerializeAsString().ends_with(unknown));
}

TEST(AssignmentReaderTest, a_set_that_begins_anew_forgets_the_half_one) {
  std::vector<lw::Test> tests;
  for (std::uint64_t id = 1; id <= kTestsPerAssignmentPart + 1; ++id)
    tests.push_back(make_test(id));
  const auto parts = encode_assignment(42, tests);
  ASSERT_EQ(parts.size(), 2U);
  AssignmentReader reader;
  EXPECT_FALSE(reader.take(parts[0]).value().has_value());
  const auto other = reader.take(encode_assignment(43, {make_test(1)}).front());
  ASSERT_TRUE(other && *other);
  EXPECT_EQ((*other)->tests.size(), 1U);
  EXPECT_FALSE(reader.take(parts[0]).value().has_value());
  reader.restart();
  EXPECT_FALSE(reader.take(parts[0]).value().has_value());
  const auto set = reader.take(parts[1]);
  ASSERT_TRUE(set && *set);
  EXPECT_EQ((*set)->tests.size(), tests.size());
}

TEST(AssignmentReaderTest, a_set_of_which_a_part_cannot_be_read_is_refused_whole) {
  auto parts = encode_assignment(42, {make_test(1), make_test(2)});
  parts.front().mutable_configurations(0)->clear_protocol();
  AssignmentReader reader;
  EXPECT_FALSE(reader.take(parts.front()).has_value());
  EXPECT_TRUE(reader.take(encode_assignment(43, {make_test(1)}).front()).value().has_value());
}

}  // namespace
}  // namespace lw::wire
