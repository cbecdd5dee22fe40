// SPDX-License-Identifier: Apache-2.0
#include "server/encoded_snapshot.h"

#include <cstddef>
#include <utility>

#include "base/gzip.h"

namespace lw::server {
namespace {

std::size_t index_of(SnapshotForm form) {
  return (form.is_json ? 2U : 0U) + (form.is_packed ? 1U : 0U);
}

}  // namespace

std::string encode(const Snapshot& snapshot, SnapshotForm form) {
  std::string plain = form.is_json ? encode_json(snapshot) : encode_binary(snapshot);
  return form.is_packed ? gzip(plain) : plain;
}

std::shared_ptr<const std::string> EncodedSnapshot::get(
    const std::shared_ptr<const Snapshot>& snapshot, SnapshotForm form) {
  auto known = last_.with([&](Last& last) {
    if (last.snapshot.lock() != snapshot) last = {.snapshot = snapshot, .bodies = {}};
    return last.bodies.at(index_of(form));
  });
  if (known) return known;
  auto body = std::make_shared<const std::string>(encode(*snapshot, form));
  last_.with([&](Last& last) {
    if (last.snapshot.lock() == snapshot) last.bodies.at(index_of(form)) = body;
  });
  return body;
}

}  // namespace lw::server
