// SPDX-License-Identifier: Apache-2.0
#include "agent/spool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "agent/segment.h"
#include "base/files.h"

namespace lw::agent {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    config_.directory = (fs::temp_directory_path() / ("lw_spool_" + name)).string();
    fs::remove_all(config_.directory);
  }
  ~SpoolTest() override { fs::remove_all(config_.directory); }

  Spool open(std::uint64_t run) {
    auto spool = Spool::open(config_, SpoolId{run});
    EXPECT_TRUE(spool.has_value()) << spool.error().message;
    return std::move(*spool);
  }
  std::vector<fs::path> segment_files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(config_.directory)) {
      if (entry.path().extension() == ".seg") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
  }

  SpoolConfig config_;
};

std::vector<std::string> read_all(Spool& spool) {
  std::vector<std::string> all;
  while (true) {
    SpoolBatch batch = spool.read(2, 1 << 20);
    if (batch.payloads.empty()) return all;
    for (std::string& payload : batch.payloads) all.push_back(std::move(payload));
  }
}

TEST_F(SpoolTest, GivesBackWhatWasAppendedInOrder) {
  Spool spool = open(7);
  for (const char* text : {"a", "", "ccc"}) spool.append(text);
  const SpoolBatch batch = spool.read(10, 1 << 20);
  EXPECT_EQ(batch.spool, SpoolId{7});
  EXPECT_EQ(batch.first_sequence, 1U);
  EXPECT_EQ(batch.payloads, (std::vector<std::string>{"a", "", "ccc"}));
  EXPECT_TRUE(spool.read(10, 1 << 20).payloads.empty());
  spool.append("d");
  EXPECT_EQ(spool.read(10, 1 << 20).first_sequence, 4U);
}

TEST_F(SpoolTest, KeepsUnacknowledgedRecordsOverARestartUnderTheirOldNames) {
  {
    Spool spool = open(1);
    for (const char* text : {"a", "b", "c"}) spool.append(text);
  }
  Spool spool = open(2);
  spool.append("d");
  SpoolBatch batch = spool.read(10, 1 << 20);
  EXPECT_EQ(batch.spool, SpoolId{1});
  EXPECT_EQ(batch.payloads, (std::vector<std::string>{"a", "b", "c"}));
  batch = spool.read(10, 1 << 20);
  EXPECT_EQ(batch.spool, SpoolId{2});
  EXPECT_EQ(batch.first_sequence, 1U);
  EXPECT_EQ(batch.payloads, (std::vector<std::string>{"d"}));
}

TEST_F(SpoolTest, ReadsAgainFromTheFirstUnacknowledgedAfterARewind) {
  config_.segment_bytes = 1;
  Spool spool = open(1);
  for (const char* text : {"a", "b", "c"}) spool.append(text);
  EXPECT_EQ(read_all(spool).size(), 3U);
  spool.acknowledge(SpoolId{1}, 2);
  spool.rewind();
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"c"}));
}

TEST_F(SpoolTest, PassesOverTheAcknowledgedStartOfASegmentAfterARewind) {
  Spool spool = open(1);
  for (const char* text : {"a", "b", "c", "d"}) spool.append(text);
  spool.acknowledge(SpoolId{1}, 2);
  spool.rewind();
  // Batches of one record: some of them hold nothing but what is acknowledged.
  const SpoolBatch batch = spool.read(1, 1 << 20);
  EXPECT_EQ(batch.first_sequence, 3U);
  EXPECT_EQ(batch.payloads, (std::vector<std::string>{"c"}));
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"d"}));
  spool.acknowledge(SpoolId{1}, 4);
  spool.rewind();
  EXPECT_TRUE(read_all(spool).empty());
  spool.append("e");
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"e"}));
}

TEST_F(SpoolTest, AcknowledgingDeletesCoveredSegmentsAndThoseOfOlderRuns) {
  config_.segment_bytes = 1;
  { open(1).append("old"); }
  Spool spool = open(2);
  spool.append("a");
  spool.append("b");
  EXPECT_EQ(segment_files().size(), 3U);
  EXPECT_EQ(spool.stats().records, 3U);
  spool.acknowledge(SpoolId{2}, 1);
  EXPECT_EQ(segment_files().size(), 1U);
  EXPECT_EQ(spool.stats().records, 1U);
  spool.acknowledge(SpoolId{99}, 5);
  EXPECT_EQ(spool.stats().records, 1U);
}

TEST_F(SpoolTest, AcknowledgingAnOldRunLeavesTheNewerOnesAlone) {
  config_.segment_bytes = 1;
  { open(1).append("one"); }
  { open(2).append("two"); }
  Spool spool = open(3);
  spool.append("three");
  spool.append("four");
  EXPECT_EQ(spool.held(), (std::vector<SpoolId>{SpoolId{1}, SpoolId{2}, SpoolId{3}}));
  spool.acknowledge(SpoolId{1}, 1);
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"two", "three", "four"}));
  spool.rewind();
  spool.acknowledge(SpoolId{2}, 1);
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(spool.held(), std::vector<SpoolId>{SpoolId{3}});
}

