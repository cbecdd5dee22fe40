// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.h"

namespace lw {

/// A test: stable_hash of connection monitor, test group, source, destination and test
/// configuration names (model/expand.h). The same in every process and for ever.
using TestId = Id<struct TestIdTag>;

/// An agent: random, given by the server when the agent joins.
using AgentId = Id<struct AgentIdTag>;

/// One run of an agent: random, made at each start. Sequence numbers of its rounds count from 1
/// within it, so (SpoolId, sequence) names a round for ever (docs/formats/spool.md).
using SpoolId = Id<struct SpoolIdTag>;

}  // namespace lw
