// SPDX-License-Identifier: Apache-2.0
#include "registry/bookmarks.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/test_times.h"
#include "registry/registry.h"

namespace lw::registry {
namespace {

class BookmarksTest : public testing::Test {
 protected:
  BookmarksTest() {
    char name[] = "/tmp/lw-bookmarks-XXXXXX";
    folder_ = ::mkdtemp(name);
    // Both are open at once, as in the server.
    registry_.emplace(Registry::open(folder_ + "/registry.sqlite").value());
    reopen();
  }
  ~BookmarksTest() override { std::filesystem::remove_all(folder_); }
  void reopen() {
    bookmarks_.reset();
    bookmarks_.emplace(Bookmarks::open(folder_ + "/registry.sqlite").value());
  }
  static SavedView view(const std::string& name, const std::string& owner,
                        const std::string& target = "/") {
    return {.name = name, .owner = owner, .target = target, .author = "ann", .updated = kNow};
  }
  void put(const SavedView& view) { ASSERT_TRUE(bookmarks_->put_view(view, 10)); }
  std::string names(const std::string& owner) {
    std::string names;
    const std::vector<SavedView> views = bookmarks_->views(owner).value();
    for (const SavedView& each : views) {
      names += each.name + (each.owner.empty() ? "* " : " ");
    }
    return names;
  }

  std::string folder_;
  std::optional<Registry> registry_;
  std::optional<Bookmarks> bookmarks_;
};

TEST_F(BookmarksTest, views_are_those_of_everybody_and_ones_own) {
  put(view("failing", "ann"));
  put(view("All", ""));
  put(view("other", "bob"));
  EXPECT_EQ(names("ann"), "All* failing ");
  EXPECT_EQ(names("bob"), "All* other ");
  EXPECT_EQ(names(""), "All* ");
  reopen();
  EXPECT_EQ(bookmarks_->views("ann")->back(), view("failing", "ann"));
}

TEST_F(BookmarksTest, a_view_takes_the_place_of_the_one_of_its_owner_and_name) {
  put(view("x", "ann", "/a"));
  put(view("X", "ann", "/b"));
  put(view("x", "", "/c"));
  const auto views = bookmarks_->views("ann").value();
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].target, "/c");
  EXPECT_EQ(views[1].target, "/b");
}

TEST_F(BookmarksTest, one_view_too_many_is_refused_and_leaves_the_others) {
  ASSERT_TRUE(bookmarks_->put_view(view("a", "ann"), 2));
  ASSERT_TRUE(bookmarks_->put_view(view("b", "ann"), 2));
  const auto refused = bookmarks_->put_view(view("c", "ann"), 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  EXPECT_EQ(names("ann"), "a b ");
  EXPECT_TRUE(bookmarks_->put_view(view("b", "ann", "/new"), 2)) << "it is one of the two";
  EXPECT_TRUE(bookmarks_->put_view(view("c", "bob"), 2)) << "others have room of their own";
}

TEST_F(BookmarksTest, removing_takes_ones_own_only) {
  put(view("x", "ann"));
  EXPECT_EQ(bookmarks_->remove_view("bob", "x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(bookmarks_->remove_view("", "x").error().code, ErrorCode::NotFound);
  EXPECT_TRUE(bookmarks_->remove_view("ann", "x"));
  EXPECT_EQ(names("ann"), "");
}

TEST_F(BookmarksTest, the_same_place_has_the_same_link) {
  const ShortLink link = bookmarks_->link_to("/?view=tests", "ann", kNow, 10).value();
  EXPECT_EQ(link.id.size(), 7U);
  EXPECT_EQ(bookmarks_->link_to("/?view=tests", "bob", kNow + Seconds(9), 10).value(), link);
  EXPECT_NE(bookmarks_->link_to("/?view=groups", "ann", kNow, 10)->id, link.id);
  reopen();
  EXPECT_EQ(bookmarks_->link(link.id).value(), link);
  EXPECT_EQ(bookmarks_->link("nothing").value(), std::nullopt);
}

TEST_F(BookmarksTest, the_oldest_links_go_when_there_are_too_many) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(bookmarks_->link_to("/tests/" + std::to_string(i), "ann", kNow, 3)->id);
  }
  EXPECT_EQ(bookmarks_->link(ids[0]).value(), std::nullopt);
  EXPECT_EQ(bookmarks_->link(ids[1]).value(), std::nullopt);
  EXPECT_NE(bookmarks_->link(ids[2]).value(), std::nullopt);
  EXPECT_NE(bookmarks_->link(ids[4]).value(), std::nullopt);
}

TEST_F(BookmarksTest, a_file_that_is_not_there_is_an_error) {
  EXPECT_FALSE(Bookmarks::open(folder_ + "/none.sqlite"));
}

}  // namespace
}  // namespace lw::registry
