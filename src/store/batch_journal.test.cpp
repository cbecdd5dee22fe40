// SPDX-License-Identifier: Apache-2.0
#include "store/batch_journal.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"

namespace lw::store {
namespace {

class BatchJournalTest : public testing::Test {
 protected:
  BatchJournalTest() {
    char name[] = "/tmp/lw-journal-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~BatchJournalTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  const BatchJournal journal_{
      "token-1", 3, {{{1}, {2}, 30}, {{4}, {5}, 60}}, std::string("a\0b", 3)};
};

TEST_F(BatchJournalTest, a_batch_is_read_as_written) {
  EXPECT_EQ(decode_journal(encode_journal(journal_)), journal_);
  EXPECT_EQ(decode_highs(encode_highs(journal_.highs)), journal_.highs);
}

TEST_F(BatchJournalTest, a_torn_batch_is_none_wherever_it_is_torn) {
  const std::string bytes = encode_journal(journal_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_journal(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_journal(bytes + "x"));
}

TEST_F(BatchJournalTest, a_changed_byte_is_noticed_wherever_it_is) {
  for (std::size_t at = 0; at < encode_journal(journal_).size(); ++at) {
    std::string bytes = encode_journal(journal_);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    EXPECT_FALSE(decode_journal(bytes)) << at;
  }
}

TEST_F(BatchJournalTest, highs_are_no_journal) {
  EXPECT_FALSE(decode_journal(encode_highs({})));
  EXPECT_FALSE(decode_highs(encode_journal(journal_)));
}

TEST_F(BatchJournalTest, files_of_a_new_folder_are_empty) {
  const auto files = WriterFiles::open(directory_ + "/a/b");
  ASSERT_TRUE(files.has_value());
  EXPECT_TRUE(files->read_highs().value().empty());
  EXPECT_FALSE(files->read_journal().value().has_value());
  EXPECT_EQ(files->rejected_count(), 0U);
}

TEST_F(BatchJournalTest, damaged_highs_are_an_error_that_names_the_file) {
  const auto files = WriterFiles::open(directory_);
  ASSERT_TRUE(files->write_highs(journal_.highs).has_value());
  EXPECT_EQ(files->read_highs().value(), journal_.highs);
  ASSERT_TRUE(write_file_atomically(directory_ + "/highs", "LWH1", 0600).has_value());
  const auto highs = files->read_highs();
  ASSERT_FALSE(highs.has_value());
  EXPECT_NE(highs.error().message.find(directory_ + "/highs"), std::string::npos);
}

TEST_F(BatchJournalTest, leftovers_of_a_crash_while_writing_are_removed) {
  ASSERT_TRUE(write_file_atomically(directory_ + "/journal.ab12.new", "half", 0600).has_value());
  ASSERT_TRUE(WriterFiles::open(directory_).has_value());
  EXPECT_FALSE(file_exists(directory_ + "/journal.ab12.new"));
}

TEST_F(BatchJournalTest, a_rejected_batch_is_kept_whole_with_its_reason) {
  const auto files = WriterFiles::open(directory_);
  ASSERT_TRUE(files->reject(journal_, "Code: 27").has_value());
  EXPECT_EQ(files->rejected_count(), 1U);
  EXPECT_EQ(decode_journal(read_file(files->rejected_directory() + "/token-1").value()), journal_);
  EXPECT_EQ(read_file(files->rejected_directory() + "/token-1.reason").value(), "Code: 27\n");
}

}  // namespace
}  // namespace lw::store
