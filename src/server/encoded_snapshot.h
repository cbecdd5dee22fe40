// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "server/snapshot.h"

namespace lw::server {

/// How a snapshot is sent.
struct SnapshotForm {
  bool is_json = false;
  bool is_packed = false;  ///< gzip
};

/// Pure; some 100 ms for a hundred thousand tests, packed.
std::string encode(const Snapshot& snapshot, SnapshotForm form);

/// What the last snapshot was encoded to: after a restart of the server all browsers ask for it at
/// once. Any thread.
class EncodedSnapshot {
 public:
  std::shared_ptr<const std::string> get(const std::shared_ptr<const Snapshot>& snapshot,
                                         SnapshotForm form);

 private:
  struct Last {
    std::weak_ptr<const Snapshot> snapshot;
    std::array<std::shared_ptr<const std::string>, 4> bodies;  ///< by form
  };
  Guarded<Last> last_;
};

}  // namespace lw::server
