// SPDX-License-Identifier: Apache-2.0
// Answers of a store that may be another's ClickHouse.
#include "store/round_rows_decode.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  store::RowReader reader(fuzz::Input(data, size).text());
  while (!reader.at_end() && !reader.is_broken()) {
    const store::StoredRound stored = store::read_round(reader);
    LW_ASSERT(stored.round.checks.size() <= size);
    const RoundSummary summary = summarize(stored.round);
    LW_ASSERT(summary.total + summary.voided == static_cast<int>(stored.round.checks.size()));
    for (const Check& check : stored.round.checks) LW_ASSERT(!outcome_name(check.outcome).empty());
    LW_ASSERT(!to_iso8601(stored.round.started).empty());
  }
  return 0;
}
