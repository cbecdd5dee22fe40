// SPDX-License-Identifier: Apache-2.0
// Classic monitors, NPM's and blackbox_exporter's configuration. The first byte says which; for the
// last, what follows a line "---" is the list of targets.
#include "migrate/fuzz_check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/yaml_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  fuzz::Input input(data, size);
  const auto kind = input.number<std::uint8_t>();
  const std::string_view text = input.text();
  if (fuzz::has_many_aliases(text)) return 0;
  const migrate::Options options{.file = "fuzz", .name = "", .sources = {}};
  if (kind == 'c') {
    migrate::check_migration(migrate::migrate_classic(text, options));
  } else if (kind == 'n') {
    migrate::check_migration(migrate::migrate_npm(text, options));
  } else if (const auto end = text.find("\n---\n"); end != std::string_view::npos) {
    migrate::check_migration(
        migrate::migrate_blackbox(text.substr(0, end + 1), text.substr(end + 5), "t", options));
  }
  return 0;
}
