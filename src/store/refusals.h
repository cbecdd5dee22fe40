// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.h"
#include "base/time.h"

namespace lw::store {

/// How long the store has been calling a batch's data wrong. Only time between one such answer and
/// the next counts: other troubles in between say nothing about the batch.
class Refusals {
 public:
  explicit Refusals(Milliseconds longest) : longest_(longest) {}
  /// Takes the answer to an attempt: the error and ClickHouse's number, 0 for none. True if it is a
  /// refusal of the data and there have been such for long enough.
  bool add(const Error& error, int number, Instant now);

 private:
  const Milliseconds longest_;
  std::optional<Instant> last_;  ///< when the attempt before was refused
  std::chrono::nanoseconds lasted_{0};
};

}  // namespace lw::store
