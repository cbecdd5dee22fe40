// SPDX-License-Identifier: Apache-2.0
#include "server/logs/kept.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "registry/registry.h"
#include "server/logs/saved_queries.h"
#include "server/logs/workspaces.h"

namespace lw::server::logs {
namespace {

using Kept = Guarded<std::optional<registry::Documents>>;

class KeptTest : public testing::Test {
 protected:
  KeptTest() {
    char name[] = "/tmp/lw-kept-XXXXXX";
    folder_ = ::mkdtemp(name);
    EXPECT_TRUE(registry::Registry::open(folder_ + "/registry.sqlite"));
  }
  ~KeptTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) const {
    EXPECT_TRUE(write_file_atomically(folder_ + "/" + file, text, 0600));
  }
  Result<void> take_over(Kept& kept) const {
    return kept.with([&](std::optional<registry::Documents>& documents) -> Result<void> {
      documents = TRY(registry::Documents::open(folder_ + "/registry.sqlite"));
      return take_over_files(folder_, *documents);
    });
  }

  std::string folder_;
};

TEST_F(KeptTest, WhatWasInFilesIsTakenOverOnce) {
  write("queries.json",
        R"({"queries":[{"name":"slow","query":"LinewatchRounds | take 1","author":"me"}]})");
  write("workspaces.json", R"({"workspaces":[{"name":"team-a","retentionDays":30}]})");
  {
    Kept kept;
    ASSERT_TRUE(take_over(kept));
    SavedQueries queries;
    ASSERT_TRUE(queries.open(kept));
    EXPECT_EQ(queries.find("slow")->function.text, "LinewatchRounds | take 1");
    EXPECT_TRUE(queries.remove("slow"));
  }
  EXPECT_FALSE(file_exists(folder_ + "/queries.json"));
  EXPECT_TRUE(file_exists(folder_ + "/queries.json.taken"));
  Kept kept;
  ASSERT_TRUE(take_over(kept));
  SavedQueries queries;
  ASSERT_TRUE(queries.open(kept));
  EXPECT_FALSE(queries.find("slow")) << "what was removed since does not come back";
  Workspaces workspaces;
  ASSERT_TRUE(workspaces.open(kept, "s", "d"));
  EXPECT_EQ(workspaces.find("team-a")->keep_days, 30);
}

TEST_F(KeptTest, ABrokenFileStaysAndIsAnError) {
  write("workspaces.json", "{}");
  Kept kept;
  const auto taken = take_over(kept);
  ASSERT_FALSE(taken);
  EXPECT_TRUE(taken.error().message.contains("workspaces.json")) << taken.error().message;
  EXPECT_TRUE(file_exists(folder_ + "/workspaces.json"));
}

TEST_F(KeptTest, WhatIsWrittenIsThereTheNextTime) {
  {
    Kept kept;
    ASSERT_TRUE(take_over(kept));
    SavedQueries queries;
    ASSERT_TRUE(queries.open(kept));
    ASSERT_TRUE(queries.put({.function = {.name = "mine", .parameters = "", .text = "print 1"},
                             .description = "d",
                             .author = "a",
                             .updated = {}}));
    Workspaces workspaces;
    ASSERT_TRUE(workspaces.open(kept, "s", "d"));
    ASSERT_TRUE(workspaces.declare("team-b", 7));
    ASSERT_TRUE(workspaces.declare("team-c", 8));
    ASSERT_TRUE(workspaces.forget("team-c"));
    EXPECT_EQ(workspaces.forget("team-c").error().code, ErrorCode::NotFound);
    EXPECT_EQ(queries.remove("nope").error().code, ErrorCode::NotFound);
  }
  Kept kept;
  ASSERT_TRUE(take_over(kept));
  SavedQueries queries;
  ASSERT_TRUE(queries.open(kept));
  EXPECT_EQ(queries.find("mine")->description, "d");
  Workspaces workspaces;
  ASSERT_TRUE(workspaces.open(kept, "s", "d"));
  EXPECT_EQ(workspaces.find("team-b")->keep_days, 7);
  EXPECT_FALSE(workspaces.find("team-c"));
}

}  // namespace
}  // namespace lw::server::logs
