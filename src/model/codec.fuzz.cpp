// SPDX-License-Identifier: Apache-2.0
// What is read without fault is written so that it is read again as it was.
#include "model/codec.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/yaml_text.h"

namespace lw {
namespace {

void check_monitor(const ConnectionMonitor& monitor) {
  const auto again = read_monitor_item(to_document(monitor), "again.yaml", "");
  LW_ASSERT(again.faults.empty());
  LW_ASSERT(again.monitor == monitor);
  // As it is kept and shown: through text.
  const auto text = parse_json(to_json(to_document(monitor)));
  LW_ASSERT(text);
  LW_ASSERT(read_monitor_item(*text, "again.json", "").monitor == monitor);
}

}  // namespace
}  // namespace lw

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  if (fuzz::has_many_aliases(text)) return 0;
  const auto document = parse_yaml(text);
  if (!document) return 0;
  const MonitorsRead read = read_monitor_file(*document, "fuzz.yaml");
  for (const Diagnostic& fault : read.faults) LW_ASSERT(!fault.message.empty());
  if (read.faults.empty()) {
    for (const ConnectionMonitor& monitor : read.monitors) check_monitor(monitor);
  }
  const MonitorRead properties = read_connection_monitor(*document, "m", "body", "properties");
  if (properties.faults.empty()) check_monitor(properties.monitor);
  return 0;
}
