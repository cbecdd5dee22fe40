// SPDX-License-Identifier: Apache-2.0
#include "server/encoded_snapshot.h"

#include <gtest/gtest.h>

#include "base/gzip.h"

namespace lw::server {
namespace {

std::shared_ptr<const Snapshot> snapshot_of(std::uint64_t test) {
  auto names = std::make_shared<SnapshotNames>();
  TestNames test_names;
  test_names.id = TestId{test};
  test_names.monitor = "m";
  test_names.protocol = "ICMP";
  names->add(test_names);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->names = std::move(names);
  snapshot->add({.state = TestState::Pass});
  return snapshot;
}

TEST(EncodedSnapshot, gives_each_form_of_each_snapshot) {
  EncodedSnapshot encoded;
  for (const std::uint64_t test : {1U, 2U}) {
    const auto snapshot = snapshot_of(test);
    for (int times = 0; times < 2; ++times) {
      EXPECT_EQ(*encoded.get(snapshot, {}), encode_binary(*snapshot));
      EXPECT_EQ(*encoded.get(snapshot, {.is_json = true}), encode_json(*snapshot));
      EXPECT_EQ(*encoded.get(snapshot, {.is_packed = true}), gzip(encode_binary(*snapshot)));
      EXPECT_EQ(*encoded.get(snapshot, {.is_json = true, .is_packed = true}),
                gzip(encode_json(*snapshot)));
    }
  }
}

TEST(EncodedSnapshot, encodes_once_for_all) {
  EncodedSnapshot encoded;
  const auto snapshot = snapshot_of(1);
  const auto first = encoded.get(snapshot, {.is_packed = true});
  EXPECT_EQ(encoded.get(snapshot, {.is_packed = true}), first);
  EXPECT_NE(encoded.get(snapshot_of(1), {.is_packed = true}), first);
}

}  // namespace
}  // namespace lw::server
