// SPDX-License-Identifier: Apache-2.0
#include "store/round_rows.h"

#include <gtest/gtest.h>

namespace lw::store {
namespace {

/// What `round` adds to a block.
std::size_t in_block(const StoredRound& round) {
  return encode_native(std::vector{round, round}).size() - encode_native(std::vector{round}).size();
}

TEST(RoundRows, a_round_takes_no_more_bytes_in_a_block_than_is_said) {
  StoredRound stored;
  EXPECT_GE(bytes_of(stored), in_block(stored));
  stored.round.checks.assign(255, {CheckOutcome::TimedOut, std::nullopt, Microseconds(1)});
  EXPECT_GE(bytes_of(stored), in_block(stored));
  stored.round.checks.assign(255, {CheckOutcome::Success, Microseconds(1), Microseconds(1)});
  EXPECT_GE(bytes_of(stored), in_block(stored));
  const std::string text(20'000, 'x');
  stored.verdict.reason.text = text;
  stored.round.address = text;
  stored.round.detail = text;
  stored.round.http = HttpPhases{Microseconds(1), Microseconds(1), Microseconds(1),
                                 Microseconds(1), Microseconds(1), Microseconds(1)};
  stored.round.tls = TlsFacts{text, text, {text, text}, {}, {}, text, text};
  EXPECT_GE(bytes_of(stored), in_block(stored));
  stored.round.tls->names.assign(100'000, "");
  EXPECT_GE(bytes_of(stored), in_block(stored));
  stored.round.tls->key = text;
  stored.round.tls->chain = {text, text};
  stored.round.http_facts = HttpFacts{text, 255, text, 1};
  stored.round.name.emplace();
  stored.round.name->server = stored.round.name->detail = text;
  stored.round.name->addresses.assign(100'000, "");
  EXPECT_GE(bytes_of(stored), in_block(stored));
}

}  // namespace
}  // namespace lw::store
