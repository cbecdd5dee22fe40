// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/text.h"
#include "round_maker.h"
#include "store/migrations.h"
#include "store/reader.h"
#include "store/reconcile.h"
#include "store/schema.h"
#include "store_process.h"

/// A store of schema 2, with its rounds and with a batch in the journal that an older program
/// wrote, whose block has none of the columns that came with schema 3.
namespace lw::store {
namespace {

const SystemClock kClock;
constexpr int kBefore = 2;
const Timestamp kStart = from_unix_us(1'800'000'000'000'000);

class StoreUpgrade : public testing::Test {
 protected:
  void SetUp() override {
    store_.start();
    client_.emplace(store_.config());
    ASSERT_EQ(query("CREATE TABLE schema_migrations (version UInt32, name String, applied "
                    "DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY version"),
              "");
    for (const Migration& migration : migrations()) {
      if (migration.version > kBefore) break;
      for (const std::string& statement : migration.statements) ASSERT_EQ(query(statement), "");
      ASSERT_EQ(query("INSERT INTO schema_migrations SELECT " + std::to_string(migration.version) +
                      ", '', now64(6)"),
                "");
    }
    columns_ = query(
        "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns "
        "WHERE database = currentDatabase() AND table = 'arrivals' ORDER BY position)");
  }
  void TearDown() override {
    EXPECT_EQ(store_.terminate(), 0);
    std::filesystem::remove_all(folder_);
  }

  std::string query(const std::string& sql) {
    auto answer = client_->query(sql);
    return answer ? std::string(trim(*answer)) : "error: " + answer.error().message;
  }
  /// What the older program made of these rounds: the same block, without the later columns.
  std::string old_block(const std::vector<StoredRound>& rounds) {
    std::string names;
    for (const std::string& name : split(columns_, ',')) {
      const bool is_low = name.ends_with("address") || name.ends_with("tls_version") ||
                          name.ends_with("tls_cipher");
      const std::string plain(trim(name));
      names += (names.empty() ? "" : ", ") +
               (is_low ? "CAST(" + plain + " AS String) AS " + plain : plain);
    }
    // A table as of today, so that the engine itself drops the columns.
    for (const char* sql :
         {"DROP TABLE IF EXISTS scratch",
          "CREATE TABLE scratch AS arrivals ENGINE = MergeTree ORDER BY tuple()"}) {
      EXPECT_EQ(query(sql), "");
    }
    for (const Migration& migration : migrations()) {
      for (std::string sql : migration.statements) {
        const std::string_view arrivals = "ALTER TABLE arrivals";
        if (!sql.starts_with(arrivals)) continue;
        EXPECT_EQ(query(sql.replace(0, arrivals.size(), "ALTER TABLE scratch")), "");
      }
    }
    EXPECT_TRUE(client_->insert("INSERT INTO scratch (" + round_columns() + ") FORMAT Native",
                                encode_native(rounds)));
    return client_->query("SELECT " + names + " FROM scratch ORDER BY sequence FORMAT Native")
        .value_or("");
  }
  void insert(const std::string& columns, const std::string& block, const std::string& token) {
    const auto sent =
        client_->insert("INSERT INTO arrivals (" + columns + ") FORMAT Native", block, token);
    EXPECT_TRUE(sent.has_value()) << sent.error().message;
  }
  /// Rounds as the older program knew them.
  static std::vector<StoredRound> old_rounds(SpoolId spool, TestId test) {
    std::vector<StoredRound> rounds = make_rounds({1}, spool, 1, 120, kStart);
    for (StoredRound& stored : rounds) {
      stored.round.test = test;
      stored.round.name.reset();
      stored.round.confirmation.reset();
      stored.round.http_facts.reset();
      stored.round.reply_ttls.reset();
      if (!stored.round.tls) continue;
      stored.round.tls->key.clear();
      stored.round.tls->chain.clear();
      stored.round.tls->is_verified = false;
    }
    return rounds;
  }
  void expect_all(TestId test, const std::vector<StoredRound>& rounds) {
    const auto kept = test_history(*client_, test, kStart, kStart + Seconds(3600), 10'000);
    ASSERT_TRUE(kept.has_value()) << kept.error().message;
    ASSERT_EQ(kept->size(), rounds.size());
    for (std::size_t i = 0; i < rounds.size(); ++i) EXPECT_EQ((*kept)[i], rounds[i]) << i;
  }

  std::string folder_ = temporary_folder();
  StoreProcess store_{folder_ + "/store"};
  std::optional<Client> client_;
  std::string columns_;
};

TEST_F(StoreUpgrade, keeps_old_rounds_and_takes_a_batch_that_an_older_version_left) {
  const auto kept = old_rounds({1}, {11});
  const auto journalled = old_rounds({2}, {12});
  const std::string kept_block = old_block(kept);
  const std::string journalled_block = old_block(journalled);
  insert(columns_, kept_block, "kept");

  const auto migrated = migrate(*client_, kClock);
  ASSERT_TRUE(migrated.has_value()) << migrated.error().message;

  // Acknowledged by the store, but the server died before it knew: the same token, after the
  // upgrade, counts nothing twice.
  insert(round_columns(), kept_block, "kept");
  expect_all({11}, kept);
  // Journalled, and never inserted.
  insert(round_columns(), journalled_block, "journalled");
  expect_all({12}, journalled);
  const auto reconciled = reconcile(*client_, journalled_block);
  ASSERT_TRUE(reconciled.has_value()) << reconciled.error().message;
  EXPECT_EQ(*reconciled, Reconciled{});
  EXPECT_EQ(query("SELECT sum(rounds) FROM m1"), "240");

  auto rounds = make_rounds({1}, {3}, 1, 120, kStart);
  for (StoredRound& stored : rounds) stored.round.test = {13};
  insert(round_columns(), encode_native(rounds), "new");
  expect_all({13}, rounds);

  // And in its next life.
  EXPECT_EQ(store_.terminate(), 0);
  store_.start();
  insert(round_columns(), kept_block, "kept");
  expect_all({11}, kept);
  for (StoredRound& stored : rounds) stored.round.test = {14};
  insert(round_columns(), encode_native(rounds), "newer");
  expect_all({14}, rounds);
}

TEST_F(StoreUpgrade, may_be_cut_off_and_begun_again) {
  // All statements, then all again, as after a crash before the version was noted.
  for (int i = 0; i < 2; ++i) {
    for (const Migration& migration : migrations()) {
      if (migration.version <= kBefore) continue;
      for (const std::string& statement : migration.statements) {
        EXPECT_EQ(query(statement), "") << statement;
      }
    }
  }
  ASSERT_TRUE(migrate(*client_, kClock).has_value());
  auto rounds = make_rounds({1}, {3}, 1, 120, kStart);
  for (StoredRound& stored : rounds) stored.round.test = {13};
  insert(round_columns(), encode_native(rounds), "new");
  expect_all({13}, rounds);
}

}  // namespace
}  // namespace lw::store
