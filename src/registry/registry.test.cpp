// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "base/test_times.h"
#include "registry/schema.h"

namespace lw::registry {
namespace {

Agent agent(std::uint64_t id, const std::string& name) {
  return {.id = AgentId{id},
          .name = name,
          .labels = {{"site", "a \"b\" ü"}, {"role", ""}},
          .resource_id = "/subscriptions/x",
          .addresses = {"192.0.2.1", "2001:db8::1"},
          .joined = kNow};
}

Value document(int version) { return Value::object({{"name", "m"}, {"version", version}}); }

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    char name[] = "/tmp/lw-registry-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/registry.sqlite";
    reopen();
  }
  ~RegistryTest() override { std::filesystem::remove_all(folder_); }

  void reopen() {
    registry_.reset();
    auto opened = Registry::open(path_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    registry_.emplace(std::move(*opened));
  }
  Registry& registry() { return *registry_; }
  std::vector<std::string> agent_names() {
    std::vector<std::string> names;
    const auto agents = registry().agents().value();
    for (const Agent& one : agents) names.push_back(one.name);
    return names;
  }
  std::vector<std::string> monitor_names() {
    std::vector<std::string> names;
    const auto monitors = registry().monitors().value();
    for (const StoredMonitor& one : monitors) names.push_back(one.name);
    return names;
  }
  void grant(const std::string& secret, int uses, Timestamp expires = kNow + Seconds(60)) {
    ASSERT_TRUE(
        registry()
            .add_join_token({.secret_sha256 = secret, .expires = expires, .uses_left = uses})
            .has_value());
  }
  /// The code with which redeeming fails; nothing if it succeeds.
  std::optional<ErrorCode> redeem(const std::string& secret, const Agent& who,
                                  Timestamp now = kNow) {
    const auto done = registry().redeem_join_token(secret, who, "c0ffee", now);
    return done ? std::nullopt : std::optional(done.error().code);
  }

  std::string folder_;
  std::string path_;
  std::optional<Registry> registry_;
};

TEST_F(RegistryTest, an_unknown_join_token_enters_no_agent) {
  EXPECT_EQ(redeem("unknown", agent(1, "a")), ErrorCode::Unauthenticated);
  EXPECT_TRUE(agent_names().empty());
}

TEST_F(RegistryTest, a_join_token_is_good_until_the_moment_it_expires) {
  grant("t", 3, kNow);
  EXPECT_EQ(redeem("t", agent(1, "early"), kNow - Microseconds(1)), std::nullopt);
  EXPECT_EQ(redeem("t", agent(2, "late"), kNow), ErrorCode::Unauthenticated);
  EXPECT_EQ(agent_names(), std::vector<std::string>{"early"});
}

TEST_F(RegistryTest, a_join_token_is_good_for_as_many_agents_as_it_says_over_restarts) {
  // Raw SHA-256 holds any byte, zero included.
  const std::string secret("a\0b", 3);
  grant(secret, 2);
  EXPECT_EQ(redeem(std::string("a\0c", 3), agent(9, "other")), ErrorCode::Unauthenticated);
  EXPECT_EQ(redeem(secret, agent(1, "a")), std::nullopt);
  reopen();
  EXPECT_EQ(redeem(secret, agent(2, "b")), std::nullopt);
  EXPECT_EQ(redeem(secret, agent(3, "c")), ErrorCode::Unauthenticated);
  EXPECT_EQ(agent_names(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(RegistryTest, a_token_is_not_spent_on_an_agent_that_could_not_be_entered) {
  ASSERT_TRUE(registry().put_agent(agent(1, "taken")).has_value());
  grant("t", 1);
  EXPECT_EQ(redeem("t", agent(2, "Taken")), ErrorCode::Conflict);
  EXPECT_EQ(redeem("t", agent(2, "free")), std::nullopt);
}

TEST_F(RegistryTest, checking_a_join_token_spends_nothing) {
  grant("good", 1);
  EXPECT_TRUE(registry().check_join_token("good", kNow).has_value());
  EXPECT_TRUE(registry().check_join_token("good", kNow).has_value());
  for (const auto& [secret, now] :
       {std::pair("wrong", kNow), std::pair("good", kNow + Seconds(60))}) {
    const auto refused = registry().check_join_token(secret, now);
    ASSERT_FALSE(refused.has_value()) << secret;
    EXPECT_EQ(refused.error().code, ErrorCode::Unauthenticated);
  }
  ASSERT_TRUE(registry().redeem_join_token("good", agent(1, "a"), "c0ffee", kNow).has_value());
  EXPECT_FALSE(registry().check_join_token("good", kNow).has_value());
}

TEST_F(RegistryTest, its_files_are_for_the_owner_only_even_if_they_were_not) {
  const std::vector<std::string> files = {path_, path_ + "-wal", path_ + "-shm"};
  ASSERT_TRUE(registry().setting("id", "x").has_value());
  for (const std::string& file : files) ASSERT_EQ(::chmod(file.c_str(), 0664), 0) << file;
  registry_.reset();
  ASSERT_EQ(::chmod(path_.c_str(), 0664), 0);
  reopen();
  ASSERT_TRUE(registry().setting("other", "x").has_value());
  for (const std::string& file : files) {
    struct stat facts {};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0) << file;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(RegistryTest, a_token_that_is_registered_already_needs_no_room_on_the_disk) {
  ASSERT_TRUE(registry()
                  .put_api_token({.name = "admin", .role = Role::Administrator, .sha256 = "same"})
                  .has_value());
  ASSERT_EQ(registry().setting("id", "x").value(), "x");
  registry_.reset();
  SQLite::Database other(path_, SQLite::OPEN_READWRITE);
  reopen();
  // Whoever holds the write lock stands for a disk that takes nothing.
  SQLite::Transaction transaction(other, SQLite::TransactionBehavior::IMMEDIATE);
  EXPECT_TRUE(registry()
                  .put_api_token({.name = "admin", .role = Role::Administrator, .sha256 = "same"})
                  .has_value());
  EXPECT_EQ(registry().setting("id", "y").value(), "x");
}

TEST_F(RegistryTest, redeeming_forgets_tokens_that_nobody_can_use_any_more) {
  grant("old", 5, kNow - Seconds(1));
  grant("once", 1);
  EXPECT_EQ(redeem("once", agent(1, "a")), std::nullopt);
  SQLite::Database raw(path_);
  EXPECT_EQ(raw.execAndGet("SELECT count(*) FROM join_tokens").getInt(), 0);
}

TEST_F(RegistryTest, agents_come_back_as_they_were_put) {
  const Agent put = agent(0xfedcba9876543210, "web1");
  ASSERT_TRUE(registry().put_agent(put).has_value());
  reopen();
  const auto agents = registry().agents();
  ASSERT_TRUE(agents.has_value()) << agents.error().message;
  EXPECT_EQ(*agents, std::vector<Agent>{put});
}

TEST_F(RegistryTest, an_agent_cannot_take_the_name_of_another_but_may_change_its_own) {
  ASSERT_TRUE(registry().put_agent(agent(1, "a")).has_value());
  ASSERT_TRUE(registry().put_agent(agent(2, "b")).has_value());
  const auto refused = registry().put_agent(agent(2, "A"));
  ASSERT_FALSE(refused.has_value()) << "names differ by more than case";
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  EXPECT_TRUE(registry().put_agent(agent(2, "c")).has_value());
  EXPECT_EQ(agent_names(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(RegistryTest, a_removed_agent_is_gone_and_cannot_be_removed_twice) {
  ASSERT_TRUE(registry().put_agent(agent(1, "a")).has_value());
  EXPECT_TRUE(registry().remove_agent(AgentId{1}).has_value());
  EXPECT_TRUE(agent_names().empty());
  const auto again = registry().remove_agent(AgentId{1});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::NotFound);
}

TEST_F(RegistryTest, when_agents_were_seen_outlives_a_restart_and_what_they_say_of_themselves) {
  ASSERT_TRUE(registry().put_agent(agent(1, "a")).has_value());
  ASSERT_TRUE(registry().put_agent(agent(2, "b")).has_value());
  EXPECT_TRUE(registry().last_seen()->empty()) << "nothing was ever heard of them";
  const Timestamp later = kNow + Seconds(60);
  ASSERT_TRUE(registry().write_last_seen({{AgentId{1}, kNow}, {AgentId{9}, kNow}}).has_value());
  ASSERT_TRUE(registry().write_last_seen({{AgentId{1}, later}}).has_value());
  ASSERT_TRUE(registry().put_agent(agent(1, "renamed")).has_value());
  reopen();
  EXPECT_EQ(registry().last_seen().value(), (Registry::LastSeen{{AgentId{1}, later}}));
}

using Certificates = std::vector<AgentCertificate>;

TEST_F(RegistryTest, joining_again_leaves_the_newest_certificate_only) {
  grant("t", 2);
  ASSERT_TRUE(registry().redeem_join_token("t", agent(1, "a"), "old", kNow).has_value());
  EXPECT_EQ(registry().agent_certificates().value(), (Certificates{{AgentId{1}, "old"}}));
  ASSERT_TRUE(registry().set_agent_certificates(AgentId{1}, {"old", "renewed"}).has_value());
  reopen();
  EXPECT_EQ(registry().agent_certificates().value(),
            (Certificates{{AgentId{1}, "old"}, {AgentId{1}, "renewed"}}));
  ASSERT_TRUE(registry().redeem_join_token("t", agent(1, "a"), "new", kNow).has_value());
  EXPECT_EQ(registry().agent_certificates().value(), (Certificates{{AgentId{1}, "new"}}));
}

TEST_F(RegistryTest, a_token_that_is_refused_changes_no_certificate) {
  grant("t", 1);
  EXPECT_EQ(redeem("t", agent(1, "a")), std::nullopt);
  EXPECT_FALSE(registry().redeem_join_token("t", agent(1, "a"), "new", kNow).has_value());
  EXPECT_EQ(registry().agent_certificates().value(), (Certificates{{AgentId{1}, "c0ffee"}}));
}

TEST_F(RegistryTest, a_removed_agents_certificates_go_with_it) {
  grant("t", 1);
  EXPECT_EQ(redeem("t", agent(1, "a")), std::nullopt);
  ASSERT_TRUE(registry().remove_agent(AgentId{1}).has_value());
  EXPECT_TRUE(registry().agent_certificates()->empty());
}

TEST_F(RegistryTest, an_older_file_is_brought_up_to_date_with_all_that_is_in_it) {
  registry_.reset();
  const std::string old = folder_ + "/old.sqlite";
  {
    SQLite::Database raw(old, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    raw.exec(migrations()[0]);
    raw.exec(
        "INSERT INTO agents VALUES ('0000000000000001', 'a', '{}', '', '[]', 5);"
        "PRAGMA user_version = 1");
  }
  auto opened = Registry::open(old);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  ASSERT_EQ(opened->agents()->size(), 1U);
  EXPECT_TRUE(opened->last_seen()->empty());
  EXPECT_TRUE(opened->agent_certificates()->empty());
  EXPECT_TRUE(opened->write_last_seen({{AgentId{1}, kNow}}).has_value());
  EXPECT_EQ(opened->last_seen()->size(), 1U);
}

TEST_F(RegistryTest, monitors_are_written_all_or_none) {
  ASSERT_TRUE(registry().write_monitors({{"kept", document(1)}}, {}, kNow).has_value());
  const auto refused = registry().write_monitors({{"new", document(1)}, {"kept", document(2)}},
                                                 {"kept", "missing"}, kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::NotFound);
  EXPECT_NE(refused.error().message.find("`missing`"), std::string::npos);
  const auto monitors = registry().monitors();
  ASSERT_EQ(monitors->size(), 1U);
  EXPECT_EQ(monitors->front().document, document(1));
  // The connection is still good for the next write.
  EXPECT_TRUE(registry().write_monitors({{"new", document(1)}}, {"kept"}, kNow).has_value());
  EXPECT_EQ(monitor_names(), std::vector<std::string>{"new"});
}

TEST_F(RegistryTest, each_write_gives_a_new_etag_and_keeps_the_time_of_creation) {
  std::set<std::string> etags;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(registry().write_monitors({{"m", document(1)}}, {}, kNow + Seconds(i)).has_value());
    const StoredMonitor stored = registry().monitors()->front();
    etags.insert(stored.etag);
    EXPECT_EQ(stored.created, kNow);
    EXPECT_EQ(stored.updated, kNow + Seconds(i));
  }
  EXPECT_EQ(etags.size(), 3U);
}

TEST_F(RegistryTest, writing_one_monitor_leaves_the_etag_of_another_alone) {
  ASSERT_TRUE(registry().write_monitors({{"a", document(1)}, {"b", document(1)}}, {}, kNow));
  const std::string before = registry().monitors()->front().etag;
  ASSERT_TRUE(registry().write_monitors({{"b", document(2)}}, {}, kNow));
  EXPECT_EQ(registry().monitors()->front().etag, before);
}

TEST_F(RegistryTest, documents_that_are_known_are_not_read_again_unless_they_changed) {
  ASSERT_TRUE(registry().write_monitors({{"a", document(1)}, {"b", document(1)}}, {}, kNow));
  auto known = registry().monitors().value();
  known[0].document = document(7);  // what only the caller has
  ASSERT_TRUE(registry().write_monitors({{"b", document(2)}, {"c", document(3)}}, {}, kNow));
  const auto monitors = registry().monitors(known).value();
  ASSERT_EQ(monitors.size(), 3U);
  EXPECT_EQ(monitors[0].document, document(7));
  EXPECT_EQ(monitors[1].document, document(2));
  EXPECT_EQ(monitors[2].document, document(3));
}

TEST_F(RegistryTest, a_monitor_keeps_its_guid_and_its_stop_until_it_is_made_anew) {
  ASSERT_TRUE(registry().write_monitors({{"m", document(1)}}, {}, kNow));
  const StoredMonitor made = registry().monitors()->front();
  EXPECT_EQ(made.resource_guid.size(), 36U);
  EXPECT_EQ(made.started, kNow);
  EXPECT_FALSE(made.is_stopped);
  ASSERT_TRUE(registry().set_monitor_stopped("M", true, kNow + Seconds(1)));
  ASSERT_TRUE(registry().write_monitors({{"m", document(2)}}, {}, kNow + Seconds(2)));
  const StoredMonitor stopped = registry().monitors()->front();
  EXPECT_TRUE(stopped.is_stopped);
  EXPECT_EQ(stopped.resource_guid, made.resource_guid);
  EXPECT_EQ(stopped.started, kNow) << "a stop keeps when it was started";
  EXPECT_NE(stopped.etag, made.etag);
  ASSERT_TRUE(registry().set_monitor_stopped("m", false, kNow + Seconds(3)));
  EXPECT_EQ(registry().monitors()->front().started, kNow + Seconds(3));
  EXPECT_EQ(registry().set_monitor_stopped("n", true, kNow).error().code, ErrorCode::NotFound);
  ASSERT_TRUE(registry().write_monitors({}, {"m"}, kNow));
  ASSERT_TRUE(registry().write_monitors({{"m", document(1), false}}, {}, kNow));
  const StoredMonitor anew = registry().monitors()->front();
  EXPECT_NE(anew.resource_guid, made.resource_guid);
  EXPECT_TRUE(anew.is_stopped);
  EXPECT_FALSE(anew.started.has_value());
}

TEST_F(RegistryTest, network_watchers_go_with_their_monitors) {
  const NetworkWatcher east{
      .resource_group = "rg", .name = "East", .location = "eastus", .tags = {}, .etag = {}};
  ASSERT_TRUE(registry().put_network_watcher(east, kNow));
  ASSERT_TRUE(
      registry().write_monitors({{"rg/East/m", document(1)}, {"m", document(1)}}, {}, kNow));
  const std::string etag = registry().network_watchers()->front().etag;
  NetworkWatcher moved = east;
  moved.name = "EAST";
  moved.location = "westus";
  ASSERT_TRUE(registry().put_network_watcher(moved, kNow));
  ASSERT_EQ(registry().network_watchers()->size(), 1U) << "names are compared without case";
  EXPECT_EQ(registry().network_watchers()->front().location, "westus");
  EXPECT_NE(registry().network_watchers()->front().etag, etag);
  ASSERT_TRUE(registry().remove_network_watcher(moved, {"rg/East/m"}));
  EXPECT_TRUE(registry().network_watchers()->empty());
  EXPECT_EQ(monitor_names(), std::vector<std::string>{"m"});
  EXPECT_EQ(registry().remove_network_watcher(moved, {"m"}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(monitor_names(), std::vector<std::string>{"m"}) << "all or nothing";
}

TEST_F(RegistryTest, a_monitor_whose_name_changes_its_case_stays_one_monitor) {
  ASSERT_TRUE(registry().write_monitors({{"web", document(1)}}, {}, kNow));
  ASSERT_TRUE(registry().write_monitors({{"Web", document(2)}}, {}, kNow));
  EXPECT_EQ(monitor_names(), std::vector<std::string>{"Web"});
}

TEST_F(RegistryTest, a_setting_keeps_its_first_value) {
  EXPECT_EQ(registry().setting("id", "first").value(), "first");
  EXPECT_EQ(registry().setting("id", "second").value(), "first");
  reopen();
  EXPECT_EQ(registry().setting("id", "third").value(), "first");
  EXPECT_EQ(registry().setting("other", "x").value(), "x");
}

TEST_F(RegistryTest, api_tokens_are_the_same_after_a_restart) {
  const ApiToken ann{.name = "ann",
                     .role = Role::Operator,
                     .sha256 = std::string("\x01\0\xff", 3),
                     .created = kNow,
                     .expires = kNow + Seconds(60)};
  const ApiToken bob{.name = "bob", .role = Role::Reader, .sha256 = "r", .created = kNow};
  ASSERT_TRUE(registry().put_api_token(bob));
  ASSERT_TRUE(registry().put_api_token(ann));
  reopen();
  EXPECT_EQ(registry().api_tokens().value(), (std::vector<ApiToken>{ann, bob}));
  ASSERT_TRUE(registry().remove_api_token("ann"));
  EXPECT_EQ(registry().api_tokens().value(), std::vector<ApiToken>{bob});
  EXPECT_EQ(registry().remove_api_token("ann").error().code, ErrorCode::NotFound);
}

TEST_F(RegistryTest, a_new_token_of_the_same_name_replaces_the_old_one) {
  for (const char* const secret : {"leaked", "fresh"}) {
    ASSERT_TRUE(
        registry().put_api_token({.name = "admin", .role = Role::Administrator, .sha256 = secret}));
  }
  const auto tokens = registry().api_tokens().value();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens.front().sha256, "fresh");
}

TEST_F(RegistryTest, the_scopes_of_tokens_stay_and_nothing_differs_from_everything) {
  const ApiToken all{.name = "all", .role = Role::Reader, .sha256 = "1"};
  const ApiToken none{
      .name = "none", .role = Role::Reader, .sha256 = "2", .scopes = std::vector<std::string>{}};
  const ApiToken some{.name = "some",
                      .role = Role::Operator,
                      .sha256 = "3",
                      .scopes = std::vector<std::string>{"/subscriptions/s", "a \"b\""}};
  for (const ApiToken& token : {all, none, some}) ASSERT_TRUE(registry().put_api_token(token));
  reopen();
  EXPECT_EQ(registry().api_tokens().value(), (std::vector<ApiToken>{all, none, some}));
}

TEST_F(RegistryTest, the_audit_log_keeps_the_newest) {
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(registry().add_audit_entry({.at = kNow + Seconds(i),
                                            .caller = "ann",
                                            .address = "192.0.2.1",
                                            .method = "PUT",
                                            .target = "/" + std::to_string(i),
                                            .status = 200},
                                           3));
  }
  reopen();
  const auto entries = registry().audit_entries(10);
  ASSERT_TRUE(entries);
  std::string targets;
  for (const AuditEntry& entry : *entries) targets += entry.target;
  EXPECT_EQ(targets, "/5/4/3");
  EXPECT_EQ(registry().audit_entries(1)->front().at, kNow + Seconds(5));

  const auto behind = registry().audit_entries_behind(3, 10);
  ASSERT_TRUE(behind && behind->size() == 2);
  EXPECT_EQ(behind->front().number, 4);
  EXPECT_EQ(behind->back().entry.target, "/5");
  EXPECT_EQ(registry().audit_entries_behind(0, 1)->front().number, 3) << "the oldest that is kept";
  EXPECT_TRUE(registry().audit_entries_behind(5, 10)->empty());
}

TEST_F(RegistryTest, everything_is_on_the_disk_when_a_call_returns) {
  ASSERT_TRUE(registry().write_monitors({{"m", document(1)}}, {}, kNow).has_value());
  // What a crash leaves: the files as they are now, with nothing closed.
  const std::string copy = folder_ + "/copy.sqlite";
  std::filesystem::copy_file(path_, copy);
  std::filesystem::copy_file(path_ + "-wal", copy + "-wal");
  auto after = Registry::open(copy);
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(after->monitors()->size(), 1U);
}

TEST_F(RegistryTest, a_newer_schema_is_refused_and_left_as_it_is) {
  const int newer = static_cast<int>(migrations().size()) + 1;
  registry_.reset();
  SQLite::Database(path_, SQLite::OPEN_READWRITE)
      .exec("PRAGMA user_version = " + std::to_string(newer));
  const auto refused = Registry::open(path_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  EXPECT_NE(refused.error().message.find("newer linewatch"), std::string::npos);
  EXPECT_EQ(SQLite::Database(path_).execAndGet("PRAGMA user_version").getInt(), newer);
}

TEST_F(RegistryTest, a_file_that_is_no_database_is_refused_with_its_path) {
  const std::string other = folder_ + "/other.sqlite";
  ASSERT_TRUE(write_file_atomically(other, std::string(4096, 'x'), 0600).has_value());
  const auto refused = Registry::open(other);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find(other), std::string::npos);
}

}  // namespace
}  // namespace lw::registry
