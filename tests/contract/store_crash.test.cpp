// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string_view>

#include "base/channel.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "round_maker.h"
#include "store/round_writer.h"
#include "store/schema.h"
#include "store_process.h"

/// Kills the store and the process that writes into it, in the middle of inserts, and counts.
namespace lw::store {
namespace {

const SystemClock kClock;
const AgentId kAgent{1};
constexpr int kKills = 20;
constexpr std::uint64_t kSpools = 3;
constexpr std::uint64_t kWindow =
    2000;  ///< rounds that an agent sends ahead of its acknowledgement
constexpr std::uint64_t kProgress = 300;  ///< rounds acknowledged between two kills, at least
constexpr Seconds kPatience{30};
const Timestamp kStart = from_unix_us(1'800'000'000'000'000);

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  text = trim(text);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// What an agent knows over all crashes of the server: how far it has been acknowledged.
std::string ack_file(const std::string& folder, std::uint64_t spool) {
  return folder + "/acked-" + std::to_string(spool);
}

std::uint64_t acked(const std::string& folder, std::uint64_t spool) {
  return number_in(read_file(ack_file(folder, spool)).value_or("0"));
}

std::uint64_t acked_in_all(const std::string& folder) {
  std::uint64_t sum = 0;
  for (std::uint64_t spool = 1; spool <= kSpools; ++spool) sum += acked(folder, spool);
  return sum;
}

/// True once some more rounds have been acknowledged than when it was called.
bool wait_for_progress(const std::string& folder) {
  const std::uint64_t before = acked_in_all(folder);
  const Instant deadline = kClock.now() + kPatience;
  while (acked_in_all(folder) < before + kProgress) {
    if (kClock.now() > deadline) return false;
    ::usleep(2'000);
  }
  return true;
}

RoundWriterConfig writer_config(const std::string& folder) {
  RoundWriterConfig config;
  config.directory = folder + "/writer";
  config.max_delay = Milliseconds(15);
  config.max_rows = 500;
  config.retry_longest = Milliseconds(200);
  return config;
}

/// The server of this test, in a process of its own until it is killed: agents send from their last
/// acknowledgement on, again and again, as they do after each break of the connection.
int write_until_killed(const std::string& folder, const std::string& password) {
  const ClientConfig config = [&] {
    ClientConfig client;
    client.password = password;
    client.timeout = Milliseconds(5000);
    client.url = trim(read_file(folder + "/store/url").value_or(""));
    return client;
  }();
  Channel<bool> progress(1, WhenFull::Conflate);
  auto writer = RoundWriter::open(
      writer_config(folder), config, kClock, [&](AgentId, SpoolId spool, std::uint64_t sequence) {
        const auto noted =
            write_file_atomically(ack_file(folder, spool.value), std::to_string(sequence), 0600);
        if (!noted) ::_exit(3);
        progress.push(true);
      });
  if (!writer) return 2;
  while (true) {
    for (std::uint64_t spool = 1; spool <= kSpools; ++spool) {
      const std::uint64_t from = acked(folder, spool) + 1;
      const std::uint64_t next = (*writer)->received_high(kAgent, {spool}) + 1;
      if (next > from + kWindow) continue;
      // From the acknowledged one on, not from the received one: half of it has been sent before.
      (*writer)->offer(make_rounds(kAgent, {spool}, from, next + random_u64() % 300, kStart));
    }
    progress.pop_for(Milliseconds(20));
  }
}

TEST(StoreCrash, no_kill_of_store_or_server_loses_or_doubles_a_round) {
  const std::string folder = temporary_folder();
  StoreProcess store(folder + "/store");
  store.start();
  {
    Client client(store.config());
    ASSERT_TRUE(migrate(client, kClock).has_value());
  }
  const auto start_writer = [&] {
    return Child({"/proc/self/exe", "--write", folder, store.config().password}, {});
  };
  Child writer = start_writer();
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_TRUE(wait_for_progress(folder)) << "nothing is acknowledged any more";
    ::usleep(static_cast<useconds_t>(random_u64() % 60'000));
    const int who = kill % 3;
    if (who != 0) writer.kill_hard();
    if (who != 1) {
      store.kill_hard();
      store.start();
    }
    if (who != 0) writer = start_writer();
  }
  ASSERT_TRUE(wait_for_progress(folder));
  writer.kill_hard();
  std::uint64_t sent = 0;
  {
    // A last life of the server, to settle what was under way; nothing new is offered.
    auto last =
        RoundWriter::open(writer_config(folder), store.config(), kClock,
                          [&](AgentId, SpoolId spool, std::uint64_t sequence) {
                            ASSERT_TRUE(write_file_atomically(ack_file(folder, spool.value),
                                                              std::to_string(sequence), 0600)
                                            .has_value());
                          });
    ASSERT_TRUE(last.has_value()) << last.error().message;
    while ((*last)->stats().waiting_rows > 0) ::usleep(10'000);
    EXPECT_EQ((*last)->stats().rejected_batches, 0U) << (*last)->stats().problem;
  }
  Client client(store.config());
  for (std::uint64_t spool = 1; spool <= kSpools; ++spool) {
    const std::string of_spool = " FROM rounds WHERE spool_id = " + std::to_string(spool);
    const std::uint64_t rows = number_in(client.query("SELECT count()" + of_spool).value());
    const std::uint64_t distinct =
        number_in(client.query("SELECT uniqExact(sequence)" + of_spool).value());
    const std::uint64_t last = number_in(client.query("SELECT max(sequence)" + of_spool).value());
    EXPECT_EQ(rows, distinct) << "doubled";
    EXPECT_EQ(distinct, last) << "lost";
    EXPECT_GE(last, acked(folder, spool)) << "acknowledged, but not there";
    EXPECT_GT(last, 1000U) << "too little was written for this test to mean anything";
    sent += rows;
  }
  EXPECT_EQ(number_in(client.query("SELECT sum(rounds) FROM m1").value()), sent) << "rollup";
  EXPECT_EQ(store.terminate(), 0);
  if (!testing::Test::HasFailure()) std::filesystem::remove_all(folder);
}

}  // namespace

int writer_main(const std::string& folder, const std::string& password) {
  return write_until_killed(folder, password);
}

}  // namespace lw::store

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--write") {
    lw::log::set_level(lw::log::Level::Error);
    return lw::store::writer_main(argv[2], argv[3]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
