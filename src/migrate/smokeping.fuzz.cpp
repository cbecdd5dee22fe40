// SPDX-License-Identifier: Apache-2.0
// Any text is migrated or refused, and what comes out is valid.
#include "migrate/fuzz_check.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  migrate::check_migration(
      migrate::migrate_smokeping(text, {.file = "fuzz", .name = "", .sources = {}}));
  return 0;
}