TEST_F(SpoolTest, APartlyAcknowledgedOldRunStaysWhole) {
  {
    Spool spool = open(1);
    spool.append("a");
    spool.append("b");
  }
  { open(2).append("c"); }
  Spool spool = open(3);
  spool.acknowledge(SpoolId{1}, 1);
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(SpoolTest, CutsOffATornTailWhereverThePowerFailed) {
  {
    Spool spool = open(1);
    for (const char* text : {"first", "second"}) spool.append(text);
  }
  const fs::path file = segment_files().at(0);
  const auto whole = fs::file_size(file);
  const auto one_record = kSegmentHeaderBytes + kRecordHeaderBytes + 5;
  for (auto size = whole - 1; size > one_record; --size) {
    fs::resize_file(file, size);
    Spool spool = open(2);
    ASSERT_EQ(read_all(spool), (std::vector<std::string>{"first"})) << "cut at " << size;
  }
}

TEST_F(SpoolTest, StopsAtARecordWithAFlippedBit) {
  {
    Spool spool = open(1);
    for (const char* text : {"first", "second", "third"}) spool.append(text);
  }
  const fs::path file = segment_files().at(0);
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(kSegmentHeaderBytes + kRecordHeaderBytes + 5 + kRecordHeaderBytes + 2);
    stream.put('X');
  }
  Spool spool = open(2);
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"first"}));
}

TEST_F(SpoolTest, SetsAFileWithoutAHeaderAside) {
  fs::create_directories(config_.directory);
  std::ofstream(config_.directory + "/0000000000000005.seg") << "garbage";
  Spool spool = open(1);
  spool.append("a");
  EXPECT_EQ(read_all(spool), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(fs::exists(config_.directory + "/0000000000000005.seg.bad"));
}

TEST_F(SpoolTest, DropsTheOldestSegmentAtItsLimitAndCountsItsRecords) {
  config_.segment_bytes = 200;
  config_.bytes_max = 1000;
  Spool spool = open(1);
  for (int i = 0; i < 100; ++i) spool.append(std::string(50, static_cast<char>('a' + i % 26)));
  const SpoolStats stats = spool.stats();
  EXPECT_LE(stats.bytes, 1000U);
  EXPECT_GT(stats.dropped, 0U);
  EXPECT_EQ(stats.dropped + stats.records, 100U);
  EXPECT_EQ(read_all(spool).size(), stats.records);
}

/// Files may grow to `bytes` while this lives; a write past it fails with EFBIG, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SpoolTest, HoldsRecordsInMemoryWhileTheDiskIsFullAndWritesThemLater) {
  Spool spool = open(1);
  spool.append("on disk");
  {
    const FileSizeLimit limit(kSegmentHeaderBytes + kRecordHeaderBytes + 10);
    spool.append("in memory 1");
    spool.append("in memory 2");
    EXPECT_FALSE(spool.stats().problem.empty());
    EXPECT_EQ(spool.stats().records, 3U);
    EXPECT_EQ(read_all(spool), (std::vector<std::string>{"on disk", "in memory 1", "in memory 2"}));
  }
  spool.append("on disk again");
  EXPECT_TRUE(spool.stats().problem.empty());
  EXPECT_EQ(spool.stats().dropped, 0U);
  Spool reopened = open(2);
  EXPECT_EQ(read_all(reopened),
            (std::vector<std::string>{"on disk", "in memory 1", "in memory 2", "on disk again"}));
}

TEST_F(SpoolTest, CountsWhatDidNotFitIntoMemoryEither) {
  config_.memory_bytes_max = 30;
  Spool spool = open(1);
  {
    const FileSizeLimit limit(kSegmentHeaderBytes);
    for (int i = 0; i < 5; ++i) spool.append("0123456789");
    EXPECT_EQ(spool.stats().dropped, 2U);
    EXPECT_EQ(spool.stats().records, 3U);
  }
  spool.append("x");
  SpoolBatch batch = spool.read(10, 1 << 20);
  EXPECT_EQ(batch.first_sequence, 3U);
  EXPECT_EQ(batch.payloads.size(), 4U);
}

TEST_F(SpoolTest, ReadsNothingBehindAGapEvenWhereItIsWhole) {
  {
    Spool spool = open(7);
    for (const char* text : {"a", "b", "c"}) spool.append(text);
    spool.sync();
  }
  const fs::path file = segment_files().front();
  std::string bytes = read_file(file.string()).value();
  // Records of one byte: the second one goes.
  bytes.erase(kSegmentHeaderBytes + kRecordHeaderBytes + 1, kRecordHeaderBytes + 1);
  ASSERT_TRUE(write_file_atomically(file.string(), bytes, 0600).has_value());
  Spool spool = open(8);
  EXPECT_EQ(read_all(spool), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace lw::agent
