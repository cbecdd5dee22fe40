// SPDX-License-Identifier: Apache-2.0
#include "registry/documents.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "registry/registry.h"

namespace lw::registry {
namespace {

class DocumentsTest : public testing::Test {
 protected:
  DocumentsTest() {
    char name[] = "/tmp/lw-documents-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/registry.sqlite";
    EXPECT_TRUE(Registry::open(path_));
  }
  ~DocumentsTest() override { std::filesystem::remove_all(folder_); }

  static Value number(int value) { return Value::object({{"n", value}}); }

  std::string folder_, path_;
};

TEST_F(DocumentsTest, AreKeptByKindAndName) {
  {
    Documents documents = Documents::open(path_).value();
    EXPECT_TRUE(documents.put("a", "x", number(1)));
    EXPECT_TRUE(documents.put("a", "x", number(2)));
    EXPECT_TRUE(documents.put("b", "x", number(3)));
    EXPECT_TRUE(documents.add_missing("a", {{"x", number(9)}, {"w", number(4)}}));
  }
  Documents documents = Documents::open(path_).value();
  const auto all = documents.all("a").value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].first, "w");
  EXPECT_EQ(all[1].second.number("n"), 2);
  EXPECT_TRUE(documents.remove("a", "x"));
  EXPECT_EQ(documents.remove("a", "x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(documents.all("a")->size(), 1U);
  EXPECT_EQ(documents.all("b")->size(), 1U);
}

/// Another connection has the registry open, and writes.
TEST_F(DocumentsTest, LiveBesideTheRegistry) {
  Registry registry = Registry::open(path_).value();
  Documents documents = Documents::open(path_).value();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(registry.setting("k" + std::to_string(i), "v"));
    EXPECT_TRUE(documents.put("a", std::to_string(i), number(i)));
  }
  EXPECT_EQ(documents.all("a")->size(), 20U);
}

TEST_F(DocumentsTest, ARegistryThatIsNotThereIsAnError) {
  EXPECT_FALSE(Documents::open(folder_ + "/none.sqlite"));
}

}  // namespace
}  // namespace lw::registry
