// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/test.h"

namespace linewatch::wire {
class Assignment;
class AssignmentDifference;
}  // namespace linewatch::wire

/// Sets of tests on their way from the server to an agent: whole, or as what changes of the set
/// before (docs/formats/assignment.md).
namespace lw::wire {

/// The version of a set: of all that is said of its tests, in whatever order, and of the ports.
/// Equal sets have equal versions over restarts of the server. Never 0, which stands for no set.
std::uint64_t assignment_version(std::span<const std::uint64_t> fingerprints,
                                 std::span<const std::uint16_t> listen_ports);

/// What of a set changes.
struct AssignmentChange {
  std::uint64_t base = 0;     ///< version of the set before
  std::uint64_t version = 0;  ///< of the one after
  std::vector<Test> put;      ///< new, or other than before
  std::vector<TestId> removed;
  std::vector<std::uint16_t> listen_ports;  ///< all of the set after
};

/// The parts of one difference, at least one, the last marked.
std::vector<linewatch::wire::AssignmentDifference> encode_difference(
    const AssignmentChange& change);

/// A set as an agent has it.
struct AssignedSet {
  std::uint64_t version = 0;
  std::vector<Test> tests;
  std::vector<std::uint16_t> listen_ports;
  /// The same as messages (Assignment): what an agent keeps, and what differences are applied to.
  std::vector<std::string> parts;
};

/// The set that comes of a base, given as its messages, and all parts of a difference to it. Fails
/// if the difference is about another set, and if the result is not the set whose version it has.
Result<std::vector<std::string>> apply_difference(
    const std::vector<std::string>& base,
    const std::vector<linewatch::wire::AssignmentDifference>& difference);

/// Puts together on an agent what the server assigns, part by part. Of a set of which a part cannot
/// be read nothing is handed out: a set with gaps would silently stop tests. Pure; of one thread.
class AssignmentReader {
 public:
  AssignmentReader();
  AssignmentReader(AssignmentReader&&) noexcept;
  AssignmentReader& operator=(AssignmentReader&&) noexcept;
  ~AssignmentReader();

  /// The set, once its last part has come. A failure is said once for each set: it can only be
  /// logged, as it would come again in the same way.
  Result<std::optional<AssignedSet>> take(const linewatch::wire::Assignment& part);
  /// Likewise, for a difference to the set `in_force`, whose messages `base` gives when they are
  /// needed. After a failure the agent has to ask for the whole set.
  using Base = std::function<Result<std::vector<std::string>>()>;
  Result<std::optional<AssignedSet>> take(const linewatch::wire::AssignmentDifference& part,
                                          std::uint64_t in_force, const Base& base);
  /// The connection was lost, and what was under way with it.
  void restart();

 private:
  struct Incoming;
  std::unique_ptr<Incoming> incoming_;
};

}  // namespace lw::wire
