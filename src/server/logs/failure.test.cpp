// SPDX-License-Identifier: Apache-2.0
#include "server/logs/failure.h"

#include <gtest/gtest.h>

namespace lw::server::logs {
namespace {

std::string words_of(const std::string& engine) {
  const Failure failure = from_store({ErrorCode::Internal, engine}, 70);
  EXPECT_EQ(failure.status, 500);
  return failure.inner.text("message");
}

TEST(LogFailure, ANameOfTheEngineIsToldAndNothingElseOfItsWords) {
  EXPECT_EQ(words_of("Code: 70. DB::Exception: Cannot convert 'secret. (A_SECRET_TOO)' to Int64: "
                     "while executing. (CANNOT_CONVERT_TYPE) (version 26.7.3)"),
            "store error 70 (CANNOT_CONVERT_TYPE): a fault of the server, whose log says more");
  EXPECT_EQ(words_of("Code: 70. DB::Exception: nothing of the kind (secret) (ABC"),
            "store error 70: a fault of the server, whose log says more");
}

}  // namespace
}  // namespace lw::server::logs
