// SPDX-License-Identifier: Apache-2.0
#include "agent/assignment_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"

namespace lw::agent {
namespace {

class AssignmentFileTest : public testing::Test {
 protected:
  AssignmentFileTest() {
    char name[] = "/tmp/lw-assignment-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~AssignmentFileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(AssignmentFileTest, there_is_none_at_first) {
  const auto parts = load_assignment(folder_);
  ASSERT_TRUE(parts.has_value());
  EXPECT_TRUE(parts->empty());
}

TEST_F(AssignmentFileTest, the_last_saved_parts_come_back_byte_for_byte) {
  const std::vector<std::string> parts = {std::string("12\n\0x\n", 6), "", std::string(70'000, '7'),
                                          "3\nabc"};
  ASSERT_TRUE(save_assignment(folder_, {"older"}).has_value());
  ASSERT_TRUE(save_assignment(folder_, parts).has_value());
  EXPECT_EQ(load_assignment(folder_).value(), parts);
  ASSERT_TRUE(save_assignment(folder_, {}).has_value());
  EXPECT_TRUE(load_assignment(folder_)->empty());
}

TEST_F(AssignmentFileTest, a_damaged_file_is_refused_whole) {
  for (const std::string content : {"5", "5\nabcd", "\nabc", "x\nabc", "3x\nabc", "-1\nabc",
                                    "99999999999999999999\nabc", "3\nabc7\nabc", "3\nabc "}) {
    ASSERT_TRUE(write_file_atomically(folder_ + "/assignment", content, 0600).has_value());
    const auto refused = load_assignment(folder_);
    ASSERT_FALSE(refused.has_value()) << "`" << content << "`";
    EXPECT_NE(refused.error().message.find("/assignment is damaged"), std::string::npos);
  }
}

}  // namespace
}  // namespace lw::agent
