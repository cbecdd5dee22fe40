// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "store/schema.h"
#include "store_process.h"

namespace lw::store {

/// One real store, with this program's schema, for all tests of a suite.
class StoreSuite : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = temporary_folder();
    store_.emplace(folder_ + "/store");
    store_->start();
    Client client(store_->config());
    const auto migrated = migrate(client, SystemClock());
    ASSERT_TRUE(migrated.has_value()) << migrated.error().message;
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(store_->terminate(), 0) << "a clean end";
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  static inline std::string folder_;
  static inline std::optional<StoreProcess> store_;
};

}  // namespace lw::store
