// SPDX-License-Identifier: Apache-2.0
#include "server/token_scope.h"

#include <gtest/gtest.h>

namespace lw::server {
namespace {

constexpr const char* kSubscription = "11111111-2222-3333-4444-555555555555";
const std::string kRoot = std::string("/subscriptions/") + kSubscription;

TokenScope scope_of(const std::vector<std::string>& texts) {
  auto scope = TokenScope::parse(texts, kSubscription);
  EXPECT_TRUE(scope.has_value()) << scope.error().message;
  return scope.value_or(TokenScope());
}

TEST(TokenScope, without_a_list_everything_is_covered) {
  const TokenScope all;
  EXPECT_TRUE(all.covers_all());
  EXPECT_TRUE(all.covers_monitor("m") && all.covers_monitor("group/watcher/m"));
  EXPECT_TRUE(all.covers_watcher("g", "w") && all.covers_workspace("default", "id"));
  EXPECT_TRUE(all.reaches_group("g") && all.reaches_watcher("g", "w"));
}

TEST(TokenScope, an_empty_list_covers_nothing) {
  const TokenScope none = scope_of({});
  EXPECT_FALSE(none.covers_all() || none.reaches_subscription());
  EXPECT_FALSE(none.covers_monitor("m") || none.covers_watcher("NetworkWatcherRG", "w"));
  EXPECT_FALSE(none.covers_workspace("default", "id") || none.reaches_group("NetworkWatcherRG"));
}

TEST(TokenScope, the_subscription_covers_monitors_and_workspaces) {
  const TokenScope scope = scope_of({kRoot});
  EXPECT_FALSE(scope.covers_all());
  EXPECT_TRUE(scope.covers_monitor("a/b/c") && scope.covers_watcher("a", "b"));
  EXPECT_TRUE(scope.covers_workspace("team", "id"));
}

TEST(TokenScope, a_group_covers_what_is_below_it_but_no_workspace) {
  const TokenScope scope = scope_of({kRoot + "/resourceGroups/Branches"});
  EXPECT_TRUE(scope.covers_monitor("branches/w/m"));
  EXPECT_TRUE(scope.covers_watcher("BRANCHES", "w"));
  EXPECT_FALSE(scope.covers_monitor("m"));
  EXPECT_FALSE(scope.covers_monitor("other/w/m"));
  EXPECT_FALSE(scope.covers_workspace("default", "id"));
  EXPECT_TRUE(scope.reaches_group("branches"));
  EXPECT_FALSE(scope.reaches_group("NetworkWatcherRG"));
}

TEST(TokenScope, a_monitor_covers_itself_and_reaches_its_watcher) {
  const TokenScope scope =
      scope_of({kRoot + "/resourceGroups/G/providers/Microsoft.Network/networkWatchers/W/"
                        "connectionMonitors/M"});
  EXPECT_TRUE(scope.covers_monitor("g/w/m"));
  EXPECT_FALSE(scope.covers_monitor("g/w/m2"));
  EXPECT_FALSE(scope.covers_watcher("g", "w"));
  EXPECT_TRUE(scope.reaches_watcher("g", "w"));
  EXPECT_FALSE(scope.reaches_watcher("g", "w2"));
}

TEST(TokenScope, covers_a_scope_that_is_no_wider_in_any_place) {
  const TokenScope group = scope_of({"resourceGroups/Branches"});
  const TokenScope watcher =
      scope_of({kRoot + "/resourceGroups/branches/providers/Microsoft.Network/networkWatchers/w"});
  const TokenScope monitors =
      scope_of({"connectionMonitors/branches/w/a", "connectionMonitors/branches/w/b"});
  const TokenScope other = scope_of({"connectionMonitors/branches/w/a", "connectionMonitors/c"});
  const TokenScope all;
  EXPECT_TRUE(all.covers_scope(all) && all.covers_scope(group) && all.covers_scope(scope_of({})));
  EXPECT_TRUE(scope_of({kRoot}).covers_scope(group) && group.covers_scope(group));
  EXPECT_TRUE(group.covers_scope(watcher) && group.covers_scope(monitors));
  EXPECT_TRUE(watcher.covers_scope(monitors) && monitors.covers_scope(monitors));
  EXPECT_FALSE(group.covers_scope(other) || monitors.covers_scope(other));
  EXPECT_FALSE(watcher.covers_scope(group) || monitors.covers_scope(watcher));
  EXPECT_FALSE(group.covers_scope(all) || group.covers_scope(scope_of({kRoot})));
  EXPECT_FALSE(group.covers_scope(scope_of({}))) << "what cannot be understood is nobody's";
  EXPECT_FALSE(group.covers_scope(scope_of({"workspaces/team"})));
  EXPECT_TRUE(group.covers_group("BRANCHES") && scope_of({kRoot}).covers_group("any"));
  EXPECT_FALSE(group.covers_group("other") || watcher.covers_group("branches"));
}

TEST(TokenScope, a_workspace_covers_itself_only) {
  for (const std::string& text :
       {std::string("workspaces/Team"),
        kRoot + "/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/team"}) {
    const TokenScope scope = scope_of({text});
    EXPECT_TRUE(scope.covers_workspace("team", "some-id"));
    EXPECT_TRUE(scope.covers_workspace("other", "TEAM")) << "by id";
    EXPECT_FALSE(scope.covers_workspace("default", "id"));
    EXPECT_FALSE(scope.covers_monitor("m") || scope.reaches_group("g"));
    EXPECT_FALSE(scope.reaches_watcher("NetworkWatcherRG", "NetworkWatcher_local"));
  }
}

TEST(TokenScope, short_forms_mean_the_default_places) {
  const TokenScope scope = scope_of({"connectionMonitors/mine", "connectionMonitors/g/w/theirs"});
  EXPECT_TRUE(scope.covers_monitor("mine") && scope.covers_monitor("G/W/Theirs"));
  EXPECT_FALSE(scope.covers_monitor("theirs"));
  EXPECT_EQ(scope.texts().front(),
            kRoot +
                "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/"
                "NetworkWatcher_local/connectionMonitors/mine");
  const TokenScope read = TokenScope::of_texts(scope.texts());
  EXPECT_TRUE(read.covers_monitor("mine") && !read.covers_monitor("other"));
}

TEST(TokenScope, what_is_no_scope_is_refused_and_covers_nothing_when_it_was_kept) {
  for (const std::string text :
       {"", "/", "mine", "workspaces/", "/subscriptions", "/subscriptions/another-one",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/X/y/z"}) {
    const auto scope = TokenScope::parse({text}, kSubscription);
    ASSERT_FALSE(scope.has_value()) << text;
    EXPECT_EQ(scope.error().code, ErrorCode::InvalidInput);
  }
  EXPECT_FALSE(TokenScope::of_texts({"nonsense"}).covers_monitor("m"));
  EXPECT_FALSE(TokenScope::of_texts({"nonsense"}).covers_all());
}

TEST(ScopedMonitors, remembers_the_last_answer_only_for_its_monitor) {
  const TokenScope scope = scope_of({"connectionMonitors/mine"});
  ScopedMonitors monitors(scope);
  EXPECT_TRUE(monitors.covers("mine"));
  EXPECT_TRUE(monitors.covers("mine"));
  EXPECT_FALSE(monitors.covers("other"));
  EXPECT_FALSE(monitors.covers(""));
  EXPECT_TRUE(monitors.covers("MINE"));
}

}  // namespace
}  // namespace lw::server
