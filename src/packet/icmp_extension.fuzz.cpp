// SPDX-License-Identifier: Apache-2.0
// Any router on the way, or anybody who poses as one, writes these bytes.
#include "packet/icmp_extension.h"

#include <algorithm>

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

bool is_printable(char letter) { return letter >= 0x20 && letter < 0x7f; }

/// What was read keeps to its ranges, and built anew it is read as the same.
void check_structure(Bytes bytes) {
  const auto read = parse_icmp_extensions(bytes);
  if (!read) return;
  for (const MplsEntry& entry : read->labels) {
    LW_ASSERT(entry.label < (1U << 20) && entry.traffic_class < 8);
  }
  for (const InterfaceInformation& information : read->interfaces) {
    LW_ASSERT(information.role < 4 && information.name.size() <= 63);
    LW_ASSERT(std::ranges::all_of(information.name, is_printable));
  }
  const std::vector<std::uint8_t> built = build_icmp_extensions(*read);
  LW_ASSERT(internet_checksum(built) == 0);
  LW_ASSERT(parse_icmp_extensions(built) == read);
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  const Bytes bytes(data, size);
  check_structure(bytes);
  // The same with the header that the bytes are unlikely to get right by chance.
  std::vector<std::uint8_t> repaired(bytes.begin(), bytes.end());
  if (repaired.size() < 4) return 0;
  repaired[0] = 0x20;
  write_u16(repaired, 2, 0);
  LW_ASSERT(parse_icmp_extensions(repaired));
  write_u16(repaired, 2, internet_checksum(repaired));
  LW_ASSERT(parse_icmp_extensions(repaired));
  check_structure(repaired);
  return 0;
}
