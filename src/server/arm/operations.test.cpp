// SPDX-License-Identifier: Apache-2.0
#include "server/arm/operations.h"

#include <gtest/gtest.h>

namespace lw::server::arm {
namespace {

TEST(OperationId, HasTheFormOfAUuidAndIsEachTimeAnother) {
  const std::string id = make_operation_id(OperationKind::Put, "key");
  ASSERT_EQ(id.size(), 36U);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(id[dash], '-');
  EXPECT_NE(make_operation_id(OperationKind::Put, "key"), id);
}

TEST(OperationId, TellsItsKindToItsMaker) {
  for (const auto kind : {OperationKind::Put, OperationKind::Delete, OperationKind::StopOrStart}) {
    EXPECT_EQ(kind_of_operation(make_operation_id(kind, "key"), "key"), kind);
  }
}

TEST(OperationId, IsRefusedIfForgedOrOfAnotherServer) {
  const std::string id = make_operation_id(OperationKind::Put, "key");
  EXPECT_FALSE(kind_of_operation(id, "another key"));
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string changed = id;
    if (changed[i] == '-') continue;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(kind_of_operation(changed, "key")) << changed;
  }
  for (const char* const text : {"", "-", "xyz", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_FALSE(kind_of_operation(text, "key")) << text;
  }
}

}  // namespace
}  // namespace lw::server::arm
