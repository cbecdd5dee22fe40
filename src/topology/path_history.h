// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/path.h"

namespace lw::topology {

/// In words, what differs in `after`: hops, paths, issues, loss and latency, gravest first. Empty
/// if nothing does that anybody should be told. Chance is not a change: shares must be clear of
/// each other's bounds, times differ by a quarter and 5 ms, a path be absent from several traces.
std::vector<std::string> changes_between(const PathReport& before, const PathReport& after);

/// Decides which reports of one test are kept: the first, those that fill in hops which nobody had
/// asked by then (as first reports too: nothing has changed), each that differs, and one at least
/// every hour. Pure.
class PathHistory {
 public:
  explicit PathHistory(Seconds at_least_every = Seconds(3'600)) : every_(at_least_every) {}
  /// `report` with `cause` and `changes` filled in if it is to be kept.
  std::optional<PathReport> consider(PathReport report);

 private:
  Seconds every_;
  std::optional<PathReport> kept_;
};

}  // namespace lw::topology
