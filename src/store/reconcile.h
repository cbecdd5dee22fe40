// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/client.h"

namespace lw::store {

/// What a batch lacked in the store, and has now.
struct Reconciled {
  std::uint64_t rounds = 0;   ///< rows of `rounds`
  std::uint64_t minutes = 0;  ///< rows of `m1`
  std::uint64_t hours = 0;    ///< hours of tests that `h1` lacked or counted twice
  bool operator==(const Reconciled&) const = default;
};

/// Makes `rounds` hold each round of a batch once and `m1` and `h1` count each once, whatever of it
/// is there already. `payload` is encode_native's block. To be called when nobody knows what became
/// of an insert of it, after it has been inserted again with its token: ClickHouse notes a token
/// before the rows are in place, so that after a crash in between it drops the repetition and has
/// nothing. Waits until no insert of rounds runs any more. May itself be cut off anywhere and
/// repeated. Blocks. Requires that nobody else writes rounds meanwhile.
Result<Reconciled> reconcile(Client& client, const std::string& payload);

}  // namespace lw::store
