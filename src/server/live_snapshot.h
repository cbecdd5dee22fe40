// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/time.h"
#include "server/control.h"
#include "server/encoded_snapshot.h"
#include "server/snapshot.h"

namespace lw::server {

/// What the columns of a snapshot and the rows of a stream say of a test now. Views into `live`.
TestMoment moment_of(const LiveTest& live, const LivePath* path);

/// Takes snapshots of the live states. The names are encoded once for each set of tests, so that a
/// snapshot of a hundred thousand tests keeps the control loop for some ten milliseconds; and one
/// of many tests is good for up to a second, since who gets it follows the stream from its revision
/// on. Of the control thread only, but for encoded().
class LiveSnapshot {
 public:
  std::shared_ptr<const SnapshotNames> names(const Control& control);
  std::shared_ptr<const Snapshot> take(const Control& control, Timestamp now);
  /// What snapshots were encoded to. Any thread.
  EncodedSnapshot& encoded() { return encoded_; }

 private:
  void encode_names(const Control& control);

  std::uint64_t plan_revision_ = 0;
  std::shared_ptr<const SnapshotNames> names_;
  std::vector<const LiveTest*> tests_;  ///< in the order of names_; good until the plan changes
  std::shared_ptr<const Snapshot> last_;
  EncodedSnapshot encoded_;
};

}  // namespace lw::server
