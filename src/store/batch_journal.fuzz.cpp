// SPDX-License-Identifier: Apache-2.0
// The writer's files after a crash or on a bad disk.
#include "store/batch_journal.h"

#include "base/assert.h"
#include "base/hash.h"
#include "store/native.h"
#include "tests/fuzz/input.h"

namespace lw::store {
namespace {

/// With the right checksum, since no fuzzer guesses it.
std::string sealed(std::string_view magic, std::string_view body) {
  std::string bytes(magic);
  native::put_number(bytes, crc32(body));
  return bytes.append(body);
}

void check_journal(std::string_view bytes) {
  const auto journal = decode_journal(bytes);
  if (!journal) return;
  LW_ASSERT(journal->payload.size() <= bytes.size());
  const std::string encoded = encode_journal(*journal);
  LW_ASSERT(decode_journal(encoded) == journal);
  // Torn anywhere it is nothing.
  LW_ASSERT(!decode_journal(std::string_view(encoded).substr(0, encoded.size() - 1)));
  LW_ASSERT(!decode_journal(std::string_view(encoded).substr(0, encoded.size() / 2)));
}

void check_highs(std::string_view bytes) {
  const auto highs = decode_highs(bytes);
  if (!highs) return;
  const std::string encoded = encode_highs(*highs);
  LW_ASSERT(decode_highs(encoded) == highs);
  LW_ASSERT(!decode_highs(std::string_view(encoded).substr(0, encoded.size() - 1)));
}

}  // namespace
}  // namespace lw::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::store;
  const std::string_view bytes = lw::fuzz::Input(data, size).text();
  check_journal(bytes);
  check_journal(sealed("LWJ1", bytes));
  check_highs(bytes);
  check_highs(sealed("LWH1", bytes));
  return 0;
}
