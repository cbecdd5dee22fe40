// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.h"

namespace lw {

/// A test: stable_hash of connection monitor, test group, source, destination and test
/// configuration names (model/expand.h). The same in every process and for ever.
using TestId = Id<struct TestIdTag>;

/// An agent: random, given by the server when the agent joins.
using AgentId = Id<struct AgentIdTag>;

/// One life of an agent's spool: random, made when the spool folder is created. Sequence numbers
/// count up within it, so (SpoolId, sequence) names a round for ever.
using SpoolId = Id<struct SpoolIdTag>;

}  // namespace lw
